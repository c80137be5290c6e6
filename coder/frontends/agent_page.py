"""All of one subagent to read: what it is at, what it was told, what it called and said, as far as it is. Must not know
where it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.errors import SessionError
from coder.frontends.amounts import counted, duration, money, tokens
from coder.frontends.render.agents import named
from coder.frontends.styled import foreign
from coder.frontends.talk_text import talk_pieces
from coder.sessions.load import load

if TYPE_CHECKING:
    from coder.core.agents import AgentRow

_STATES = {"completed": "done", "queued": "waits for a place"}
_MOST = 1_000_000  # characters at the end of it that are shown


def page(agent: AgentRow) -> str:
    """Blocks while it reads. Never raises."""
    return f"{_head(agent)}\n\n{_talk(agent)}\n"


def _head(agent: AgentRow) -> str:
    state = _STATES.get(agent.state, agent.state)
    facts = [
        foreign(agent.kind),
        foreign(agent.model),
        state,
        f"step {agent.step}" if agent.step else "",
        counted(agent.tool_uses, "tool call") if agent.tool_uses else "",
        f"{tokens(agent.tokens)} tokens" if agent.tokens else "",
        money(agent.usd),
        duration(agent.seconds),
    ]
    lines = [f"{named(agent.title, agent.kind)} · {' · '.join(filter(None, facts))}"]
    if agent.doing and agent.state in ("running", "waiting"):
        lines.append(f"now: {foreign(agent.doing)}")
    return "\n".join(lines)


def _talk(agent: AgentRow) -> str:
    if agent.transcript is None:
        return "What it was told and said is not kept in this session."
    if not agent.transcript.exists():
        return "It has not said anything yet."
    try:
        messages = load(agent.transcript, whole=True, aside=True).messages
    except SessionError as error:
        return f"What it said cannot be read: {foreign(str(error))}"
    text = "\n\n".join(talk_pieces(messages, tools=True))
    left_out = len(text) - _MOST
    if left_out > 0:
        text = f"[{left_out:,} characters before this are in {foreign(str(agent.transcript))}]\n{text[left_out:]}"
    return text or "It has not said anything yet."
