"""A server made with the library, for both eras of the protocol: `newer.py stdio|http`; the latter prints its ports."""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Annotated, Any

import mcp_types as types
import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ListRoots, Resolve, Sample
from pydantic import BaseModel

server = MCPServer("newer", version="2", instructions="Add up.")


class Sure(BaseModel):
    sure: bool


def asked() -> Elicit[Sure]:
    return Elicit("Sure?", Sure)


def thought() -> Sample:
    text = types.TextContent(type="text", text="What now?")
    return Sample([types.SamplingMessage(role="user", content=text)], max_tokens=9)


def rooted() -> ListRoots:
    return ListRoots()


@server.tool()
def add(a: int, b: int) -> int:
    return a + b


@server.tool()
async def slow(ctx: Context[Any, Any]) -> str:
    await ctx.report_progress(1, 2, "half")
    return "done"


@server.tool()
def ask(answer: Annotated[Sure, Resolve(asked)]) -> str:
    return f"sure: {answer.sure}"


@server.tool()
def think(answer: Annotated[types.CreateMessageResult, Resolve(thought)]) -> str:
    return answer.model_dump_json()


@server.tool()
def roots(answer: Annotated[types.ListRootsResult, Resolve(rooted)]) -> str:
    return " ".join(str(root.uri) for root in answer.roots)


@server.tool()
async def grow(ctx: Context[Any, Any]) -> str:
    server.add_tool(add, name=f"more{len(await server.list_tools())}")
    await ctx.notify_tools_changed()
    return "grown"


@server.resource("notes://one")
def note() -> str:
    return "a note"


@server.resource("notes://by/{name}")
def by(name: str) -> str:
    return name


@server.prompt()
def greet(name: str) -> str:
    return f"Say hello to {name}."


async def serve() -> None:
    """The streamable transport at the first address, the older one at the second."""
    apps = [server.streamable_http_app(), server.sse_app()]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in apps]
    print(*(one.getsockname()[1] for one in sockets), flush=True)
    servers = [uvicorn.Server(uvicorn.Config(app, log_level="critical")) for app in apps]
    await asyncio.gather(*(one.serve([socket]) for one, socket in zip(servers, sockets, strict=True)))


if __name__ == "__main__":
    server.run("stdio") if sys.argv[1] == "stdio" else asyncio.run(serve())
