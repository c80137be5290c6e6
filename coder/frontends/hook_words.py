"""What is said of a hook that did not go well. Must not know a terminal."""

from __future__ import annotations

from coder.core.events import HookEnded


def failure(event: HookEnded) -> str:
    """One line, of foreign text; "" for a hook that went well, or was ended with what it was run for."""
    if not event.problem or event.outcome == "cancelled":
        return ""
    return f"{event.name} hook: {event.problem}"
