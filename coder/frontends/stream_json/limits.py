"""The rate limit as the API tells of it: when it begins to refuse, and when it takes requests again. Must not know how
lines are written.
"""

from __future__ import annotations

from collections.abc import Callable

from coder.core.events import ModelRetrying
from coder.core.messages import Json
from coder.frontends.stream_json import convert


class Limits:
    """`clock` gives the time of day."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._refuses = False

    def retrying(self, session_id: str, event: ModelRetrying) -> Json | None:
        """None where there is no news in it."""
        if event.kind != "rate_limit" or self._refuses:
            return None
        self._refuses = True
        resets = {} if event.asked is None else {"resetsAt": round(self._clock() + event.asked)}
        return _told(session_id, {"status": "rejected", **resets})

    def replied(self, session_id: str) -> Json | None:
        if not self._refuses:
            return None
        self._refuses = False
        return _told(session_id, {"status": "allowed"})


def _told(session_id: str, info: Json) -> Json:
    return convert.framed(session_id, type="rate_limit_event", rate_limit_info=info)
