"""Agents, and hands round them, that answer as a test says; they keep what they were asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from coder.core.agents import AgentRow, Agents, Brief, Group, Merged, Report
from coder.core.errors import ToolError
from coder.core.events import AnyEvent, Notice, StepChanged
from coder.core.messages import Json
from coder.workflows.hands import Ran
from coder.workflows.workflow import WorkflowError

Said: TypeAlias = "str | Json | Report | Exception"
"""A text, a value handed in, a report, or why the agent is refused."""
Script: TypeAlias = Callable[[Brief], "Said | Awaitable[Said]"]


@dataclass(eq=False)
class CountedGroup:
    most: int
    usd_limit: float | None
    count: int = 0
    usd: float | None = 0.0


@dataclass(eq=False)
class ScriptedAgents:
    """`cost` is what each agent costs. At work were never more than `peak`; those without `out` stay there until so
    many as `together` have been."""

    script: Script
    cost: float | None = 0.01
    asked: list[Brief] = field(default_factory=list)
    groups: list[CountedGroup] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    conflicts: dict[str, Merged] = field(default_factory=dict)
    at_work: int = 0
    peak: int = 0
    together: int = 1
    prefix: str = "a"  # of their ids

    async def run(self, brief: Brief, primed: Callable[[], None] = lambda: None) -> Report:
        assert isinstance(brief.group, CountedGroup)
        self.asked.append(brief)
        id = f"{self.prefix}{len(self.asked)}"
        brief.group.count += 1
        self.at_work += 1
        self.peak = max(self.peak, self.at_work)
        try:
            said = self.script(brief)
            if isinstance(said, Awaitable):
                said = await said
            primed()
            while not brief.out and self.peak < self.together:
                await asyncio.sleep(0.001)
        finally:
            self.at_work -= 1
        if isinstance(said, Exception):
            raise said
        spent = brief.group.usd
        brief.group.usd = None if spent is None or self.cost is None else spent + self.cost
        if isinstance(said, Report):
            return said
        branch = f"coder/agent-{id}" if brief.isolation else ""
        about: dict[str, Any] = {"id": id, "kind": brief.kind, "title": brief.title, "model": "scripted"}
        value = said if isinstance(said, dict) else None
        text = "" if isinstance(said, dict) else said
        return Report(**about, state="completed", text=text, value=value, branch=branch, usd=self.cost)

    def start(self, brief: Brief) -> str:
        raise ToolError("a workflow waits for its agents")

    def group(self, most: int, usd: float | None = None) -> Group:
        self.groups.append(CountedGroup(most, usd))
        return self.groups[-1]

    async def merge(self, branch: str, title: str) -> Merged:
        self.merged.append(branch)
        return self.conflicts.get(branch, Merged(ok=True, text="merged", commit=f"of {branch}"))

    def rows(self) -> tuple[AgentRow, ...]:
        return ()

    def steer(self, id: str, text: str) -> None:
        raise AssertionError("a workflow steers nobody")

    async def stop(self, id: str) -> None:
        raise AssertionError("a workflow stops nobody by itself")

    @property
    def prompts(self) -> list[str]:
        return [brief.prompt for brief in self.asked]


def failed(why: str) -> Report:
    return Report(id="dead", kind="", title="", model="scripted", state="failed", error=why)


@dataclass(eq=False)
class ScriptedHands:
    """`commands` are exit codes (with output) by command, used up in turn; the last one stays."""

    agents: Agents
    commands: dict[str, list[Ran]] = field(default_factory=dict)
    checks: dict[str, Callable[[str], str]] = field(default_factory=dict)
    approval: bool | None = None
    spendings: dict[str, float] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    events: list[AnyEvent] = field(default_factory=list)

    async def spent(self, keys: Collection[str]) -> float | None:
        return sum(self.spendings.get(key.rpartition("/")[0], 0.0) for key in keys)

    async def shell(self, command: str, minutes: float) -> Ran:
        self.ran.append(command)
        left = self.commands[command]
        return left.pop(0) if len(left) > 1 else left[0]

    async def check(self, name: str, text: str) -> str:
        if name not in self.checks:
            raise WorkflowError(f"there is no check {name!r}")
        return self.checks[name](text)

    async def approve(self, step: str, question: str) -> bool | None:
        self.questions.append(question)
        return self.approval

    def emit(self, event: AnyEvent) -> None:
        self.events.append(event)

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Each change of a step: its name, its state, and which item."""
        return [(e.step, e.state, e.item) for e in self.events if isinstance(e, StepChanged)]

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice)]


def workflow_path(folder: Path, text: str, name: str = "flow") -> Path:
    path = folder / f"{name}.md"
    path.write_text(text, encoding="utf-8")
    return path
