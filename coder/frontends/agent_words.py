"""Subagents and steps of workflows as lines of plain text: one when something begins, one when it has ended. Knows the
names of those that have begun and nothing else.
"""

from __future__ import annotations

from coder.core.events import AgentEnded, AgentStarted, AnyEvent, StepChanged
from coder.frontends.amounts import counted, duration, tokens
from coder.frontends.plain import one_line
from coder.frontends.render.agents import named, outcome, step_words

_STATES = {"completed": "✓", "failed": "✗", "stopped": "✗"}
_STEPS = {"started": "▸", "done": "✓", "failed": "✗", "waiting": "?", "kept": "✓", "skipped": "-"}
_SAID = {"failed": "failed", "waiting": "waits for you", "kept": "done before, kept", "skipped": "skipped"}
_BRIEF = 200


class Names:
    """Told of every event of an agent, it knows what each was asked for."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def of(self, event: AnyEvent) -> str:
        """`Agent "Find usages"`; by its id where it is not known."""
        if isinstance(event, AgentStarted | AgentEnded):
            self._names[event.row.id] = named(event.row.title, event.row.kind)
            return self._names[event.row.id]
        return self._names.get(event.agent) or named("", event.agent)


def started(event: AgentStarted) -> str:
    """`▸ Agent "Find usages" · Explore · claude-haiku-4-5`"""
    agent = event.row
    facts = [one_line(agent.kind), one_line(agent.model), "in the background" if agent.background else ""]
    return f"▸ {named(agent.title, agent.kind)}{_tail(facts)}"


def ended(event: AgentEnded) -> str:
    """`✓ Agent "List routes" · 5 tool calls · 8.1k tokens · 14s · 17 routes`"""
    agent, report = event.row, event.report
    facts = [
        counted(report.tool_uses, "tool call") if report.tool_uses else "",
        f"{tokens(agent.tokens)} tokens" if agent.tokens else "",
        duration(report.seconds),
    ]
    if report.resumed:
        facts = ["had ended before, not asked again"]
    said = {"failed": f"failed: {one_line(report.error)}", "stopped": "stopped"}.get(report.state, outcome(report.text))
    return f"{_STATES[report.state]} {named(agent.title, agent.kind)}{_tail([*facts, said[:_BRIEF]])}"


def step(event: StepChanged) -> str:
    """`✓ /fix-issue · step review · 2 of 5`"""
    return f"{_STEPS[event.state]} {step_words(event)}{_tail([_SAID.get(event.state, '')])}"


def _tail(facts: list[str]) -> str:
    return "".join(f" · {fact}" for fact in facts if fact)
