"""Write: makes a file or replaces it whole. Must not replace what the model has not seen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.tools import ToolContext, ToolOutput, Writes
from coder.core.workspace import Workspace
from coder.tools import files
from coder.tools.encoding import UTF8, Encoding
from coder.tools.ledger import FileLedger
from coder.tools.textfile import encode, printable, view_of

if TYPE_CHECKING:
    from coder.tools import change, patch
    from coder.tools.change import Current
else:
    change = LazyModule("coder.tools.change")
    patch = LazyModule("coder.tools.patch")


@dataclass(frozen=True, slots=True)
class WriteParams:
    file_path: Annotated[str, "Absolute path of the file"]
    content: Annotated[str, "The whole content of the file"]


class Write:
    name = "Write"
    params = WriteParams

    def __init__(self, ledger: FileLedger) -> None:
        self._ledger = ledger

    def access(self, params: WriteParams, workspace: Workspace) -> Writes:
        return Writes((files.target(params.file_path, workspace),))

    def summary(self, params: WriteParams) -> str:
        return params.file_path

    async def run(self, params: WriteParams, context: ToolContext) -> ToolOutput:
        path = files.absolute(params.file_path, context.workspace)
        found = await files.probe(path, context)
        now = None if found is None else await change.current(path, found, context, self._ledger, "Write")
        if now is not None:
            _refuse_unseen(now)
        data = encode(params.content, UTF8) if now is None else _kept_style(params.content, now)
        await files.save(path, data, context)
        self._ledger.mark_written(path, data, whole=True)
        return await asyncio.to_thread(_output, params, now, path)


def _output(params: WriteParams, now: Current | None, path: Path) -> ToolOutput:
    made = patch.patch("" if now is None else printable(now.file.view), view_of(params.content))
    name = files.shown(path)
    count = f"{made.added:,} line" + ("" if made.added == 1 else "s")
    data = {
        **change.changed(path, made),
        "type": "create" if now is None else "update",
        "content": params.content,
        "originalFile": None if now is None else change.original(now.file),
    }
    if now is None:
        return ToolOutput(f"Created {name} ({count}).", data, count)
    kept = "" if now.file.encoding == UTF8 else f" It stays {now.file.encoding.label}."
    return ToolOutput(f"Updated {name}: {made.counts} lines.{kept}", data, made.counts)


def _refuse_unseen(now: Current) -> None:
    name = files.shown(now.path)
    if now.is_stale:
        raise ToolError(f"{name} is not what you read, so it was not replaced. Read it again.\n{now.since_text}")
    if not now.seen.whole:
        raise ToolError(
            f"Only a part of {name} has been read, so it was not replaced: the rest would be lost unseen. "
            "Read the rest first, or change the part with Edit."
        )


def _kept_style(content: str, now: Current) -> bytes:
    """The content in the file's encoding, with its BOM, and with CRLF where the whole file has it."""
    text = view_of(content).replace("\n", "\r\n") if now.file.is_wholly_crlf and "\r\n" not in content else content
    encoding = now.file.encoding
    strict = Encoding(encoding.name, encoding.bom)
    return strict.bom + encode(text.removeprefix("\ufeff") if strict.bom else text, strict)
