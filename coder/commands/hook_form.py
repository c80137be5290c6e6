"""Whether a `hooks` object has the form that hooks have. Must not know how a hook is run, nor where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from coder.commands.suggest import near
from coder.permissions.names import names

EVENTS = names(
    "SessionStart Setup SessionEnd InstructionsLoaded UserPromptSubmit UserPromptExpansion MessageDisplay "
    "PreToolUse PermissionRequest PermissionDenied PostToolUse PostToolUseFailure PostToolBatch Notification "
    "SubagentStart SubagentStop TaskCreated TaskCompleted Stop StopFailure TeammateIdle ConfigChange "
    "CwdChanged DirectoryAdded FileChanged WorktreeCreate WorktreeRemove PreCompact PostCompact Elicitation "
    "ElicitationResult"
)
_NEEDED = {"command": "command", "http": "url", "prompt": "prompt", "agent": "prompt", "mcp_tool": "tool"}


def hook_problems(events: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each with the event it stands under."""
    for event, groups in events.items():
        if event not in EVENTS:
            meant = next(iter(near(event, EVENTS, 1)), "")
            yield event, f"{event[:40]} is no event of hooks" + (f": write {meant}" if meant else "")
        if not isinstance(groups, list):
            yield event, f"{event[:40]} must be a list of objects with matcher and hooks"
            continue
        for group in groups:
            yield from ((event, f"{event[:40]}: {problem}") for problem in _group(group))


def _group(group: object) -> Iterator[str]:
    if not isinstance(group, dict):
        yield "each entry must be an object with matcher and hooks"
        return
    if not isinstance(group.get("matcher"), str | None):
        yield "matcher must be a text, such as Edit|Write"
    handlers = group.get("hooks")
    if not isinstance(handlers, list):
        yield "hooks must be a list of objects such as {type: command, command: …}"
        return
    for handler in handlers:
        yield from _handler(handler)


def _handler(handler: object) -> Iterator[str]:
    if not isinstance(handler, dict):
        yield "each hook must be an object such as {type: command, command: …}"
        return
    kind = handler.get("type", "command")
    if not isinstance(kind, str) or kind not in _NEEDED:
        yield f"type must be one of {', '.join(_NEEDED)}, not {str(kind)[:40]!r}"
        return
    needed = _NEEDED[kind]
    if not isinstance(handler.get(needed), str) or not handler[needed].strip():
        yield f"a hook of the type {kind} needs {needed}, a text"
    seconds = handler.get("timeout")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0):
        yield f"timeout must be a number of seconds, not {str(seconds)[:40]!r}"
