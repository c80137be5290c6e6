"""The MCP servers of the session for a host: how they are doing; one begun anew, turned off or on. Must not know how
servers are reached.
"""

from __future__ import annotations

from typing import Any

from coder.app.reach.rows import ServerRow
from coder.app.session import Session
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.opening import STATUSES
from coder.frontends.stream_json.queries import fields
from coder.mcp.server import ServerTool

_SCOPES = {"flag": "dynamic", "extension": "plugin"}
_HINTS = {"readOnly": "readOnlyHint", "destructive": "destructiveHint", "openWorld": "openWorldHint"}


async def status(session: Session, request: Json) -> Json:
    """Whoever looks wants to know: they begin to connect, if they have not."""
    del request
    session.servers.begin()
    return {"mcpServers": rows(session)}


def rows(session: Session) -> list[Json]:
    return [_row(each) for each in session.servers.rows]


async def reconnect(session: Session, request: Json) -> Json:
    each = _named(session, fields.text(request, "serverName"))
    name, reach = fields.shown(each.name), session.reach
    if reach is None or each.state in ("disabled", "unapproved"):
        raise RequestError(f"{name} is not used: {fields.shown(each.reason or 'it is turned off')}")
    if not await reach.reconnect(each.name):
        now = _named(session, each.name)
        raise RequestError(f"{name}: {fields.shown(now.reason or now.state)}")
    return {}


async def toggle(session: Session, request: Json) -> Json:
    """For this session: what is written down for the project stays as it is."""
    each, is_on = _named(session, fields.text(request, "serverName")), fields.switch(request, "enabled")
    if session.reach is None or not await session.reach.turn(each.name, is_on=is_on):
        if is_on == (each.state not in ("disabled", "unapproved")):
            return {}
        why = fields.shown(each.reason or "the settings of this project say so")
        raise RequestError(f"{fields.shown(each.name)} is not used, and cannot be turned on in this session: {why}")
    return {}


def _named(session: Session, name: str) -> ServerRow:
    found = next((each for each in session.servers.rows if each.name == name), None)
    if found is None:
        names = ", ".join(fields.shown(each.name) for each in session.servers.rows) or "none"
        raise RequestError(f"there is no MCP server {fields.shown(name)} in this session; there are: {names}")
    return found


def _row(each: ServerRow) -> Json:
    row: dict[str, Any] = {"name": each.name, "status": STATUSES.get(each.state, each.state)}
    if each.state == "connected":
        row["serverInfo"] = {"name": each.title or each.name, "version": each.version}
        row["tools"] = [_tool(tool) for tool in each.tools]
    if each.reason and each.state != "connected":
        row["error"] = visible_line(each.reason)
    if each.scope is not None:
        row["scope"] = _SCOPES.get(each.scope, each.scope)
    if each.config is not None:
        row["config"] = each.config
    return row


def _tool(tool: ServerTool) -> Json:
    hints = {name: tool.hints[hint] for name, hint in _HINTS.items() if hint in tool.hints}
    about = {"description": tool.description} if tool.description else {}
    return {"name": tool.tool, **about, **({"annotations": hints} if hints else {})}
