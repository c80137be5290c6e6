"""What each subagent is doing, in a small model's words: every so often one line about those that have gone on since.
Never delays an agent, and never fails one. Must not know front ends.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import field

from coder.app.asides import Aside, did, quoted
from coder.core.agents import AgentRow
from coder.core.dataclass import dataclass
from coder.core.events import AgentEnded, AgentProgressed, AgentStarted, AnyEvent, MessageAdded

_STEPS = 6  # of its last replies
_TASK = 1_000  # characters


@dataclass(slots=True, eq=False)
class _Watched:
    """`steps` are its last replies; `is_news`: there is one that nothing was said of."""

    row: AgentRow
    task: str
    steps: deque[str] = field(default_factory=lambda: deque(maxlen=_STEPS))
    is_news: bool = False
    asking: asyncio.Task[None] | None = None


class AgentProgress:
    """A listener. Says what an agent is doing every `beat` seconds, where it has said or called something since. Close
    it."""

    def __init__(self, aside: Callable[[], Aside], emit: Callable[[AnyEvent], None], beat: float) -> None:
        self._aside = aside
        self._emit = emit
        self._beat = beat
        self._watched: dict[str, _Watched] = {}

    def on(self, event: AnyEvent) -> None:
        match event:
            case AgentStarted(row=row) if row.id not in self._watched:
                watched = self._watched[row.id] = _Watched(row, event.prompt[:_TASK])
                watched.asking = asyncio.create_task(self._tell(watched))
            case AgentProgressed(row=row, summary="") if (found := self._watched.get(row.id)) is not None:
                found.row = row
            case MessageAdded(message=message) if (found := self._watched.get(event.agent)) is not None:
                if message.meta.kind == "reply" and (step := did(message)):
                    found.steps.append(step)
                    found.is_news = True
            case AgentEnded(row=row):
                self._end(row.id)
            case _:
                pass

    async def aclose(self) -> None:
        asking = [each.asking for each in self._watched.values() if each.asking is not None]
        for id in tuple(self._watched):
            self._end(id)
        if asking:
            await asyncio.wait(asking)

    def _end(self, id: str) -> None:
        found = self._watched.pop(id, None)
        if found is not None and found.asking is not None:
            found.asking.cancel()

    async def _tell(self, watched: _Watched) -> None:
        aside = self._aside()
        while True:
            await asyncio.sleep(self._beat)
            if not watched.is_news:
                continue
            watched.is_news = False
            steps = "\n".join(watched.steps)
            if line := await aside.line("progress", f"{quoted('task', watched.task)}\n{quoted('steps', steps)}"):
                row = watched.row
                self._emit(AgentProgressed(agent=row.id, row=row, summary=line))
