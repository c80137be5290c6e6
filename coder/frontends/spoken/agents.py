"""Subagents and the steps of workflows as labelled lines. Knows which are at work; must not know a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from coder.core.events import AgentEnded, AgentStarted, AnyEvent, HookEnded, Notice, StepChanged
from coder.core.messages import ToolUse
from coder.core.visible import visible_line
from coder.frontends.amounts import counted, spoken_duration, tokens
from coder.frontends.hook_words import failure
from coder.frontends.render.agents import outcome

_LONGEST = 80  # characters of what one was asked for
_STEPS = {
    "started": "begins",
    "done": "done",
    "failed": "failed",
    "waiting": "waits for you",
    "kept": "was done before and is kept",
    "skipped": "is skipped",
}


class AgentsTold:
    def __init__(self) -> None:
        self._begun: dict[str, AgentStarted] = {}
        self._calls: set[str] = set()
        self._names: dict[str, str] = {}

    @property
    def at_work(self) -> str:
        """`2 agents at work`; "" with none."""
        return f"{counted(len(self._begun), 'agent')} at work" if self._begun else ""

    def name(self, event: AnyEvent) -> str:
        """`agent Find usages`"""
        return self._names.get(event.agent) or f"agent {visible_line(event.agent)}"

    def tells_of(self, call: ToolUse) -> bool:
        """Whether the end of an agent has told of the call that asked it, or will."""
        return call.id in self._calls

    def lines(self, event: AnyEvent, *, is_running: bool) -> Iterator[str]:
        match event:
            case AgentStarted(row=row):
                self._begun[row.id] = event
                self._calls.add(row.call)
                self._names[row.id] = _name(row.title or row.kind)
                background = ", in the background" if row.background else ""
                yield f"tool: {self._names[row.id]}, started{background}"
            case AgentEnded():
                yield from self._ended(event, is_running=is_running)
            case Notice(level="warning" | "error" as level, text=text):
                yield f"{level}: {self.name(event)}: {visible_line(text)}"
            case HookEnded() if text := failure(event):
                yield f"warning: {self.name(event)}: {visible_line(text)}"
            case _:
                pass

    def step(self, event: StepChanged) -> Iterator[str]:
        text = f", {visible_line(event.text)}" if event.text and not event.is_told_next else ""
        item = f", {visible_line(event.item)}" if event.item else ""
        label = {"failed": "tool failed", "waiting": "note"}.get(event.state, "tool")
        name = f"workflow {visible_line(event.workflow)}, step {visible_line(event.step)}"
        yield f"{label}: {name}{item} {_STEPS[event.state]}{text}"

    def _ended(self, event: AgentEnded, *, is_running: bool) -> Iterator[str]:
        agent, report = event.row, event.report
        self._begun.pop(agent.id, None)
        self._calls.add(agent.call)
        self._names[agent.id] = name = _name(agent.title or agent.kind)
        facts = [counted(report.tool_uses, "tool call") if report.tool_uses else ""]
        facts += [f"{tokens(agent.tokens)} tokens" if agent.tokens else ""]
        known = "".join(f", {fact}" for fact in facts if fact)
        if report.state == "failed":
            yield f"tool failed: {name}{known}: {visible_line(report.error) or 'it gave no reason'}"
        elif report.state == "stopped":
            yield f"tool failed: {name}, stopped after {spoken_duration(report.seconds)}{known}"
        else:
            how = f"done in {spoken_duration(report.seconds)}{known}" if not report.resumed else "had ended before"
            said = outcome(report.text)
            yield f"tool: {name}, {how}{f': {said}' if said else '.'}"
        if report.branch:
            yield f"note: what it changed is on the branch {visible_line(report.branch)}, not merged."
        if agent.background and report.state != "stopped":
            yield f"note: the model hears of it {'before its next step' if is_running else 'with your next message'}."


def _name(title: str) -> str:
    text = visible_line(title or "general-purpose")
    return f"agent {text if len(text) <= _LONGEST else f'{text[:_LONGEST]} …'}"
