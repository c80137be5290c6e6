"""Plugins read again while a session is open, for a host that has changed some, or brings more. Must not know what
plugins are made of, or how a session is opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.session import Session
from coder.core.errors import CoderError
from coder.core.messages import Json
from coder.frontends.stream_json.callbacks import introducing
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import servers

if TYPE_CHECKING:
    from coder.frontends.stream_json.host import Host

_BUSY = "reload_plugins_busy"
_MOST = 1000


async def reload(host: Host, own: Callable[[], tuple[str, ...]], request: Json) -> Json:
    """Between turns: the one that runs ends first, unless `refuse_if_busy` is set. Agents and commands in the
    background would not outlive it, so that it waits for whoever asks to end them."""
    added = _added(request)
    if request.get("refuse_if_busy") is True and (why := host.turns.busy):
        raise RequestError(f"nothing was reloaded: {why}", _BUSY)

    async def reloaded() -> Json:
        session = await host.seat.opened()
        _expect_reopenable(session)
        held: Json = {}
        if request.get("hold_on_cache_impact") is True:
            held = await _impact(session, added)
        if not held.get("held"):
            host.turns.is_another()  # also where it goes back to what it was, which is then made anew, too
            session = await host.seat.reload(added)
            host.out.is_another(session)
        return {**await asyncio.to_thread(_parts, session, own), **held}

    try:
        return await host.turns.between.ask(reloaded)
    except CoderError as error:
        raise RequestError(str(error)) from error


def _added(request: Json) -> dict[str, bool]:
    """The folders and archives, and whether the servers of each are wanted. Raises RequestError."""
    given = request.get("add_plugins")
    if given is None:
        return {}
    if not isinstance(given, list) or len(given) > _MOST:
        raise RequestError(f"add_plugins must be a list of at most {_MOST}")
    found: dict[str, bool] = {}
    for at, each in enumerate(given):
        path = each.get("path") if isinstance(each, dict) and each.get("type") == "local" else None
        if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
            raise RequestError(f'add_plugins[{at}] must be {{"type": "local", "path": "/…"}}')
        found[path] = each.get("skipMcpDiscovery") is not True
    return found


def _expect_reopenable(session: Session) -> None:
    """Raises RequestError."""
    if session.facts.transcript is None and session.messages:
        raise RequestError("this session is not kept, so that it cannot go on with other plugins")
    if session.agents is not None and session.agents.behind:
        raise RequestError("an agent works in the background, and would be ended: stop_task ends it", _BUSY)
    if any(task.state == "running" for task in session.tasks.all):
        raise RequestError("a command runs in the background, and would be ended: stop_task ends it", _BUSY)


async def _impact(session: Session, added: dict[str, bool]) -> Json:
    """What it would change of the tools that the conversation so far was sent with."""
    inquiries, paths = session.inquiries, {Path(path): wanted for path, wanted in added.items()}
    before, after = inquiries.plugin_servers(), await asyncio.to_thread(inquiries.plugin_servers_anew, paths)
    if before == after or not any(message.meta.kind == "reply" for message in session.messages):
        return {"held": False}
    changed = {"mcp_servers_added": sorted(after - before), "mcp_servers_removed": sorted(before - after)}
    return {"held": True, "cache_impact": {**changed, "lsp_tool_change": None}}


def _parts(session: Session, own: Callable[[], tuple[str, ...]]) -> Json:
    named = session.facts.plugins
    return {
        "commands": introducing.commands_of(session, own),
        "agents": introducing.agents_of(session),
        "plugins": [
            {"name": each.name, "path": str(each.path), **({"version": each.version} if each.version else {})}
            for each in (named.loaded if named is not None else ())
        ],
        "mcpServers": servers.rows(session),
        "error_count": len(named.problems) if named is not None else 0,
    }
