"""What is said of tools of an extension that nobody has said yes to. Must not know who holds them back."""

from __future__ import annotations

from collections.abc import Sequence

from coder.core.visible import visible_line

_MOST, _LONGEST = 5, 80


def held_back(name: str, tool: str) -> str:
    """The answer to a call of one."""
    return (
        f"{_named(tool)} was not called: it is a tool of the extension {name} that the person has not said yes to. "
        f"They see and allow it with: coder extension enable {name}"
    )


def held_notice(name: str, tools: Sequence[str]) -> str:
    """For people, when they are first seen."""
    shown = ", ".join(map(_named, tools[:_MOST]))
    more = f" and {len(tools) - _MOST} more" if len(tools) > _MOST else ""
    return (
        f"The extension {name} offers tools that you have not said yes to: {shown}{more}. "
        f"They are held back. To see and allow them: coder extension enable {name}"
    )


def _named(tool: str) -> str:
    shown = visible_line(tool[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
