"""How servers are doing, in words. Must not know screens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.app.reach.rows import ServerRow
    from coder.mcp.server import State

STATES: Mapping[State, str] = {
    "pending": "not begun yet",
    "connecting": "connecting",
    "connected": "connected",
    "needs-auth": "needs a login",
    "failed": "failed",
    "disabled": "off",
    "unapproved": "not approved",
}
_MOST = 6
_REASON = 60


def in_short(servers: Sequence[ServerRow]) -> str:
    """All of them in a line: what does not work first, with the reason."""
    ordered = sorted(servers, key=lambda each: each.state == "connected")
    said = [_one(each) for each in ordered[:_MOST]]
    more = f" · {len(ordered) - _MOST} more" if len(ordered) > _MOST else ""
    hint = " (/mcp for details)" if any(each.state in ("failed", "needs-auth") for each in servers) else ""
    return f"{' · '.join(said)}{more}{hint}"


def _one(each: ServerRow) -> str:
    name = visible_line(each.name[:40])
    match each.state:
        case "connected":
            return f"{name} ok"
        case "failed":
            reason = visible_line(each.reason).removesuffix(".")
            return f"{name} ✗ {reason if len(reason) <= _REASON else reason[: _REASON - 1] + '…'}"
        case state:
            return f"{name} {STATES[state]}"
