"""PDF files for the model: whole, or some pages. Must not know tools.

As with pictures: what the API would refuse is never sent, because it would stay in the history.
"""

from __future__ import annotations

import base64
import io
import logging
import re
from typing import Any

from coder.core.errors import ToolError
from coder.core.messages import Document
from coder.tools.extras import install_hint

PYPDF = "pypdf"

_PAGES = re.compile(r"\s*(\d+)\s*(?:-\s*(\d*)\s*)?")
_PAGE_OBJECT = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_MOST_BYTES = 12 << 20  # a request holds 32 MB, in base64 and with everything else
_WHOLE = 10  # pages sent without being asked for by number
_MOST_PAGES = 20


def is_pdf(data: bytes) -> bool:
    return data.startswith(b"%PDF-")


def document(data: bytes, pages: str | None, pypdf: Any | None) -> Document:
    """The block to send. `pypdf` is the module or None. Blocks.

    Raises ToolError for a damaged, locked or too long file, and where the extra is needed but absent.
    """
    sent = _plain(data, pages) if pypdf is None else _checked(data, pages, pypdf)
    if len(sent) > _MOST_BYTES:
        raise ToolError(
            f"this PDF is too large to be sent ({len(sent):,} bytes). Send fewer pages, such as pages '1-2'."
        )
    return Document("application/pdf", base64.b64encode(sent).decode("ascii"))


def _plain(data: bytes, pages: str | None) -> bytes:
    if pages is not None:
        raise ToolError(f"taking single pages from a PDF is not installed. {install_hint('pdf')}")
    if b"%%EOF" not in data[-2_048:] or b"startxref" not in data[-2_048:]:
        raise ToolError("this PDF is damaged or incomplete.")
    if b"/Encrypt" in data:
        raise ToolError("this PDF is locked with a password.")
    count = len(_PAGE_OBJECT.findall(data))
    if count > _WHOLE:
        raise ToolError(f"this PDF has about {count} pages, which is more than {_WHOLE}. {install_hint('pdf')}")
    if count == 0 and len(data) > 1 << 20:  # its page list is packed; so large a file is likely long
        raise ToolError(f"this PDF may be longer than {_WHOLE} pages. {install_hint('pdf')}")
    return data


def _checked(data: bytes, pages: str | None, pypdf: Any) -> bytes:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its remarks on odd files are for nobody here
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted:
            raise ToolError("this PDF is locked with a password.")
        count = len(reader.pages)
        if pages is None and 0 < count <= _WHOLE:
            return data
        first, last = _range(pages, count)
        writer = pypdf.PdfWriter()
        for index in range(first - 1, last):
            writer.add_page(reader.pages[index])
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()
    except (pypdf.errors.PyPdfError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ToolError(f"this PDF is damaged ({error}).") from error


def _range(pages: str | None, count: int) -> tuple[int, int]:
    if count == 0:
        raise ToolError("this PDF has no pages.")
    if pages is None:
        raise ToolError(f"this PDF has {count} pages. Send the ones you need: pages '1-{min(count, _MOST_PAGES)}'.")
    match = _PAGES.fullmatch(pages)
    if match is None:
        raise ToolError(f"`pages` is {pages!r}; expected a page or a range such as '3' or '1-5'.")
    first = int(match[1])
    last = first if match[2] is None else min(int(match[2] or count), count)
    if not 1 <= first <= last <= count:
        raise ToolError(f"`pages` is {pages!r}; this PDF has pages 1 to {count}.")
    if last - first >= _MOST_PAGES:
        raise ToolError(f"`pages` is {pages!r}; at most {_MOST_PAGES} pages at a time, such as '{first}-{first + 19}'.")
    return first, last
