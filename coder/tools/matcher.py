"""Finds a pattern in one file as ripgrep does: line by line, or across lines. Runs in the search worker.

A file that holds a NUL byte is binary and has no matches. Must not know folders, ignore files or how results look.
"""

from __future__ import annotations

import codecs
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.nofollow import Folders
from coder.tools.query import Line, Query

OVERSIZED = 64 << 20  # bytes of a file that is searched across lines: it must be held whole
_BLOCK = 1 << 20
_DENSE = 20  # matches in a block from which on counting line by line is quicker
_EXCERPT = 500  # bytes of a line that are shown
_LEAD = 100  # of these before the match
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Binary(Exception):
    """The file holds a NUL byte."""


@dataclass(slots=True)
class Found:
    """`count` lines or matches; of the first of them where they are (line number to byte column) or what they are."""

    count: int = 0
    places: dict[int, int] = field(default_factory=dict)
    parts: list[tuple[int, str]] = field(default_factory=list)


class Matcher:
    """The pattern of a query; files are opened below `top`. Raises re.error when Python cannot read it."""

    def __init__(self, query: Query, top: Folders) -> None:
        self._top = top
        flags = re.MULTILINE | re.ASCII
        self._clean = re.compile(query.clean, flags)
        self._escaped = re.compile(query.escaped, flags)
        self._required = query.required.encode()
        self._multiline = query.multiline
        self._wants_parts = query.want == "parts"

    def find(self, path: str, keep: int) -> Found:
        """All matches counted, the first `keep` remembered. Raises OSError and Binary."""
        found = Found()
        if self._multiline:
            self._find_across(whole_text(path, self._top), found, keep)
            return found
        number = 1
        for block in text_blocks(path, self._top):
            if self._required in block:
                self._find_in_lines(block, number, found, keep)
            number += block.count(b"\n") + 1 if keep else 0
        return found

    def _decode(self, data: bytes) -> tuple[str, re.Pattern[str]]:
        try:
            return data.decode(), self._clean
        except UnicodeDecodeError:
            return data.decode("utf-8", "surrogateescape"), self._escaped

    def _find_in_lines(self, block: bytes, number: int, found: Found, keep: int) -> None:
        text, pattern = self._decode(block)
        at, counted, matched = 0, 0, 0
        while at <= len(text) and (match := pattern.search(text, at)):
            matched += 1
            end = text.find("\n", match.start())
            if max(len(found.places), len(found.parts)) < keep:
                number += text.count("\n", counted, match.start())
                counted = match.start()
                start = text.rfind("\n", 0, match.start()) + 1
                if self._wants_parts:
                    line = pattern.finditer(text, match.start(), len(text) if end < 0 else end)
                    found.parts += [(number, part[0]) for part in line]
                else:
                    found.places[number] = len(encode(text[start : match.start()]))
            elif matched == _DENSE and end >= 0:
                matched += sum(1 for _ in filter(None, map(pattern.search, text[end + 1 :].split("\n"))))
                break
            if end < 0:
                break
            at = end + 1
        found.count += matched

    def _find_across(self, data: bytes, found: Found, keep: int) -> None:
        text, pattern = self._decode(data)
        number, counted = 1, 0
        for match in pattern.finditer(text):
            found.count += 1
            if max(len(found.places), len(found.parts)) >= keep:
                continue
            number += text.count("\n", counted, match.start())
            counted = match.start()
            lines = match[0].removesuffix("\n").split("\n")
            if self._wants_parts:
                found.parts += [(number + index, part) for index, part in enumerate(lines) if part]
            else:
                found.places.update({number + index: 0 for index in range(len(lines))})


def show(path: str, top: Folders, places: dict[int, int], before: int, after: int) -> Iterator[Line]:
    """The lines at `places` with those around them. Raises OSError and Binary."""
    remaining = sorted(places, reverse=True)
    shown_until = 0
    recent: list[tuple[int, bytes]] = []
    for number, line in enumerate(_lines(path, top), 1):
        if remaining and number == remaining[-1]:
            remaining.pop()
            yield from (Line(path, each, excerpt(text), False) for each, text in recent)
            recent.clear()
            yield Line(path, number, excerpt(line, places[number]), True)
            shown_until = number + after
        elif number <= shown_until:
            yield Line(path, number, excerpt(line), False)
        elif not remaining:
            return
        elif before:
            recent = [*recent, (number, line)][-before:]


def confirmed(path: str, top: Folders, parts: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Those parts that are in their line of the file as it is opened here. Raises OSError and Binary."""
    lines = enumerate(_lines(path, top), 1)
    here, line = next(lines, (0, b""))
    for number, part in parts:
        while here < number:
            here, line = next(lines, (number, b""))
        if here == number and encode(part) in line:
            yield number, part


def excerpt(line: bytes, column: int = 0) -> str:
    """A line as text, or of a long one what is round the byte at `column`, with how much was left out on each side."""
    column = column if column < len(line) else 0  # ripgrep names no column for an empty match at the very end
    line = line.removesuffix(b"\r")
    if len(line) <= _EXCERPT:
        return line.decode("utf-8", "replace")
    start = _char_start(line, max(0, min(column - _LEAD, len(line) - _EXCERPT)))
    end = _char_start(line, start + _EXCERPT)
    head = f"[... {start:,} bytes] " if start else ""
    tail = f" [... {len(line) - end:,} bytes]" if end < len(line) else ""
    return head + line[start:end].decode("utf-8", "replace") + tail


def _char_start(line: bytes, at: int) -> int:
    """`at`, moved back to where its character starts."""
    inside = (at - back for back in range(4) if at - back == len(line) or line[at - back] & 0xC0 != 0x80)
    return next(inside, at) if 0 < at < len(line) else min(at, len(line))


def encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _lines(path: str, top: Folders) -> Iterator[bytes]:
    for block in text_blocks(path, top):
        yield from block.split(b"\n")


def text_blocks(path: str, top: Folders) -> Iterator[bytes]:
    """A file as UTF-8, in blocks of whole lines, each without its last newline. Raises OSError and Binary."""
    rest: list[bytes] = []
    for data in _decoded(path, top):
        if b"\0" in data:
            raise Binary
        head, newline, tail = data.rpartition(b"\n")
        if newline:
            yield b"".join([*rest, head])
            rest = []
        if tail:
            rest.append(tail)
    if rest:
        yield b"".join(rest)


def whole_text(path: str, top: Folders) -> bytes:
    """A file as UTF-8. Raises OSError and Binary."""
    data = b"".join(_decoded(path, top))
    if b"\0" in data:
        raise Binary
    return data


def is_binary(path: str, top: Folders) -> bool:
    """Raises OSError."""
    try:
        return any(False for _ in text_blocks(path, top))
    except Binary:
        return True


def _decoded(path: str, top: Folders) -> Iterator[bytes]:
    """A file's bytes; without a UTF-8 mark, and from UTF-16 made UTF-8 when a mark says that it is that."""
    descriptor = top.open(path)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("not an ordinary file")
        first = file.read(min(_BLOCK, status.st_size + 1))
        encoding = _UTF16.get(first[:2])
        if encoding is None:
            yield first.removeprefix(codecs.BOM_UTF8)
            while len(first) != status.st_size and (data := file.read(_BLOCK)):
                yield data
            return
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        yield encode(decoder.decode(first[2:]))
        while data := file.read(_BLOCK):
            yield encode(decoder.decode(data))
        yield encode(decoder.decode(b"", True))
