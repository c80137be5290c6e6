"""A server that lives in the host, as coder's own files of servers have it. Pure."""

from __future__ import annotations

from coder.core.messages import Json


def hosted_entry(settings: Json) -> Json:
    """What coder has to know of its settings."""
    timeout = settings.get("timeout")
    is_usable = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout >= 1000
    return {"type": "sdk", **({"timeout": timeout} if is_usable else {})}
