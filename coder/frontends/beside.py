"""What runs beside the conversation, in words: commands and agents in the background. Pure; must not know a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from coder.frontends.amounts import counted

if TYPE_CHECKING:
    from coder.core.agents import AgentRow, AgentState

AT_WORK: frozenset[AgentState] = frozenset({"queued", "running", "waiting"})


def in_background(agents: Iterable[AgentRow]) -> int:
    """How many agents are under way that nobody waits for."""
    return sum(each.background and each.state in AT_WORK for each in agents)


def still_running(tasks: int, agents: int) -> tuple[str, str]:
    """What would be ended with the session, as a sentence, and the word for it: "it" or "them"."""
    parts = [counted(count, what) for count, what in ((tasks, "task"), (agents, "agent")) if count]
    verb = "is" if tasks + agents == 1 else "are"
    ends = f", and {'ends' if agents == 1 else 'end'} with the session" if agents and not tasks else ""
    ends = ". Agents end with the session" if agents and tasks else ends
    return f"{' and '.join(parts)} {verb} running{ends}.", "it" if tasks + agents == 1 else "them"
