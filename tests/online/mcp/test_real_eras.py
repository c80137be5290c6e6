"""A server of each era of the protocol, over each transport, made with the library that most servers are made with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from coder.core.messages import Json
from coder.mcp.owner import Owner
from coder.mcp.server import Http, Transport
from tests.support.mcp_links import Asked, linked, newer, place_in, server_of
from tests.support.real_servers import Shelf, telling_ports

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=["stdio", "http", "sse"])
def older(request: pytest.FixtureRequest, servers: Shelf) -> Iterator[Transport]:
    kind = request.param
    if kind == "stdio":
        yield servers.older("stdio")
        return
    with ExitStack() as stack:
        ports = stack.enter_context(telling_ports(servers.older("http")))
        path, port = ("sse", ports[1]) if kind == "sse" else ("mcp", ports[0])
        yield Http(f"http://127.0.0.1:{port}/{path}", kind)


async def text(link: Owner, tool: str, **given: object) -> str:
    answer = await link.call(tool, dict(given), lambda *move: None)
    assert not answer.is_error, answer.content
    return str(answer.content[0]["text"])


@pytest.mark.behaviour("B-1818")
async def test_a_server_of_the_older_era_has_all_it_may_ask_for(older: Transport, tmp_path: Path) -> None:
    host = Asked((tmp_path,))
    thought: Json = {"role": "assistant", "content": {"type": "text", "text": "Go on."}, "model": "m"}
    host.answers = {"elicit": {"action": "accept", "content": {"sure": True}}, "sample": thought}
    moves: list[tuple[float, float | None, str]] = []
    async with linked(server_of(older, "older"), place_in(tmp_path), host) as link:
        assert await link.ready(), link.standing.reason
        assert link.standing.protocol == "2025-11-25"
        assert (link.offer.instructions, link.offer.title) == ("Take your time.", "older")
        answer = await link.call("add", {"a": 1, "b": 2}, lambda *move: None)
        assert (answer.structured, answer.content[0]["text"]) == ({"result": 3}, "3")
        assert (await link.call("fail", {}, lambda *move: None)).is_error
        assert (await link.call("picture", {}, lambda *move: None)).content[0]["mimeType"] == "image/png"
        await link.call("slow", {}, lambda *move: moves.append(move))
        assert moves == [(1.0, 2.0, "half")]
        await host.until(lambda: ("warning", "a word") in host.lines)
        assert await text(link, "ask") == "accept True"
        assert await text(link, "think") == "Go on."
        assert await text(link, "roots") == tmp_path.as_uri()
        assert "meta=None" in await text(link, "ping")  # it was answered
        assert [asked for asked, _ in host.questions] == ["elicit", "sample"]
        assert (await link.read("notes://by/Ann"))[0]["text"] == "Ann"
        assert "hello to Ann" in json.dumps(await link.prompt("greet", {"name": "Ann"}))
        await text(link, "grow")
        await host.until(lambda: "more" in [tool.tool for tool in link.offer.tools])
        assert await text(link, "more", a=2, b=2) == "4"


@pytest.mark.behaviour("B-1818")
async def test_a_server_of_the_newer_era_that_others_publish_is_spoken_to_in_it(servers: Shelf, tmp_path: Path) -> None:
    for server in (newer(), server_of(servers.python("time"), "time")):
        async with linked(server, place_in(tmp_path)) as link:
            assert await link.ready(), link.standing.reason
            assert link.standing.protocol == "2026-07-28"
