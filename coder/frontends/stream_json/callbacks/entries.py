"""The entries of servers that a host sets or brings: what coder has to know of one that lives in the host, and what the
host says of who may call which tool. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coder.core.config import Behaviour
from coder.core.messages import Json
from coder.mcp.server import tool_name

BEHAVIOURS: tuple[Behaviour, ...] = ("deny", "ask", "allow")
_POLICIES: dict[object, Behaviour] = {"always_deny": "deny", "always_ask": "ask", "always_allow": "allow"}
_REMOTE = ("http", "sse")
_MOST = 1000  # tools of one server


def hosted_entry(settings: Json) -> Json:
    """As coder's own files of servers have it."""
    timeout = settings.get("timeout")
    is_usable = isinstance(timeout, int | float) and not isinstance(timeout, bool) and timeout >= 1000
    return {"type": "sdk", **({"timeout": timeout} if is_usable else {})}


def policies(entries: Mapping[str, object]) -> dict[Behaviour, tuple[str, ...]]:
    """The rules that the entries say of their tools. One in the host is allowed nothing by that: its host says so in
    other ways. A policy that nobody knows asks."""
    found = [each for name, entry in entries.items() if isinstance(entry, dict) for each in _policies(name, entry)]
    return {behaviour: tuple(rule for kind, rule in found if kind == behaviour) for behaviour in BEHAVIOURS}


def _policies(name: str, entry: Json) -> Iterator[tuple[Behaviour, str]]:
    tools, kind = entry.get("tools"), entry.get("type")
    if not isinstance(tools, list) or kind not in ("sdk", *_REMOTE):
        return
    for tool in tools[:_MOST]:
        if isinstance(tool, dict) and isinstance(called := tool.get("name"), str) and called:
            policy = tool.get("permission_policy")
            behaviour = _POLICIES.get(policy, "ask") if isinstance(policy, str) else "ask"
            if behaviour != "allow" or kind in _REMOTE:
                yield behaviour, tool_name(name, called)
