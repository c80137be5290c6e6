"""A reply while it comes: the API's own events, and how long the first took. Must not know how lines are written."""

from __future__ import annotations

from collections.abc import Callable

from coder.core.messages import Json
from coder.frontends.stream_json import convert

_UNTOLD = frozenset({"ping", "error"})  # of the connection, not of the reply


class Partial:
    """`is_told`: the events are given on, each as it came. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float], *, is_told: bool = False) -> None:
        self._clock = clock
        self._is_told = is_told
        self._began = self._asked = clock()
        self.first_ms: int | None = None  # from the beginning of the turn to its first reply

    def turn_begins(self) -> None:
        self._began = self._asked = self._clock()
        self.first_ms = None

    def asks(self) -> None:
        """A request is made now."""
        self._asked = self._clock()

    def wants(self, raw: Json) -> bool:
        """Whether `shape` has anything to do with it: of most events there are it has not, unless they are told."""
        return self._is_told or raw.get("type") == "message_start"

    def shape(self, session_id: str, raw: Json) -> Json | None:
        """What is told of an event of the conversation's own reply; None for nothing."""
        kind = raw.get("type")
        is_start = kind == "message_start"
        if is_start and self.first_ms is None:
            self.first_ms = _ms(self._clock() - self._began)
        if not self._is_told or kind in _UNTOLD:
            return None
        took = {"ttft_ms": _ms(self._clock() - self._asked)} if is_start else {}
        return convert.framed(session_id, type="stream_event", event=raw, parent_tool_use_id=None, **took)


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), 0)
