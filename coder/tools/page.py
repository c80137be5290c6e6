"""Some lines of a text, numbered as the model reads them and held under a token cap. Must not know tools or paths."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import field
from io import BufferedReader

from coder.core.dataclass import dataclass
from coder.tools.encoding import Encoding

LONGEST_LINE = 2_000  # characters shown of one line
_CHUNK = 1 << 18


@dataclass(slots=True)
class Page:
    """Lines `first` to `last`. `is_full` when the cap ended it; `total` is None when the end was not reached."""

    first: int
    lines: list[str] = field(default_factory=list)
    is_full: bool = False
    total: int | None = None
    cut: list[int] = field(default_factory=list)  # numbers of the lines that were longer than LONGEST_LINE

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    def numbered(self) -> str:
        return "\n".join(f"{number:6}\t{line}" for number, line in enumerate(self.lines, self.first))


def tokens_of(text: str) -> int:
    """An estimate that rather errs upwards: three bytes to the token."""
    return len(text.encode("utf-8", "replace")) // 3 + 1


def page_of(lines: Iterator[str], first: int, most: int | None, most_tokens: int) -> Page:
    """Takes at most `most` lines from number `first` on; stops before the cap, but never before the first line."""
    page = Page(first)
    left = most_tokens * 3
    number = 0
    for number, line in enumerate(lines, 1):
        if number < first:
            continue
        if most is not None and len(page.lines) == most:
            return page
        shown = line
        if len(line) > LONGEST_LINE:
            shown = f"{line[:LONGEST_LINE]} [... line cut: {_size(line)}]"
        left -= len(shown.encode("utf-8", "replace")) + 8
        if left < 0 and page.lines:
            page.is_full = True
            return page
        page.lines.append(shown)
        if shown is not line:
            page.cut.append(number)
    page.total = number
    return page


def _size(line: str) -> str:
    return f"{len(line):,} characters" if len(line) < _CHUNK else "far longer"


def lines_of(view: str) -> Iterator[str]:
    """The lines of a text with LF ends, without making them all at once."""
    start = 0
    while (end := view.find("\n", start)) >= 0:
        yield view[start:end]
        start = end + 1
    if start < len(view):
        yield view[start:]


def streamed_lines(file: BufferedReader, encoding: Encoding) -> Iterator[str]:
    """The lines of a file of any size in bounded memory; of an endless line only the start is kept. Raises OSError."""
    decoder = codecs.getincrementaldecoder(encoding.name)("replace")
    held = ""
    file.seek(len(encoding.bom))
    while chunk := file.read(_CHUNK):
        *whole, rest = (held + decoder.decode(chunk)).split("\n")
        for line in whole:
            yield line.removesuffix("\r")
        held = rest[:_CHUNK]
    if held:
        yield held


def digest_of_file(file: BufferedReader) -> str:
    """As `ledger.digest_of` of its bytes, in bounded memory. Raises OSError. Blocks."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
