"""The cached prefix of sessions with a real server that begins late, changes, breaks, is gone and comes back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.app.starting import NEW, Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.messages import Json
from coder.core.requests import Allow
from coder.mcp.server import Server
from tests.support.engine import Recorder
from tests.support.fakeapi import RunningApi, running_api, tool_input, turn
from tests.support.mcp_links import odd
from tests.support.prefixes import edits
from tests.support.processes import linux_only
from tests.support.talks import Talk

ON = Start(continue_latest=True)


async def run(talk: Talk, api: RunningApi, servers: Sequence[Server], start: Start = NEW) -> list[Json]:
    """One run of a session of its own; the bodies of its requests."""
    env = {"HOME": str(talk.home), "PATH": "/usr/bin:/bin", **api.env}
    config = load(Flags(), env, talk.project, managed=talk.home / "managed")
    before = len(api.requests)
    session = await open_session(config, Recorder(Allow()), start=start, more_servers=lambda: servers)
    try:
        ended = await session.prompt("Go.")
    finally:
        await session.aclose()
    assert ended.reason == "done", ended
    return api.requests[before:]


def use(name: str) -> Json:
    return tool_input("UseTool", {"name": f"mcp__tools__{name}", "input": {"text": f"said to {name}"}})


def names(body: Json) -> list[str]:
    return [each["name"] for each in body["tools"] if each["name"].startswith("mcp__")]


def result(body: Json) -> str:
    """What came of the call before."""
    found = next(block for block in body["messages"][-1]["content"] if block["type"] == "tool_result")
    return str(found["content"][0]["text"])


def said(body: Json) -> str:
    return json.dumps(body["messages"])


@linux_only
@pytest.mark.behaviour("B-1834")
async def test_the_prefix_stays_whatever_becomes_of_a_server(tmp_path: Path) -> None:
    listed = tmp_path / "listed.json"
    listed.write_text(json.dumps(["echo", "add", "die"]), encoding="utf-8")
    server = [odd("listed", str(listed), name="tools")]

    def find(name: str) -> Json:
        return tool_input("ToolSearch", {"query": f"select:{name}"})

    calls = [find("echo"), use("echo"), use("add"), use("die"), find("added3"), use("added3")]
    async with running_api([*map(turn, calls), turn("Done.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        bodies = await run(talk, api, server)
        assert edits(api) == []
    assert all(names(body) == [] for body in bodies)  # it was not known before
    assert "- tools: still connecting" in said(bodies[0])
    assert "said to echo" in said(bodies[2]) and "exited with code 3" in said(bodies[4])
    assert result(bodies[-1]) == "said to added3"  # which was looked for while the server began anew

    echo = tool_input("mcp__tools__echo", {"text": "once more"})
    every = [(echo, "Done."), (find("fresh"), use("fresh"), "Done."), (echo, "Done."), (echo, "Done.")]
    async with running_api([turn(each) for run in every for each in run]) as api:
        known = await run(talk, api, server)
        listed.write_text(json.dumps(["echo", "fresh"]), encoding="utf-8")
        changed = await run(talk, api, server, ON)
        gone = await run(talk, api, [], ON)
        back = await run(talk, api, server, ON)
        assert edits(api) == []
    began = ["mcp__tools__add", "mcp__tools__added3", "mcp__tools__die", "mcp__tools__echo"]
    assert [names(body) for body in (*known, *changed, *gone, *back)] == [began] * 9
    assert [result(bodies[-1]) for bodies in (known, changed, back)] == ["once more", "said to fresh", "once more"]
    assert "this session no longer has it" in result(gone[-1])
