"""A session in the program that embeds us: its servers, its hooks, what it changes about what is allowed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.build import open_session
from coder.app.hooking.points import HeadHooks
from coder.app.hosted import HOST, Hosted
from coder.app.reload import Reload
from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config, HookSource, ServerSettings, ServerSource
from coder.core.messages import Json
from coder.core.permits import FoldersChange, ModeChange, RulesChange
from coder.core.requests import Allow, Deny
from coder.hooks.surroundings import HostError
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY, running_api, tool, turn
from tests.support.talks import Talk

DONE = turn("Done.")
ECHO = "mcp__own__echo"


class Program:
    """What embeds us: a channel to its server `own`, and callbacks that say what `says` has for their ids."""

    def __init__(self, **says: Any) -> None:
        self.says = says
        self.fails = 0

        self.seen: list[str] = []
        self.called: list[tuple[str, Json]] = []

    @property
    def hosted(self) -> Hosted:
        return Hosted(self.call, self)

    async def call(self, id: str, given: Json) -> Json:
        self.called.append((id, given))
        said = self.says.get(id, {})
        if isinstance(said, Exception):
            raise said
        if said == "never":
            await asyncio.Event().wait()
        return dict(said)

    async def send(self, server: str, message: Json) -> Json | None:
        method = message["method"]
        self.seen.append(method)
        if "id" not in message:
            return None
        reply: Json = {"jsonrpc": "2.0", "id": message["id"]}
        if method == "initialize" and self.fails:
            self.fails -= 1
            return reply | {"error": {"code": -32000, "message": "not yet"}}
        results: Json = {
            "initialize": {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "own", "version": "1"},
            },
            "tools/list": {"tools": [{"name": "echo", "description": "Says it", "inputSchema": {"type": "object"}}]},
            "tools/call": {"content": [{"type": "text", "text": "heard you"}]},
        }
        if method not in results:
            return reply | {"error": {"code": -32601, "message": "Method not found"}}
        return reply | {"result": results[method]}


class Bench:
    def __init__(self, tmp_path: Path, url: str, *, servers: bool = False, hooks: Json | None = None) -> None:
        talk = Talk.at(tmp_path, url)
        env = {
            "HOME": str(talk.home),
            "PATH": "/usr/bin:/bin",
            "ANTHROPIC_BASE_URL": talk.url,
            "ANTHROPIC_API_KEY": KEY,
        }
        flags = Flags(allowed_tools=(ECHO,))
        config: Config = load(flags, env, talk.project, managed=talk.home / "managed")
        if servers:
            source = ServerSource(HOST, "flag", {"own": {"type": "sdk"}}, talk.project)
            config = replace(config, servers=ServerSettings((source,)))
        if hooks is not None:
            sources = (HookSource(HOST, "session", hooks, hosted=True),)
            config = replace(config, hooks=replace(config.hooks, sources=sources))
        self.config, self.project, self.home = config, talk.project, talk.home
        self.front = Recorder(Allow())
        self.reload: Any = None

    async def open(self, program: Program, start: Start = NEW) -> Session:
        return await open_session(self.config, self.front, start=start, hosted=program.hosted, reload=self.reload)


def names(body: Json) -> list[str]:
    return [each["name"] for each in body["tools"]]


def text_of(body: Json) -> str:
    return json.dumps(body["messages"])


@pytest.mark.behaviour("B-2227")
@pytest.mark.behaviour("B-2228")
async def test_its_server_is_waited_for_tried_again_and_never_kept(tmp_path: Path) -> None:
    program = Program()
    async with running_api([DONE, DONE, turn(tool("UseTool", name=ECHO, input={})), DONE, DONE]) as api:
        bench = Bench(tmp_path, api.url, servers=True)
        session = await bench.open(program)
        assert await session.servers.required() == () and ECHO in session.tools
        assert [row.state for row in session.servers.rows] == ["connected"]
        await session.prompt("Go.")
        await session.aclose()
        late = Program()
        late.fails = 2
        session = await bench.open(late)
        await session.servers.required()
        assert [row.state for row in session.servers.rows] == ["failed"] and ECHO not in session.tools
        await session.prompt("First.")
        await session.prompt("Second.")
        await session.aclose()
        one, first, *_, second = api.requests[:4]
    assert ECHO in names(one) and ECHO not in names(first) and names(first) == names(second)
    assert "heard you" in text_of(second)
    assert not list(bench.home.rglob("cache/mcp/*.json")), "another program may call another server so"


@pytest.mark.behaviour("B-2226")
@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("never", "the callback guard took longer than 0.05 s"),
        (HostError("the input ended", gone=True), "the callback guard was not answered: the input ended"),
    ],
)
async def test_a_guard_that_is_not_heard_lets_nothing_through(tmp_path: Path, says: Any, told: str) -> None:
    program = Program(guard=says)
    hooks = {
        "PreToolUse": [{"matcher": "Bash", "hookCallbackIds": ["guard"], "timeout": 0.05}],
        "PostToolUse": [{"hookCallbackIds": ["guard"], "timeout": 0.05}],
    }
    async with running_api([turn(tool("Bash", command="ls"), tool("TodoWrite", todos=[])), DONE]) as api:
        session = await Bench(tmp_path, api.url, hooks=hooks).open(program)
        await session.prompt("Go.")
        await session.aclose()
        after = text_of(api.requests[1])
    assert told in after and after.count("is_error") == 1


@pytest.mark.behaviour("B-2224")
async def test_hooks_that_are_said_again_take_the_place_of_those_before(tmp_path: Path) -> None:
    program = Program(first={"decision": "block", "reason": "No."})
    hooks = {"UserPromptSubmit": [{"hookCallbackIds": ["first"]}], "SessionStart": [{"hookCallbackIds": ["start"]}]}
    async with running_api([DONE, DONE]) as api:
        bench = Bench(tmp_path, api.url, hooks=hooks)
        session = await bench.open(program)
        assert (await session.prompt("Go.")).reason == "hook_stopped"
        session.points.bring(HeadHooks(HOST, "", {"UserPromptSubmit": [{"hookCallbackIds": ["second"]}]}, hosted=True))
        assert (await session.prompt("Go.")).reason == "done"
        await session.aclose()
        bench.config = replace(bench.config, hooks=replace(bench.config.hooks, sources=(), heads="none"))
        session = await bench.open(program)
        session.points.bring(HeadHooks(HOST, "", hooks, hosted=True))
        assert (await session.prompt("Go.")).reason == "hook_stopped"
        await session.aclose()
    assert [id for id, _ in program.called] == ["start", "first", "second", "first"]
    assert program.called[0][1]["source"] == "startup"


@pytest.mark.behaviour("B-2222")
async def test_what_a_host_changes_holds_at_once_and_stands_where_it_says(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    commands = ("touch a", "touch b")
    script = [turn(*(tool("Bash", command=each) for each in commands)), DONE]
    async with running_api([*script, *script, *script]) as api:
        bench = Bench(tmp_path, api.url)
        bench.front = Recorder(Deny("", nobody=True))
        session = await bench.open(Program())
        assert await session.tuning.permit([
            RulesChange("add", "allow", ("Bash(touch *)",), "session"),
            RulesChange("add", "deny", ("Bash(touch b)",), "local"),
            RulesChange("add", "allow", ("Bash(one *)", "Bash(two *)"), "user"),
            FoldersChange("add", (other, tmp_path / "none"), "local"),
            ModeChange("acceptEdits", "session"),
        ]) == (f"{tmp_path / 'none'} is no folder: coder does not work there.",)  # fmt: skip
        await session.prompt("Go.")
        assert (bench.project / "a").exists() and not (bench.project / "b").exists()
        assert set(session.roots) == {bench.project, other} and session.control.mode == "acceptEdits"
        await session.tuning.permit([
            RulesChange("remove", "deny", ("Bash(touch b)",), "local"),
            RulesChange("replace", "allow", ("Bash(two *)", "Bash(three *)"), "user"),
            FoldersChange("remove", (other,), "local"),
        ])  # fmt: skip
        await session.prompt("Go.")
        assert (bench.project / "b").exists() and set(session.roots) == {bench.project}
        assert (await session.tuning.permit([ModeChange("bypassPermissions", "user")]))[0].startswith(
            "bypassPermissions can"
        )
        await session.aclose()
    local = json.loads((bench.project / ".coder" / "settings.local.json").read_text())
    assert local["permissions"] == {"deny": [], "additionalDirectories": []}
    user = json.loads((bench.config.home / "settings.json").read_text())
    assert user == {"permissions": {"allow": ["Bash(two *)", "Bash(three *)"]}}


@pytest.mark.behaviour("B-2602")
async def test_what_was_set_in_a_session_holds_in_the_one_that_takes_its_place(tmp_path: Path) -> None:
    below, other = tmp_path / "project" / "below", tmp_path / "other"
    script = [turn(tool("Bash", command="touch a"), tool("Bash", command="touch b")), DONE]
    async with running_api(script) as api:
        bench = Bench(tmp_path, api.url)
        bench.front = Recorder(Deny("", nobody=True))
        for folder in (below, other):
            folder.mkdir()
        bench.config = replace(bench.config, add_dirs=(other,))
        old = await bench.open(Program())
        assert not await old.tuning.permit([
            RulesChange("add", "allow", ("Bash(touch *)", "Edit"), "session"),
            RulesChange("add", "deny", ("Bash(touch b)",), "flag"),
            RulesChange("remove", "allow", ("Edit",), "session"),
            RulesChange("add", "ask", ("Bash(ls)",), "user"),
            FoldersChange("add", (below,), "session"),
            FoldersChange("remove", (other,), "session"),
        ])  # fmt: skip
        file = bench.config.home / "settings.json"
        written = file.read_text()
        file.unlink()
        new = await bench.open(Program())
        new.tuning.allow_as(old.tuning)
        held = {rule.text for rule in new.inquiries.rules()}
        assert held - {ECHO} == {"Bash(touch *)", "Bash(touch b)", "Bash(ls)"}
        assert set(new.roots) == {bench.project, below} and not file.exists() and "Bash(ls)" in written
        await new.prompt("Go.")
        assert (bench.project / "a").exists() and not (bench.project / "b").exists()
        await old.aclose()
        await new.aclose()


async def test_one_that_goes_on_with_another_holds_none_of_those_before_that(tmp_path: Path) -> None:
    async with running_api([DONE]) as api:
        bench = Bench(tmp_path, api.url)
        first = await bench.open(Program())
        await first.prompt("Go.")
        await first.aclose()
        second = await bench.open(Program(), Start(resume=first.facts.session_id, before=first.inquiries.before))
        await second.aclose()
        assert second.spent == first.spent and first.spent.cost
        assert second.inquiries.before.start.before is None


@pytest.mark.behaviour("B-2602")
def test_settings_that_were_read_long_ago_are_read_again_at_the_first_question(tmp_path: Path) -> None:
    flags, env = Flags(), {"HOME": str(tmp_path), "ANTHROPIC_API_KEY": KEY}
    at_once, late = Reload(flags, env, tmp_path), Reload(flags, env, tmp_path, is_late=True)
    assert at_once() is None and late() is not None and late() is None
