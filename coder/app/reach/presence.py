"""The servers of a session for its engine, whether it has any or gets some later. Must not know what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import Verdict
from coder.core.events import AnyEvent

if TYPE_CHECKING:
    from coder.app.reach.session import Reach


class Presence:
    """A policy before each turn, and a listener. `reach` gives the servers by now."""

    def __init__(self, reach: Callable[[], Reach | None]) -> None:
        self._reach = reach

    def before_turn(self, turn: int, history: History) -> Verdict:
        reach = self._reach()
        return reach.news.before_turn(turn, history) if reach is not None else None

    def on(self, event: AnyEvent) -> None:
        if (reach := self._reach()) is not None:
            reach.on(event)

    async def aclose(self) -> None:
        if (reach := self._reach()) is not None:
            await reach.aclose()
