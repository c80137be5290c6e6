"""A server's tool, called for a hook of the person's own. Must not know hooks."""

from __future__ import annotations

import json

from coder.app.reach.catalogue import reason_of
from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp.errors import ServerError
from coder.mcp.link import Link

_LINE = 300


async def called(link: Link | None, server: str, tool: str, given: Json) -> str:
    """The text of what it answers. Only of a server that is connected: nobody waits for one here. Raises ToolError with
    a line for people."""
    name = visible_line(server)[:100]
    if link is None:
        raise ToolError(f"there is no MCP server {name} in this session")
    if link.standing.state != "connected":
        raise ToolError(f"the MCP server {name} is not connected: {visible_line(reason_of(link))}")
    try:
        answer = await link.call(tool, given, lambda done, total, word: None)
    except ServerError as error:
        raise ToolError(f"the MCP server {name}: {visible_line(str(error))}") from error
    texts = [str(each["text"]) for each in answer.content if isinstance(each.get("text"), str)]
    if not texts and answer.structured is not None:
        texts = [json.dumps(answer.structured, ensure_ascii=False, default=str)]
    text = "\n".join(texts)
    if answer.is_error:
        raise ToolError(f"{visible_line(tool)} of {name} failed: {visible_line(text[:_LINE]) or 'it does not say why'}")
    return text
