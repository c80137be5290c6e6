"""The reference server that has every feature of the protocol, over each of its three transports. docs/mcp_servers.md
says which test shows what."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from coder.core.messages import Json
from coder.mcp.errors import ServerError
from coder.mcp.owner import Owner
from coder.mcp.server import Answer, Http, Transport
from tests.support.mcp_links import Asked, linked, place_in, server_of
from tests.support.real_servers import Shelf, running

pytestmark = [pytest.mark.online, pytest.mark.timeout(600), pytest.mark.behaviour("B-1821")]


@pytest.fixture(scope="module", params=["stdio", "http", "sse"])
def transport(request: pytest.FixtureRequest, servers: Shelf) -> Iterator[Transport]:
    kind = request.param
    if kind == "stdio":
        yield servers.node("everything", "stdio")
        return
    with ExitStack() as stack:
        name, path = ("sse", "sse") if kind == "sse" else ("streamableHttp", "mcp")
        port = stack.enter_context(running(servers.node("everything", name)))
        yield Http(f"http://127.0.0.1:{port}/{path}", kind)


class Everything:
    """A session with that server."""

    def __init__(self, link: Owner, host: Asked) -> None:
        self.link, self.host = link, host
        self.moves: list[tuple[float, float | None, str]] = []

    async def call(self, tool: str, **arguments: Any) -> Answer:
        return await self.link.call(tool, arguments, lambda *move: self.moves.append(move))

    async def text(self, tool: str, **arguments: Any) -> str:
        answer = await self.call(tool, **arguments)
        assert not answer.is_error, answer.content
        return "\n".join(block["text"] for block in answer.content)


@asynccontextmanager
async def everything(transport: Transport, folder: Path, **answers: Json) -> AsyncIterator[Everything]:
    host = Asked((folder,))
    host.answers = answers
    async with linked(server_of(transport, "everything"), place_in(folder), host) as link:
        assert await link.ready(), link.standing.reason
        yield Everything(link, host)
        # It asks for the folders a moment after it is connected, and as a program it does not end while it waits.
        await host.until(lambda: host.lines)


async def test_what_it_offers(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        offer = it.link.offer
        assert it.link.standing.protocol == "2025-11-25" and not offer.cached and not offer.problems
        assert (offer.title, offer.version) == ("Everything Reference Server", "2.0.0")
        assert "# Everything Server" in offer.instructions
        tools = {tool.tool: tool for tool in offer.tools}
        assert len(tools) == 17
        assert tools["echo"].name == "mcp__everything__echo" and tools["echo"].title == "Echo Tool"
        assert tools["echo"].schema["required"] == ["message"]
        assert tools["gzip-file-as-resource"].hints["openWorldHint"] is True
        # These are there because coder said that it can be asked.
        assert {"get-roots-list", "trigger-sampling-request", "trigger-elicitation-request"} < set(tools)
        assert "trigger-url-elicitation" in tools
        # And these are not, for they are for programs that can do what they are asked as a task.
        assert not [name for name in tools if name.endswith("-async")]
        assert {prompt.prompt: prompt.arguments for prompt in offer.prompts}["args-prompt"] == (
            ("city", "Name of the city", True),
            ("state", "", False),
        )
        addresses = {(one.uri, one.mime, one.is_template) for one in offer.resources}
        assert ("demo://resource/static/document/features.md", "text/markdown", False) in addresses
        assert ("demo://resource/dynamic/text/{resourceId}", "text/plain", True) in addresses


async def test_text_and_errors(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        assert await it.text("echo", message="héllo ❯ 😀") == "Echo: héllo ❯ 😀"
        assert await it.text("get-sum", a=1, b=2.5) == "The sum of 1 and 2.5 is 3.5."
        wrong = await it.call("echo")
        assert wrong.is_error and "expected string" in wrong.content[0]["text"]
        missing = await it.call("nope")
        assert missing.is_error and "Tool nope not found" in missing.content[0]["text"]


async def test_environment(transport: Transport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets the few variables that every program needs, and no others."""
    monkeypatch.setenv("NOBODYS_SECRET", "canary")
    async with everything(transport, tmp_path) as it:
        given = json.loads(await it.text("get-env"))
    assert "PATH" in given and "NOBODYS_SECRET" not in given
    if not isinstance(transport, Http):
        assert not [name for name in given if name.startswith(("ANTHROPIC", "CODER_"))]


