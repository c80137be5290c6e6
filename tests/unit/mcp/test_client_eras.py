"""What servers of both eras can do with a session, over each transport; and what is remembered of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.core.messages import Json
from coder.mcp.links import Links
from coder.mcp.server import Hosted, Http, Server
from tests.support.mcp_links import SERVERS, Asked, linked, newer, odd, place_in, say, server_of


@pytest.fixture(scope="module")
def ports() -> Iterator[list[int]]:
    command = [sys.executable, str(SERVERS / "newer.py"), "http"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield [int(port) for port in process.stdout.readline().split()]
        process.kill()


@pytest.fixture(params=["http", "sse", "stdio"])
def newer_one(request: pytest.FixtureRequest, ports: list[int]) -> Server:
    if request.param == "stdio":
        return newer()
    is_old = request.param == "sse"
    path, port = ("sse", ports[1]) if is_old else ("mcp", ports[0])
    return server_of(Http(f"http://127.0.0.1:{port}/{path}", "sse" if is_old else "http"), "newer")


@pytest.mark.behaviour("B-1598")
async def test_a_server_of_the_newer_protocol_has_all_it_may_ask_for(newer_one: Server, tmp_path: Path) -> None:
    host = Asked((tmp_path,))
    host.answers = {
        "elicit": {"action": "accept", "content": {"sure": True}},
        "sample": {"role": "assistant", "content": {"type": "text", "text": "Go on."}, "model": "m"},
    }
    moves: list[tuple[float, float | None, str]] = []
    async with linked(newer_one, place_in(tmp_path), host) as link:
        assert await link.ready(), link.standing.reason
        assert link.standing.protocol == "2026-07-28"
        assert (link.offer.instructions, link.offer.title, link.offer.version) == ("Add up.", "newer", "2")
        assert [(one.uri, one.is_template) for one in link.offer.resources] == [
            ("notes://one", False),
            ("notes://by/{name}", True),
        ]
        assert [prompt.arguments for prompt in link.offer.prompts] == [(("name", "", True),)]
        answer = await link.call("add", {"a": 1, "b": 2}, lambda *move: None)
        assert (answer.structured, answer.is_error) == ({"result": 3}, False)
        await link.call("slow", {}, lambda *move: moves.append(move))
        assert moves == [(1.0, 2.0, "half")]
        assert await say(link, tool="ask") == "sure: True"
        assert "Go on." in await say(link, tool="think")
        assert await say(link, tool="roots") == tmp_path.as_uri()
        assert [kind for kind, _ in host.questions] == ["elicit", "sample"]
        assert (await link.call("no-such", {}, lambda *move: None)).is_error
        assert [one["text"] for one in await link.read("notes://by/ann")] == ["ann"]
        (prompt,) = await link.prompt("greet", {"name": "Bo"})
        assert prompt["content"]["text"] == "Say hello to Bo."
        known = len(link.offer.tools)
        await say(link, tool="grow")
        await host.until(lambda: len(link.offer.tools) == known + 1)


class Program:
    """Implements `coder.mcp.link.Channel`: a program with a server of its own."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def send(self, server: str, message: Json) -> Json | None:
        method: str = message["method"]
        self.heard.append(method)
        if "id" not in message:
            return None
        results: dict[str, Any] = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": server, "version": "1"},
            },
            "tools/list": {"tools": [{"name": "echo", "inputSchema": {"type": "object"}}]},
        }
        if method == "tools/call":
            text = message["params"]["arguments"]["text"]
            if text == "gone":
                raise ConnectionError("the program has left")
            results[method] = {"content": [{"type": "text", "text": text}]}
        return {"jsonrpc": "2.0", "id": message["id"], "result": results[method]}


@pytest.mark.behaviour("B-1599")
async def test_a_server_inside_the_program_that_started_us(tmp_path: Path) -> None:
    program, host = Program(), Asked()
    async with linked(server_of(Hosted(), "inside"), place_in(tmp_path), host, program) as link:
        assert await say(link) == "hello"
        assert program.heard == ["initialize", "notifications/initialized", "tools/list", "tools/call"]
        with pytest.raises(Exception, match="cannot be reached: the program has left during the tool echo"):
            await say(link, "gone")
    async with linked(server_of(Hosted(), "inside"), place_in(tmp_path)) as link:
        assert not await link.ready()
        assert "no program that has such servers has started coder" in link.standing.reason


@pytest.mark.behaviour("B-1600")
async def test_what_was_offered_is_known_at_once_the_next_time(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    server = odd(env={"KEY": "s3cret-value"})
    async with linked(server, place) as link:
        assert not link.offer.tools
        assert await link.ready()
        heard = link.offer
    again = Links([server], Asked(), place).links[0].offer
    assert again.cached
    assert [tool.name for tool in again.tools] == [tool.name for tool in heard.tools]
    (file,) = place.cache.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in file.read_text()
    other = Links([replace(server, digest="f" * 16)], Asked(), place).links[0]
    assert not other.offer.tools  # an entry that changed is another server


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"{}", b"[" * 100_000, b'{"form":1,"tools":5}', b'{"form": 1, "tools": [{"name": 7}]}'],
)
def test_a_cache_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    place = place_in(tmp_path)
    place.cache.mkdir()
    (place.cache / f"{odd().digest}.json").write_bytes(content)
    assert Links([odd()], Asked(), place).links[0].offer.tools == ()


def test_a_cache_that_is_no_file_is_none(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    place.cache.mkdir()
    os.mkfifo(place.cache / f"{odd().digest}.json")
    assert Links([odd()], Asked(), place).links[0].offer.tools == ()


async def test_some_servers_are_waited_for_and_no_others(tmp_path: Path) -> None:
    links = Links([odd(), odd("silent", name="silent", start=0.3)], Asked(), place_in(tmp_path))
    links.start()
    assert await links.ready(["odd", "missing"], 20) == {"odd": True, "missing": False}
    assert await links.ready(["silent"], 0.01) == {"silent": False}
    assert links.find("silent") is not None
    await links.aclose()


def test_making_links_loads_nothing() -> None:
    line = (
        "import sys; from coder.mcp.links import Links; heavy = ('mcp', 'httpx2', 'anyio'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []
