"""Cuts what a server prints into lines, and never holds more than one message may be long. Pure; must not know
pipes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from coder.core.dataclass import dataclass
from coder.mcp.carrier import MOST

_ENDLESS = 1 << 30  # bytes of one line from which on nothing is waited for any more
_EDGE = 1024
# Where the number of an answer stands: libraries write it first or last.
_FIRST = re.compile(rb'\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d{1,18})\s*,')
_QUESTION = re.compile(rb'[{,]\s*"method"\s*:')
_LAST = re.compile(rb',\s*"id"\s*:\s*(\d{1,18})\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$')


class TooMuch(Exception):
    """What follows "the server ": a line that has no end, or that answers nobody knows what."""


@dataclass(frozen=True, slots=True)
class TooLong:
    """The answer to the request of this number, which is not kept."""

    number: int
    size: int

    def __str__(self) -> str:
        return f"answer is larger than {MOST >> 20} MiB ({self.size >> 20} MiB)"


class Lines:
    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0
        self._tail = b""

    def fed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        """The lines that ended in this chunk. Raises TooMuch."""
        *whole, rest = chunk.split(b"\n")
        for part in whole:
            self._take(part)
            yield self._ended()
        self._take(rest)

    def _take(self, part: bytes) -> None:
        if not part:
            return
        self._size += len(part)
        if self._size <= MOST:
            self._parts.append(part)
            return
        if len(self._parts) != 1 or len(self._parts[0]) > _EDGE:  # the head is all that is kept
            self._parts = [_head((*self._parts, part))]
        self._tail = (self._tail + part)[-_EDGE:]
        if self._size > _ENDLESS:
            raise TooMuch(f"sent a message of more than {_ENDLESS >> 20} MiB")

    def _ended(self) -> bytes | TooLong:
        parts, size, tail = self._parts, self._size, self._tail
        self._parts, self._size, self._tail = [], 0, b""
        if size <= MOST:
            return b"".join(parts)
        number = _number(parts[0], tail)
        if number is None:
            raise TooMuch(f"sent a message of more than {MOST >> 20} MiB")
        return TooLong(number, size)


def answered_by(line: bytes) -> int | None:
    """The number of the request that a line seems to answer, whatever else is wrong with it."""
    return None if _QUESTION.search(line[:_EDGE]) else _number(line[:_EDGE], line[-_EDGE:])


def _number(head: bytes, tail: bytes) -> int | None:
    found = _FIRST.match(head) or _LAST.search(tail)
    return None if found is None else int(found[1])


def _head(parts: Iterable[bytes]) -> bytes:
    """Not by joining them all, which would take as much memory again."""
    head = b""
    for part in parts:
        head += part[: _EDGE - len(head)]
        if len(head) == _EDGE:
            break
    return head