async def test_annotations(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        text, image = (await it.call("get-annotated-message", messageType="error", includeImage=True)).content
    assert text["annotations"] == {"audience": ["user", "assistant"], "priority": 1.0}
    assert (image["type"], image["mimeType"], image["annotations"]["audience"]) == ("image", "image/png", ["user"])


async def test_images(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        _, image, _ = (await it.call("get-tiny-image")).content
    assert base64.b64decode(image["data"]).startswith(b"\x89PNG\r\n")


async def test_structured_content(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        answer = await it.call("get-structured-content", location="New York")
    assert answer.structured == {"temperature": 33, "conditions": "Cloudy", "humidity": 82}
    assert json.loads(answer.content[0]["text"]) == answer.structured


async def test_resource_links(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        _, *links = (await it.call("get-resource-links", count=4)).content
        assert [(link["type"], link["mimeType"]) for link in links] == [("resource_link", "text/plain")] * 4
        for link in links:
            (content,) = await it.link.read(link["uri"])
            assert content["uri"] == link["uri"] and ("text" in content or "blob" in content)


async def test_embedded_resources(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        for kind, key in (("Text", "text"), ("Blob", "blob")):
            _, block, _ = (await it.call("get-resource-reference", resourceType=kind, resourceId=1)).content
            assert block["type"] == "resource" and block["resource"][key]


async def test_resources(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        (page,) = await it.link.read("demo://resource/static/document/features.md")
        assert page["mimeType"] == "text/markdown" and page["text"].startswith("# Everything Server")
        with pytest.raises(ServerError, match=r"refused the resource demo://nope: .*not found"):
            await it.link.read("demo://nope")


async def test_resource_templates(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        (text,) = await it.link.read("demo://resource/dynamic/text/7")
        assert text["text"].startswith("Resource 7: This is a plaintext resource")
        (blob,) = await it.link.read("demo://resource/dynamic/blob/8")
        assert base64.b64decode(blob["blob"]).startswith(b"Resource 8: This is a base64 blob")


async def test_resources_of_a_session_and_changed_lists(transport: Transport, tmp_path: Path) -> None:
    """What is made during a session is told of, listed and can be read."""
    given = {"name": "made.gz", "data": "data:text/plain,hello"}
    address = "demo://resource/session/made.gz"
    async with everything(transport, tmp_path) as it:
        (link,) = (await it.call("gzip-file-as-resource", **given)).content
        assert (link["type"], link["uri"]) == ("resource_link", address)
        await it.host.until(lambda: address in [one.uri for one in it.link.offer.resources])
        (read,) = await it.link.read(address)
        assert base64.b64decode(read["blob"]).startswith(b"\x1f\x8b")
        (block,) = (await it.call("gzip-file-as-resource", **given, outputType="resource")).content
        assert block["resource"]["mimeType"] == "application/gzip"


async def test_prompts(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        (simple,) = await it.link.prompt("simple-prompt", {})
        assert simple["content"]["text"] == "This is a simple prompt without arguments."
        (weather,) = await it.link.prompt("args-prompt", {"city": "Ulm", "state": "BW"})
        assert weather["content"]["text"] == "What's weather in Ulm, BW?"
        (team,) = await it.link.prompt("completable-prompt", {"department": "Sales", "name": "Eve"})
        assert "promote Eve" in team["content"]["text"]
        with pytest.raises(ServerError, match=r"refused the prompt args-prompt: .*city"):
            await it.link.prompt("args-prompt", {})


async def test_prompts_with_resources(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        _, resource = await it.link.prompt("resource-prompt", {"resourceType": "Text", "resourceId": "3"})
    assert resource["content"]["type"] == "resource"
    assert resource["content"]["resource"]["text"].startswith("Resource 3")


async def test_progress(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        said = await it.text("trigger-long-running-operation", duration=0.4, steps=4)
        assert "completed" in said and it.moves == [(float(step), 4.0, "") for step in range(1, 5)]


async def test_cancelling(transport: Transport, tmp_path: Path) -> None:
    """Who stops waiting ends one call; the server goes on, and other calls beside it."""
    async with everything(transport, tmp_path) as it:
        began = asyncio.Event()
        long = asyncio.create_task(
            it.link.call("trigger-long-running-operation", {"duration": 60, "steps": 600}, lambda *_: began.set())
        )
        async with asyncio.timeout(20):
            await began.wait()
        assert await it.text("echo", message="meanwhile") == "Echo: meanwhile"
        long.cancel()
        with suppress(asyncio.CancelledError):
            await long
        assert await it.text("echo", message="after") == "Echo: after"


async def test_logging(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        # The server logs that it has asked for the folders.
        await it.host.until(lambda: any("Roots updated: 1 root(s)" in line for _, line in it.host.lines))
        assert "Started simulated" in await it.text("toggle-simulated-logging")
        assert "Stopped simulated" in await it.text("toggle-simulated-logging")


async def test_roots(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        await it.host.until(lambda: it.host.lines)
        assert tmp_path.as_uri() in await it.text("get-roots-list")
        await it.link.roots_changed()
        await it.host.until(lambda: len([line for _, line in it.host.lines if "Roots updated" in line]) == 2)


async def test_sampling(transport: Transport, tmp_path: Path) -> None:
    thought: Json = {"role": "assistant", "content": {"type": "text", "text": "I think so."}, "model": "m"}
    async with everything(transport, tmp_path, sample=thought) as it:
        assert "I think so." in await it.text("trigger-sampling-request", prompt="What now?", maxTokens=9)
        ((kind, asked),) = it.host.questions
        assert kind == "sample" and asked["maxTokens"] == 9 and "What now?" in json.dumps(asked["messages"])
        assert asked["systemPrompt"] == "You are a helpful test server."
        it.host.answers = {}
        refused = await it.call("trigger-sampling-request", prompt="Again?")
        assert refused.is_error and "not today" in refused.content[0]["text"]


@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
async def test_elicitation_forms(transport: Transport, tmp_path: Path, action: str) -> None:
    answer: Json = {"action": action}
    if action == "accept":
        answer["content"] = {"name": "Ann", "check": True, "untitledMultipleSelectEnum": ["Piano"], "number": 2.5}
    async with everything(transport, tmp_path, elicit=answer) as it:
        said = await it.text("trigger-elicitation-request")
        ((_, asked),) = it.host.questions
    assert asked["mode"] == "form" and asked["requestedSchema"]["required"] == ["name"]
    fields = asked["requestedSchema"]["properties"]
    assert len(fields) == 13 and fields["titledSingleSelectEnum"]["oneOf"][0]["title"] == "Superman"
    assert f'"action": "{action}"' in said
    assert ("Name: Ann" in said) is (action == "accept")


async def test_elicitation_addresses(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path, elicit={"action": "accept"}) as it:
        said = await it.text("trigger-url-elicitation", url="https://example.invalid/pay", message="Pay here")
        ((_, asked),) = it.host.questions
    assert (asked["mode"], asked["url"], asked["message"]) == ("url", "https://example.invalid/pay", "Pay here")
    assert "User completed the URL elicitation flow" in said


async def test_pages_that_must_be_visited_first(transport: Transport, tmp_path: Path) -> None:
    """The call is made again once a person went there, and is refused where nobody did."""
    given = {"url": f"https://example.invalid/{tmp_path.name}", "message": "Pay", "errorPath": True}
    async with everything(transport, tmp_path, elicit={"action": "accept"}) as it:
        assert "User completed" in await it.text("trigger-url-elicitation", **given)
        pages = [asked["url"] for _, asked in it.host.questions]
        assert pages == ["https://modelcontextprotocol.io", given["url"]]
        it.host.answers = {}
        with pytest.raises(ServerError, match="requires browser-based authorization"):
            await it.call("trigger-url-elicitation", **given)


async def test_tasks(transport: Transport, tmp_path: Path) -> None:
    answer: Json = {"action": "accept", "content": {"interpretation": "historical"}}
    async with everything(transport, tmp_path, elicit=answer) as it:
        report = await it.text("simulate-research-query", topic="bread", ambiguous=True)
        assert "Research Report: bread (historical)" in report
        assert "could have multiple interpretations" in it.host.questions[0][1]["message"]
        assert it.moves and {move[2] for move in it.moves} & {"Analyzing content...", "Generating report..."}


async def test_it_is_known_the_next_time_and_begun_anew_when_asked(transport: Transport, tmp_path: Path) -> None:
    async with everything(transport, tmp_path) as it:
        tools = it.link.offer.tools
        await it.link.reconnect()
        assert await it.link.ready() and await it.text("echo", message="again") == "Echo: again"
    async with linked(server_of(transport, "everything"), place_in(tmp_path), Asked()) as later:
        assert later.offer.cached and [tool.name for tool in later.offer.tools] == [tool.name for tool in tools]
