"""Incremental parser of server-sent events: bytes in, events out. Must not know HTTP, JSON or the Messages API."""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class SseEvent(NamedTuple):
    name: str
    data: str


class EventTooLarge(ValueError):
    """One event outgrew the limit; the stream cannot be read on."""


class SseParser:
    """Feed it chunks cut anywhere; it returns the events each completes, and forgets an unfinished one at the end.

    Lines end at LF, CR or CRLF only, so U+2028 and the like stay text. Invalid UTF-8 becomes U+FFFD.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._partial: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._at_start = True
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """The events this chunk completes. Raises EventTooLarge."""
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if not chunk:
            return []
        self._size += len(chunk)
        if b"\n" not in chunk and b"\r" not in chunk:
            self._partial.append(chunk)
            return self._checked([])
        self._after_cr = chunk.endswith(b"\r")
        self._partial.append(chunk)
        lines = b"".join(self._partial).splitlines()
        self._partial.clear()
        if not chunk.endswith((b"\n", b"\r")):
            self._partial.append(lines.pop())
        return self._checked([event for line in lines if (event := self._line(line)) is not None])

    def _checked(self, events: list[SseEvent]) -> list[SseEvent]:
        if self._size > self._max:
            raise EventTooLarge(f"one event is larger than {self._max} bytes")
        return events

    def _line(self, line: bytes) -> SseEvent | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value.decode("utf-8", "replace"))
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> SseEvent | None:
        event = SseEvent(self._name, "\n".join(self._data)) if self._data else None
        self._name = ""
        self._data.clear()
        self._size = sum(map(len, self._partial))
        return event
