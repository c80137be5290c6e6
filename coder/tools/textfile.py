"""A text file as bytes and as the view a model works on. Must not know where the bytes come from or go to.

The view has one newline, LF, and no BOM. A splice names a piece of the view and replaces exactly the bytes behind it,
so line endings, BOM, encoding and every untouched byte stay as they were, whatever they were.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.tools.encoding import UTF8, Encoding, detect

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Splice:
    """Replaces `view[start:end]` by `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class TextFile:
    """`text` is what the bytes say, `view` the same with LF for every line end."""

    data: bytes
    encoding: Encoding
    text: str

    @classmethod
    def of(cls, data: bytes) -> TextFile:
        """Never fails: bytes that are no text decode to something that encodes to the same bytes."""
        encoding = detect(data)
        return cls(data, encoding, encoding.decode(data))

    @cached_property
    def is_bare_cr(self) -> bool:
        """The line ends of old Macs. A CR in a file that has LF is a character like any other."""
        return "\r" in self.text and "\n" not in self.text

    @cached_property
    def view(self) -> str:
        return self.text.replace("\r", "\n") if self.is_bare_cr else view_of(self.text)

    @cached_property
    def _crlf(self) -> list[int]:
        """Where in the view the line ends are that were CRLF."""
        found = (match.start() for match in re.finditer("\r\n", self.text))
        return [position - index for index, position in enumerate(found)]

    @property
    def is_wholly_crlf(self) -> bool:
        return bool(self._crlf) and len(self._crlf) == self.view.count("\n")

    def line_of(self, position: int) -> int:
        """The 1-based line of a place in the view."""
        return self.view.count("\n", 0, position) + 1

    def newline_near(self, position: int) -> str:
        """The line end used around here: this line's own, else the one before."""
        if self.is_bare_cr:
            return "\r"
        place = self.view.find("\n", position)
        place = self.view.rfind("\n", 0, position) if place < 0 else place
        index = bisect_left(self._crlf, place)
        return "\r\n" if place >= 0 and index < len(self._crlf) and self._crlf[index] == place else "\n"

    def splice(self, splices: Iterable[Splice]) -> bytes:
        """The file's bytes with these pieces replaced. `splices` are in order and do not overlap.

        Raises ToolError when a new text does not fit the file's encoding.
        """
        made = [self.encoding.bom]
        read = len(self.encoding.bom)
        done = 0
        for splice in splices:
            start, end = self._raw(splice.start), self._raw(splice.end)
            upto = read + self._width(done, start)
            made += (self.data[read:upto], encode(self.local(splice), self.encoding))
            read = upto + self._width(start, end)
            done = end
        return b"".join((*made, self.data[read:]))

    def local(self, splice: Splice) -> str:
        """The new text with the line ends of the place it goes to."""
        newline = self.newline_near(splice.start)
        text = view_of(splice.text)
        return text if newline == "\n" else text.replace("\n", newline)

    def _raw(self, position: int) -> int:
        return position + bisect_left(self._crlf, position)

    def _width(self, start: int, end: int) -> int:
        if self.encoding == UTF8 and self.data.isascii():
            return end - start
        return len(self.encoding.encode(self.text[start:end]))


def view_of(text: str) -> str:
    return text.replace("\r\n", "\n") if "\r" in text else text


def trimmed(old: str, new: str, start: int) -> Splice:
    """The splice at `start` that turns `old` into `new` touching no more than what differs."""
    most = min(len(old), len(new))
    head = 0
    while head < most and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < most - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return Splice(start + head, start + len(old) - tail, new[head : len(new) - tail])


def encode(text: str, encoding: Encoding) -> bytes:
    """Raises ToolError naming the first character that does not fit."""
    bad = _LONE_SURROGATE.search(text)
    if bad:
        raise ToolError(
            f"The new text has U+{ord(bad[0]):04X} at character {bad.start() + 1}: half of a surrogate pair, which no "
            "file can hold. Nothing was written. Send the whole character."
        )
    try:
        return encoding.encode(text)
    except UnicodeEncodeError as error:
        char = text[error.start]
        raise ToolError(
            f"The new text has {char!r} (U+{ord(char):04X}), which the file's encoding, {encoding.label}, cannot hold. "
            "Nothing was written. Use characters it has, or convert the file to UTF-8 first (iconv)."
        ) from error


def printable(text: str) -> str:
    """`text` without what a request cannot carry: NUL and lone surrogates become U+FFFD."""
    return _LONE_SURROGATE.sub("�", text).replace("\0", "�")
