"""Read: shows the model a text, a picture, a PDF or a notebook, told by its bytes. Must not change anything."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Image, Json, Text
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.tools import files
from coder.tools.encoding import detect_start, is_binary
from coder.tools.extras import optional
from coder.tools.form import Bounds
from coder.tools.ledger import FileLedger, digest_of
from coder.tools.page import Page, digest_of_file, lines_of, page_of, streamed_lines, tokens_of
from coder.tools.textfile import TextFile, printable

if TYPE_CHECKING:
    from coder.core import pictures
    from coder.tools import images, ipynb, pdf
else:
    pictures = LazyModule("coder.core.pictures")
    images = LazyModule("coder.tools.images")
    ipynb = LazyModule("coder.tools.ipynb")
    pdf = LazyModule("coder.tools.pdf")

_STREAMED = 4 << 20  # bytes; larger texts are paged from disk
_HEAD = 1 << 16
_MOST_NOTEBOOK = 100 << 20


@dataclass(frozen=True, slots=True)
class ReadParams:
    file_path: Annotated[str, "Absolute path of the file"]
    offset: Annotated[int | None, "First line, counted from 1", Bounds(0)] = None
    limit: Annotated[int | None, "Number of lines", Bounds(1)] = None
    pages: Annotated[str | None, 'PDF pages, such as "1-5"; at most 20'] = None


class Read:
    """`token_cap` bounds one result, in estimated tokens."""

    name = "Read"
    params = ReadParams

    def __init__(self, ledger: FileLedger, token_cap: int = 25_000) -> None:
        self._ledger = ledger
        self._cap = token_cap

    def access(self, params: ReadParams, workspace: Workspace) -> Reads:
        return Reads((files.target(params.file_path, workspace),))

    def summary(self, params: ReadParams) -> str:
        return params.file_path

    async def run(self, params: ReadParams, context: ToolContext) -> ToolOutput:
        path = files.absolute(params.file_path, context.workspace)
        found = await files.probe(path, context)
        if found is None:
            raise await asyncio.to_thread(files.missing, path, context.workspace)
        is_large = found.st_size > _STREAMED
        head = await _head(path, context) if is_large else await files.load(path, context)
        if params.pages is not None and not pdf.is_pdf(head):
            raise ToolError(f"`pages` is for PDF files and {files.shown(path)} is none; use offset and limit.")
        if pictures.identify(head) is not None:
            return await self._picture(path, await self._whole(path, found, head, context))
        if pdf.is_pdf(head):
            return await self._pdf(path, await self._whole(path, found, head, context), params.pages)
        if path.suffix == ".ipynb" and found.st_size <= _MOST_NOTEBOOK:
            data = await self._whole(path, found, head, context, _MOST_NOTEBOOK)
            try:
                notebook = await asyncio.to_thread(lambda: ipynb.Notebook.of(TextFile.of(data).text))
            except (ValueError, RecursionError):
                pass  # what is no notebook is shown as the text it is
            else:
                return self._notebook(path, data, notebook, params)
        if is_binary(head):
            raise ToolError(
                f"{files.shown(path)} is a binary file ({files.size_text(found.st_size)}); Read shows text, pictures, "
                "PDFs and notebooks. Look at it with Bash, such as `file` or `xxd ... | head`."
            )
        if is_large:
            return await self._large(path, context, found.st_size, head, params)
        return await asyncio.to_thread(self._text, path, head, params)

    async def _whole(
        self, path: Path, found: os.stat_result, head: bytes, context: ToolContext, most: int = files.LOAD_LIMIT
    ) -> bytes:
        if found.st_size <= _STREAMED:
            return head
        if found.st_size > most:
            size = files.size_text(found.st_size)
            raise ToolError(f"{files.shown(path)} is {size}, too large to be shown ({files.size_text(most)} at most).")
        return await files.load(path, context)

    def _text(self, path: Path, data: bytes, params: ReadParams) -> ToolOutput:
        file = TextFile.of(data)
        total = file.view.count("\n") + (not file.view.endswith("\n")) if file.view else 0
        page = page_of(lines_of(printable(file.view)), max(params.offset or 1, 1), params.limit, self._cap)
        page.total = total
        self._refuse_over_cap(path, page, params)
        self._mark(path, page, digest_of(data), data)
        return _shown(path, page, file.encoding.label if file.encoding.name not in ("utf-8", "latin-1") else "")

    async def _large(self, path: Path, context: ToolContext, size: int, head: bytes, params: ReadParams) -> ToolOutput:
        def take() -> tuple[Page, str]:
            lines = map(printable, streamed_lines(file, detect_start(head)))
            page = page_of(lines, max(params.offset or 1, 1), params.limit, self._cap)
            return page, digest_of_file(file) if size <= files.LOAD_LIMIT else ""

        with await files.opened(path, context) as file:
            try:
                page, digest = await asyncio.to_thread(take)
            except OSError as error:
                raise files.failure("cannot be read", path, error) from error
        self._refuse_over_cap(path, page, params)
        if digest:
            self._mark(path, page, digest, None)
        return _shown(path, page, "", files.size_text(size))

    def _refuse_over_cap(self, path: Path, page: Page, params: ReadParams) -> None:
        if page.is_full and params.limit is not None:
            raise ToolError(
                f"{params.limit:,} lines from line {page.first} of {files.shown(path)} are more than one result holds "
                f"(about {self._cap:,} tokens). Send limit {len(page.lines)} or less, or search with Grep."
            )

    def _mark(self, path: Path, page: Page, digest: str, content: bytes | None) -> None:
        if not page.lines and page.total:
            return
        is_all = page.first == 1 and page.last == page.total and not page.cut
        lines = None if is_all else (page.first, page.last)
        self._ledger.mark_read(path, digest, content=content, lines=lines, total=None if page.cut else page.total)

    async def _picture(self, path: Path, data: bytes) -> ToolOutput:
        pillow = await asyncio.to_thread(optional, images.PILLOW)
        try:
            made = await asyncio.to_thread(images.prepare, data, pillow)
        except ToolError as error:
            raise ToolError(f"{files.shown(path)}: {error}") from error
        original, shown = made.original, made.shown
        size = f"{original.width}x{original.height}"
        file: Json = {
            "base64": made.block.data,
            "type": made.block.media_type,
            "originalSize": len(data),
            "dimensions": {
                "originalWidth": original.width,
                "originalHeight": original.height,
                "displayWidth": shown.width,
                "displayHeight": shown.height,
            },
        }
        content: tuple[Text | Image, ...] = (made.block,)
        if (shown.width, shown.height) != (original.width, original.height):
            content = (Text(f"Shown at {shown.width}x{shown.height}; the file has {size} pixels."), made.block)
        return ToolOutput(content, {"type": "image", "file": file}, f"picture, {size}")

    async def _pdf(self, path: Path, data: bytes, pages: str | None) -> ToolOutput:
        pypdf = await asyncio.to_thread(optional, pdf.PYPDF)
        try:
            block = await asyncio.to_thread(pdf.document, data, pages, pypdf)
        except ToolError as error:
            raise ToolError(f"{files.shown(path)}: {error}") from error
        file = {"filePath": files.shown(path), "base64": block.data, "originalSize": len(data)}
        summary = f"PDF, pages {pages}" if pages else f"PDF, {files.size_text(len(data))}"
        return ToolOutput((block,), {"type": "pdf", "file": file}, summary)

    def _notebook(self, path: Path, data: bytes, notebook: ipynb.Notebook, params: ReadParams) -> ToolOutput:
        first = max(params.offset or 1, 1)
        shown: list[str] = []
        left = self._cap
        for index in range(first - 1, min(len(notebook.cells), first - 1 + (params.limit or len(notebook.cells)))):
            text = printable(ipynb.rendered(notebook.cells[index], notebook.id_of(index)))
            most = self._cap * 3 - 200
            text = text if tokens_of(text) <= self._cap else f"{text[: most // 4]}\n[... cell cut]\n</cell>"
            left -= tokens_of(text)
            if left < 0 and shown:
                break
            shown.append(text)
        count, last = len(notebook.cells), first - 1 + len(shown)
        is_all = first == 1 and last == count
        lines = None if is_all else (first, last)
        self._ledger.mark_read(path, digest_of(data), content=data, lines=lines, total=count)
        if not is_all:
            shown.append(
                f"[PARTIAL view: cells {first}-{last} of {count}. For notebooks offset and limit count cells.]"
            )
        cells = [
            {
                "cell_id": notebook.id_of(index),
                "cellType": cell.get("cell_type", "code"),
                "source": ipynb.source_of(cell),
                "outputs": ipynb.outputs_of(cell),
            }
            for index, cell in enumerate(notebook.cells[first - 1 : last], first - 1)
        ]
        result = {"type": "notebook", "file": {"filePath": files.shown(path), "cells": cells}}
        return ToolOutput("\n".join(shown) or "[The notebook has no cells.]", result, f"{len(cells)} cells")


async def _head(path: Path, context: ToolContext) -> bytes:
    with await files.opened(path, context) as file:
        return await asyncio.to_thread(file.read, _HEAD)


def _shown(path: Path, page: Page, encoding: str, size: str = "") -> ToolOutput:
    """The page with what the model must know about it: cut short, past the end, cut lines, another encoding."""
    notices = []
    of = f"of {page.total:,}" if page.total is not None else f"of a file of {size}"
    if page.total == 0:
        notices.append("[The file is empty.]")
    elif not page.lines:
        notices.append(f"[The file has {page.total:,} lines; offset {page.first:,} is past its end.]")
    elif page.is_full:
        notices.append(
            f"[PARTIAL view: lines {page.first:,}-{page.last:,} {of}. Go on with offset {page.last + 1}, "
            "or find the place with Grep.]"
        )
    elif page.first > 1 or page.total is None or page.last < page.total:
        notices.append(f"[Lines {page.first:,}-{page.last:,} {of}.]")
    if page.cut:
        which = ", ".join(map(str, page.cut[:5])) + (" ..." if len(page.cut) > 5 else "")
        notices.append(f"[Cut lines: {which}. See a part with Bash: sed -n '{page.cut[0]}p' FILE | cut -c2001-4000]")
    if encoding:
        notices.append(f"[Encoding: {encoding}; Edit and Write keep it.]")
    file: Json = {
        "filePath": files.shown(path),
        "content": "\n".join(page.lines),
        "numLines": len(page.lines),
        "startLine": page.first,
        "totalLines": page.total if page.total is not None else page.last,
    }
    if page.is_full:
        file["truncatedByTokenCap"] = True
    count = f"{len(page.lines):,} line" + ("" if len(page.lines) == 1 else "s")
    text = "\n\n".join(filter(None, (page.numbered(), "\n".join(notices))))
    return ToolOutput(text, {"type": "text", "file": file}, count)
