"""A tool of a server that is asked about calls."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.events import PermissionDenied, RunEnded
from coder.core.messages import Json
from coder.core.requests import Deny
from coder.mcp.server import Answer, Offer
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY, running_api, tool, turn
from tests.support.linked import MemoryLink, MemoryLinks, offered, server
from tests.support.talks import Talk

APPROVE = "mcp__police__approve"


class Bench:
    def __init__(self, tmp_path: Path, url: str, name: str = APPROVE) -> None:
        talk = Talk.at(tmp_path, url)
        env = {"HOME": str(talk.home), "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
        flags = Flags(permission_prompt_tool=name)
        self.config = replace(load(flags, env, talk.project, managed=talk.home / "managed"))
        self.project, self.front = talk.project, Recorder(Deny("", nobody=True))
        self.link = MemoryLink(server("police"), Offer((offered("police", "approve"),)))

    async def run(self, says: Any) -> RunEnded:
        self.link.answer = lambda name, given: Answer(({"type": "text", "text": says(given)},))
        links = MemoryLinks(self.link, on_start=lambda link: link.becomes("connected"))
        session = await open_session(self.config, self.front, more_servers=lambda: [self.link.server], connect=links)
        ended = await session.prompt("Go.")
        await session.aclose()
        return ended

    @property
    def denied(self) -> list[PermissionDenied]:
        return self.front.of(PermissionDenied)


@pytest.mark.behaviour("B-2230")
@pytest.mark.behaviour("B-2231")
async def test_it_decides_about_each_call_and_about_nothing_that_is_a_persons(tmp_path: Path) -> None:
    def says(given: Json) -> str:
        match given["input"].get("command", ""):
            case "touch yes":
                update = {"type": "addRules", "rules": [{"toolName": "Bash"}], "behavior": "allow"}
                updates = [{**update, "destination": "session"}]
                return json.dumps({"behavior": "allow", "updatedInput": given["input"], "updatedPermissions": updates})
            case "touch first":
                return json.dumps({"behavior": "allow", "updatedInput": {"command": "touch other"}})
            case "touch no":
                return json.dumps({"behavior": "deny", "message": "Not this one."})
            case _:
                return "yes!"

    commands = ("touch yes", "touch first", "touch no", "touch odd", "rm -rf ~/kept")
    calls = [tool("Bash", command=each) for each in commands] + [tool("ExitPlanMode", plan="All of it.")]
    async with running_api([turn(*calls), turn("Done.")]) as api:
        bench = Bench(tmp_path, api.url)
        assert (await bench.run(says)).reason == "done"
        told = json.dumps(api.requests[1]["messages"])
    assert sorted(each.name for each in bench.project.iterdir()) == ["other", "yes"]
    assert [given["input"]["command"] for _, given in bench.link.calls] == list(commands[:4])
    assert {given["tool_name"] for _, given in bench.link.calls} == {"Bash"} and bench.link.calls[0][1]["tool_use_id"]
    assert "Not this one." in told and "cannot be used" in told
    assert [each.nobody for each in bench.denied] == [False, False, True, True]
    assert bench.front.asked == []


@pytest.mark.behaviour("B-2232")
@pytest.mark.behaviour("B-2431")
async def test_where_it_is_missing_the_run_fails_at_the_first_call_that_needs_it(tmp_path: Path) -> None:
    calls = [tool("Bash", command="ls"), tool("Bash", command="touch made"), tool("Bash", command="touch more")]
    async with running_api([turn("Hello."), turn(*calls)]) as api:
        bench = Bench(tmp_path, api.url, "mcp__police__nobody")
        assert (await bench.run(lambda given: "")).reason == "done", "nothing needed leave"
        bench = Bench(tmp_path, api.url, "mcp__police__nobody")
        ended = await bench.run(lambda given: "")
    assert ended.reason == "prompt_tool_missing"
    assert ended.error == (
        "--permission-prompt-tool: there is no MCP tool mcp__police__nobody. The MCP tools are: mcp__police__approve."
    )
    assert not list(bench.project.iterdir()) and bench.link.calls == []
