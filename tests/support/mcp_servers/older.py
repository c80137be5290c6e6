"""A server made with the library's edition before 2: `older.py stdio|http`; the latter prints its ports. Run by a
Python that has that edition."""

from __future__ import annotations

import asyncio
import socket
import sys

import uvicorn
from mcp.server.fastmcp import Context, FastMCP, Image  # type: ignore[attr-defined]  # of the older edition
from mcp.types import ModelHint, ModelPreferences, SamplingMessage, TextContent
from pydantic import BaseModel

server = FastMCP("older", instructions="Take your time.")


class Sure(BaseModel):
    sure: bool


def add(a: int, b: int) -> int:
    return a + b


def fail() -> str:
    raise ValueError("on purpose")


def picture() -> Image:
    return Image(data=b"\x89PNG\r\n\x1a\n", format="png")


async def slow(ctx: Context) -> str:
    await ctx.report_progress(1, 2, "half")
    await ctx.warning("a word")
    return "done"


async def ask(ctx: Context) -> str:
    answer = await ctx.elicit("Sure?", Sure)
    return f"{answer.action} {answer.data.sure}"


async def think(ctx: Context) -> str:
    said = [SamplingMessage(role="user", content=TextContent(type="text", text="What now?"))]
    wish = ModelPreferences(hints=[ModelHint(name="fast")])
    answer = await ctx.session.create_message(said, max_tokens=9, model_preferences=wish)
    return str(answer.content.text)


async def roots(ctx: Context) -> str:
    return " ".join(str(root.uri) for root in (await ctx.session.list_roots()).roots)


async def ping(ctx: Context) -> str:
    return str(await ctx.session.send_ping())


async def grow(ctx: Context) -> str:
    server.add_tool(add, name="more")
    await ctx.session.send_tool_list_changed()
    return "grown"


def note() -> str:
    return "a note"


def by(name: str) -> str:
    return name


def greet(name: str) -> str:
    return f"Say hello to {name}."


for tool in (add, fail, picture, slow, ask, think, roots, ping, grow):
    server.add_tool(tool)
server.resource("notes://one")(note)
server.resource("notes://by/{name}")(by)
server.prompt()(greet)


async def serve() -> None:
    """The streamable transport at the first address, the older one at the second."""
    apps = [server.streamable_http_app(), server.sse_app()]
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in apps]
    print(*(one.getsockname()[1] for one in sockets), flush=True)
    servers = [uvicorn.Server(uvicorn.Config(app, log_level="critical")) for app in apps]
    await asyncio.gather(*(one.serve([at]) for one, at in zip(servers, sockets, strict=True)))


if __name__ == "__main__":
    server.run("stdio") if sys.argv[1] == "stdio" else asyncio.run(serve())
