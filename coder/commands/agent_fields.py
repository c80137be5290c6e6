"""The keys of an agent's head that have a form of their own. Must not know where files lie, or what they are for."""

from __future__ import annotations

from typing import Any

from coder.commands.definition import Origin
from coder.commands.fields import Fields
from coder.core import agent_servers
from coder.core.choices import Effort
from coder.core.visible import visible_line

REMINDER = "criticalSystemReminder_EXPERIMENTAL"
NOT_HERE = {  # what programs may write and nothing here does
    "observer": "no other agent watches what this one does; a PostToolUse hook can",
    "observerMessage": "there are no observers here",
}
_LONGEST = 64
_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")


def name_problem(name: str) -> str:
    if not name:
        return "name is missing: it is what the agent is called by"
    if len(name) > _LONGEST or visible_line(name) != name or set(name) & set("(),"):
        return f"name must be one line of at most {_LONGEST} characters without commas and parentheses: {name[:40]!r}"
    if ":" in name or name.startswith("-"):
        return f"name must not hold a colon nor begin with a dash: {name[:40]!r}"
    return ""


def tools(fields: Fields) -> tuple[str, ...] | None:
    """A star is every tool, as is saying nothing."""
    if fields.head.meta.get("tools") is None:
        return None
    found = fields.rules("tools")
    return None if found in {("*",), ("All", "tools"), ("all",)} else found


def servers(fields: Fields) -> tuple[Any, ...]:
    value = fields.head.meta.get("mcpServers")
    if value is not None and not isinstance(value, list | dict):
        return fields.listed("mcpServers")
    found = agent_servers.entries_of(value)
    if agent_servers.strays(found):
        fields.note("mcpServers", "mcpServers must hold names of servers, and servers by name: the rest is not used")
    return found


def effort(fields: Fields, origin: Origin) -> Effort | None:
    """A number, which programs may give, has no name among ours: a wish that is not met is no mistake of theirs."""
    said = fields.head.meta.get("effort")
    if origin == "given" and isinstance(said, int | float) and not isinstance(said, bool):
        fields.note("effort", f"effort {said} does not count: levels have names here, {', '.join(_EFFORTS)}")
        return None
    return fields.choice("effort", _EFFORTS)


def with_reminder(text: str, fields: Fields) -> str:
    return "\n\n".join(filter(None, (text, fields.text(REMINDER))))
