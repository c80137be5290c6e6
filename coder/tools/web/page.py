"""What a fetched body is for the model: a text, a PDF, a picture, or nothing it can read. Must not know HTTP."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Document, Image
from coder.core.visible import visible_line
from coder.tools.extras import optional
from coder.tools.web.converting import LARGEST, convert
from coder.tools.web.decoding import text_of

if TYPE_CHECKING:
    from coder.tools import images, pdf
else:
    images, pdf = LazyModule("coder.tools.images"), LazyModule("coder.tools.pdf")

_HTML = ("text/html", "application/xhtml+xml")
_TEXTS = re.compile(
    r"text/.*|application/(?:(?:.*\+)?(?:json|xml|yaml)|x-yaml|toml|x-toml|javascript|ecmascript|x-sh|x-ndjson|jsonl|sql|"
    r"graphql|x-tex|x-httpd-php|x-python|typescript)\Z"
)
_OPENINGS = (b"<!doctype html", b"<html", b"<head", b"<body")
_UNSAID = ("", "application/octet-stream", "binary/octet-stream")


@dataclass(frozen=True, slots=True)
class Page:
    """`note` is what is missing of it, "" when it is whole. One of `text` and `block` is there."""

    text: str = ""
    title: str = ""
    note: str = ""
    block: Document | Image | None = None


async def page_of(body: bytes, content_type: str, url: str) -> Page:
    """Raises ToolError for what the model cannot read."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _HTML or (kind in (*_UNSAID, "text/plain") and _looks_like_html(body, kind)):
        return await _read_html(body, content_type, url)
    if kind == "application/pdf" or body.startswith(b"%PDF-"):
        return Page(block=await asyncio.to_thread(_document, body, url))
    if kind in ("image/png", "image/jpeg", "image/gif", "image/webp"):
        made = await asyncio.to_thread(images.prepare, body, optional("PIL.Image"))  # the session goes on meanwhile
        return Page(block=made.block)
    if kind == "image/svg+xml" or _TEXTS.match(kind) or (kind in _UNSAID and not _is_binary(body)):
        if (
            _is_binary(body)
            and "utf-16" not in content_type.lower()
            and not body.startswith((b"\xff\xfe", b"\xfe\xff"))
        ):
            raise _unreadable(url, kind, "it holds bytes that are no text")
        return Page(text_of(body, content_type))
    raise _unreadable(url, kind, "that is no text")


async def _read_html(body: bytes, content_type: str, url: str) -> Page:
    html = text_of(body, content_type, is_html=True)
    made = await convert(html, url)
    notes = []
    if len(html) > LARGEST:
        notes.append(f"only the first {LARGEST >> 20} million characters of its HTML were read")
    if made.is_plain:
        notes.append("it could not be turned into Markdown, so it is without links and headings")
    if not made.text:
        notes.append("it has no text without running its scripts")
    return Page(made.text, made.title, "; ".join(notes))


def _looks_like_html(body: bytes, kind: str) -> bool:
    """Plain text is taken at its word."""
    return kind != "text/plain" and body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_OPENINGS)


def _is_binary(body: bytes) -> bool:
    return b"\0" in body[:8192]


def _document(body: bytes, url: str) -> Document:
    try:
        sent: Document = pdf.document(body, None, optional(pdf.PYPDF))
    except ToolError as error:
        raise ToolError(f"{url}: {error} Or save it with Bash (curl -o) and show single pages with Read.") from error
    return sent


def _unreadable(url: str, kind: str, why: str) -> ToolError:
    shown = visible_line(kind)[:80] or "of no type"
    return ToolError(f"{url} is {shown}, and {why}. Save it with Bash (curl -o) if you need the file.")
