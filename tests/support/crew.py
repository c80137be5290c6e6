"""Rows, events and a whole crew of subagents for tests of front ends: an implementation of the protocol that does what
it is told and keeps what it was asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from coder.core.agents import AgentEnd, AgentRow, Brief, Group, Merged, Report
from coder.core.errors import SessionError
from coder.core.events import AgentEnded, AgentStarted


def agent_row(id: str = "a1", title: str = "Find usages", **given: Any) -> AgentRow:
    known = {"kind": "Explore", "model": "claude-haiku-4-5-20251001", "state": "running", "call": f"toolu_{id}"}
    return AgentRow(**{**known, **given, "id": id, "title": title})


BUSY = agent_row(doing="reading src/cart.py", step=4, tool_uses=3, tokens=12_400, usd=0.031, seconds=9.4)


def begun(row: AgentRow = BUSY, prompt: str = "Find every use of total().", depth: int = 1) -> AgentStarted:
    return AgentStarted(agent=row.id, row=row, prompt=prompt, depth=depth)


def over(row: AgentRow = BUSY, text: str = "17 routes", state: AgentEnd = "completed", **given: Any) -> AgentEnded:
    done = replace(row, state=state, doing="")
    known: dict[str, Any] = {"tool_uses": row.tool_uses, "usd": row.usd, "seconds": row.seconds}
    report = Report(id=row.id, kind=row.kind, title=row.title, model=row.model, state=state, text=text, **known | given)
    return AgentEnded(agent=row.id, row=done, report=report)


@dataclass(slots=True)
class Crew:
    """`agents` are shown as they stand; `steer` and `stop` are kept in `asked`."""

    agents: list[AgentRow] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    async def run(self, brief: Brief, primed: Callable[[], None] = lambda: None) -> Report:
        raise NotImplementedError

    def start(self, brief: Brief) -> str:
        raise NotImplementedError

    def group(self, most: int, usd: float | None = None) -> Group:
        raise NotImplementedError

    async def merge(self, branch: str, title: str) -> Merged:
        raise NotImplementedError

    def rows(self) -> tuple[AgentRow, ...]:
        return tuple(self.agents)

    def steer(self, id: str, text: str) -> None:
        if self._row(id).state not in ("running", "waiting"):
            raise SessionError(f"{id} does not run.")
        self.asked.append(("steer", id, text))

    async def stop(self, id: str) -> None:
        self.agents[self.agents.index(self._row(id))] = replace(self._row(id), state="stopped")
        self.asked.append(("stop", id, ""))

    def _row(self, id: str) -> AgentRow:
        return next(each for each in self.agents if each.id == id)
