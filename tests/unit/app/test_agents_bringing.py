"""Agents that bring servers of their own: begun with them, offered to them alone, ended with them."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coder.app.starting import Start
from coder.config.trust import approve
from coder.core.events import Notice
from coder.core.messages import Json
from coder.core.requests import Allow, Deny, PermissionRequest
from tests.support import marked
from tests.support.engine import Recorder
from tests.support.fakeapi import RunningApi, rule, running_api, tool, tool_input
from tests.support.fanout import DONE, GO, fan, results
from tests.support.processes import linux_only
from tests.support.talks import Talk

pytestmark = linux_only
PROMPT = "part one"
ECHO = "mcp__odd__echo"
CALLS = rule({"last_user_contains": PROMPT}, tool_input(ECHO, {"text": "hello"}), times=1)
TELLS = rule({"last_tool": ECHO}, "It is baked.")


def odd(mark: str, *fault: str) -> Json:
    return {"command": sys.executable, "args": [marked.ODD, *fault], "env": {marked.NAME: mark}}


def baker(*servers: Any, **more: Any) -> Json:
    return {"description": "bakes", "prompt": "You bake.", "mcpServers": list(servers), **more}


def asked_by(kind: str, **more: Any) -> Json:
    return fan([PROMPT], CALLS, TELLS, subagent_type=kind, **more)


def of(api: RunningApi, prompt: str) -> list[Json]:
    """The requests of one conversation; what servers there are may stand before its prompt."""
    return [body for body in api.requests if prompt in [block.get("text") for block in body["messages"][0]["content"]]]


def told(front: Recorder) -> str:
    return "\n".join(each.text for each in front.of(Notice))


def names(body: Json) -> list[str]:
    return [each["name"] for each in body["tools"]]


async def run(talk: Talk, front: Recorder, prompt: str = GO, start: Start | None = None, **flags: Any) -> str:
    session = await talk.open(*([start] if start else []), front=front, **flags)
    try:
        return (await session.prompt(prompt)).text
    finally:
        for each in session.warnings:
            front.emit(Notice(level="warning", text=each))
        await session.aclose()


def given(definition: Json, **others: Json) -> Json:
    return {"agents": json.dumps({"baker": definition, **others})}


@pytest.mark.behaviour("B-2740")
async def test_it_has_their_tools_and_nobody_else_does_and_none_is_left(tmp_path: Path) -> None:
    mark = str(tmp_path)
    front = Recorder(Deny("nobody", nobody=True))
    async with running_api(asked_by("baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(front=front, **given(baker({"odd": odd(mark)}, tools=["Read"])))
        assert (await session.prompt(GO)).text == DONE
        assert not marked.alive(mark)  # it has ended with the agent, and the session goes on
        assert not [row for row in session.servers.rows if row.name == "odd"]
        await session.aclose()
    mine, theirs = of(api, GO), of(api, PROMPT)
    assert not [name for body in mine for name in names(body) if "odd" in name]
    assert [names(body) for body in theirs] == [["Read", ECHO, "ToolSearch", "UseTool"]] * 2
    assert results(theirs[-1]) == ["hello"] and "It is baked." in results(mine[-1])[0]
    first = json.dumps(theirs[0]["messages"][0])
    assert "- odd: 1 tool, in your tool list" in first and "be odd" in first
    assert told(front) == ""


@pytest.mark.behaviour("B-2740")
@pytest.mark.parametrize(
    ("head", "there"),
    [
        ({}, True),
        ({"tools": ["Read", ECHO]}, True),
        ({"tools": ["Read", "mcp__odd__other"]}, False),
        ({"disallowedTools": ["mcp__odd"]}, False),
        ({"disallowedTools": [ECHO]}, False),
        ({"disallowedTools": ["mcp__*"]}, False),
    ],
)
async def test_its_lists_of_tools_hold_for_them(tmp_path: Path, head: Json, there: bool) -> None:
    async with running_api(fan([PROMPT], subagent_type="baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        await run(talk, Recorder(Deny("no")), **given(baker({"odd": odd(str(tmp_path))}, **head)))
    (body,) = of(api, PROMPT)
    assert (ECHO in names(body)) is there


@pytest.mark.behaviour("B-2741")
@pytest.mark.parametrize(
    ("flags", "answer", "is_asked", "result"),
    [
        ({}, Allow(), True, "hello"),
        ({}, Deny("not now"), True, "not now"),
        ({"allowed_tools": ("mcp__odd__echo",)}, Deny("no"), False, "hello"),
        ({"allowed_tools": ("mcp__odd",)}, Deny("no"), False, "hello"),
        ({"disallowed_tools": ("mcp__odd__echo",)}, Allow(), False, "There is no tool"),
        ({"permission_mode": "plan"}, Allow(), False, "plan mode only reads"),
    ],
)
async def test_rules_and_answers_hold_for_their_tools(
    tmp_path: Path, flags: Json, answer: Any, is_asked: bool, result: str
) -> None:
    front = Recorder(answer)
    async with running_api(fan([PROMPT], CALLS, TELLS, subagent_type="baker")) as api:
        flags = {"permission_mode": "default", **flags}
        talk = Talk.at(tmp_path, api.url)
        await run(talk, front, **flags, **given(baker({"odd": odd(str(tmp_path))})))
    assert result in results(of(api, PROMPT)[1])[0]
    questions = [each for each in front.asked if isinstance(each, PermissionRequest)]
    assert [each.call.name for each in questions] == ([ECHO] if is_asked else [])
    assert all(each.agent != "main" for each in questions)


def in_file(talk: Talk, where: Path, entry: Json, name: str = "odd") -> None:
    where.mkdir(parents=True, exist_ok=True)
    head = json.dumps([{name: entry}])
    text = f"---\nname: baker\ndescription: bakes\nmcpServers: {head}\n---\nYou bake.\n"
    (where / "baker.md").write_text(text, encoding="utf-8")


@pytest.mark.behaviour("B-2742")
async def test_a_repositorys_begin_once_the_file_is_approved_as_it_is(tmp_path: Path) -> None:
    mark = str(tmp_path)
    async with running_api(asked_by("baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        folder = talk.project / ".claude" / "agents"
        in_file(talk, folder, odd(mark))
        front = Recorder(Deny("no"))
        await run(talk, front)
        assert "servers of its own (odd): not used, for nobody trusted this file" in told(front)
        assert "odd" not in json.dumps(of(api, PROMPT)[0]["tools"]) and not marked.alive(mark)

        trust = talk.config().trust
        assert trust is not None
        (item,) = trust.off
        assert (item.file, item.label) == (".claude/agents/baker.md", "MCP server odd") and marked.ODD in item.text
        approve(talk.state, trust)
        before = len(of(api, PROMPT))
        await run(talk, front)
        assert ECHO in names(of(api, PROMPT)[before])

        in_file(talk, folder, odd(mark, "progress"))  # another line than the one that was approved
        front, before = Recorder(Deny("no")), len(of(api, PROMPT))
        await run(talk, front)
        assert "not used, for nobody trusted this file as it is now" in told(front)
        assert ECHO not in names(of(api, PROMPT)[before])


@pytest.mark.behaviour("B-2742")
async def test_your_own_file_needs_no_trust(tmp_path: Path) -> None:
    async with running_api(asked_by("baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        in_file(talk, talk.state / "agents", odd(str(tmp_path)))
        await run(talk, front := Recorder(Deny("no")))
    assert results(of(api, PROMPT)[-1]) == ["hello"] and told(front) == ""


def _denied(talk: Talk) -> Json:
    (talk.state / "settings.json").write_text(json.dumps({"deniedMcpServers": [{"serverName": "odd"}]}))
    return {}


def _managed(talk: Talk) -> Json:
    (talk.home / "managed").mkdir()
    (talk.home / "managed" / "managed-mcp.json").write_text('{"mcpServers": {}}')
    return {}


def _taken(talk: Talk) -> Json:
    return {"mcp_config": (json.dumps({"mcpServers": {"odd": odd(str(talk.home), "progress")}}),)}


def _turned_off(talk: Talk) -> Json:
    entry = {"disabledMcpServers": ["odd"]}
    (talk.home / ".claude.json").write_text(json.dumps({"projects": {str(talk.project): entry}}))
    return {}


@pytest.mark.behaviour("B-2743")
@pytest.mark.parametrize(
    ("before", "definition", "why"),
    [
        (_denied, {}, "deniedMcpServers names it"),
        (_managed, {}, "the administrator says which MCP servers there are"),
        (_taken, {}, "this session has another server of that name"),
        (_turned_off, {}, "you turned off the server of that name"),
        (lambda talk: {}, {"type": "sdk", "name": "odd"}, "belongs to the session: give it there"),
        (lambda talk: {}, {"url": "http://127.0.0.1:9"}, 'has a "url" but no "type"'),
        (lambda talk: {}, ["nothing"], "its entry must be an object"),
    ],
)
async def test_what_is_not_begun_is_said_and_the_agent_works(
    tmp_path: Path, before: Callable[[Talk], Json], definition: Any, why: str
) -> None:
    front = Recorder(Deny("no"))
    async with running_api(fan([PROMPT], subagent_type="baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        talk.state.mkdir(exist_ok=True)
        flags = before(talk)
        mark = str(tmp_path / "own")
        assert await run(talk, front, **flags, **given(baker({"odd": definition or odd(mark)}))) == DONE
    assert why in told(front) and not marked.alive(mark)
    assert "Report on part one." in results(of(api, GO)[-1])[0]


@pytest.mark.behaviour("B-2743")
async def test_the_very_same_entry_as_the_sessions_is_not_begun_twice(tmp_path: Path) -> None:
    entry = {**odd(str(tmp_path)), "alwaysLoad": True}
    async with running_api(asked_by("baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        front = Recorder(Deny("no"))
        config = (json.dumps({"mcpServers": {"odd": entry}}),)
        await run(talk, front, mcp_config=config, **given(baker({"odd": entry}, tools=["Read"])))
    assert results(of(api, PROMPT)[-1]) == ["hello"] and told(front) == ""


@pytest.mark.behaviour("B-2744")
async def test_one_that_does_not_come_is_said_to_people_and_to_the_agent(tmp_path: Path) -> None:
    front = Recorder(Deny("no"))
    broken = {"command": sys.executable, "args": ["-c", "raise SystemExit(3)"]}
    async with running_api(asked_by("baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        assert await run(talk, front, **given(baker({"odd": odd(str(tmp_path))}, {"broken": broken}))) == DONE
    assert results(of(api, PROMPT)[-1]) == ["hello"]
    assert "- broken: not there: " in json.dumps(of(api, PROMPT)[0]["messages"][0])
    (said,) = [each for each in front.of(Notice) if "broken" in each.text]
    assert said.text.startswith("MCP server broken is not there: ") and said.agent != "main"


@pytest.mark.behaviour("B-2745")
async def test_in_the_background_too_and_each_run_of_it_begins_them_anew(tmp_path: Path) -> None:
    """The later run has the same tools, in the same bytes."""
    mark = str(tmp_path)
    rules = [
        rule({"last_user_contains": "<task-notification>"}, "It has reported."),
        rule({"last_tool_result_contains": "works in the background"}, "I go on."),
        rule({"last_user_contains": "again"}, tool("SendMessage", to="baker-one", message="part two"), times=1),
        rule({"last_tool": "SendMessage"}, "It has said more."),
        rule({"last_user_contains": "part two"}, tool_input(ECHO, {"text": "hello"}), times=1),
    ]
    script = asked_by("baker", run_in_background=True, name="baker-one")
    async with running_api({"rules": [*rules, *script["rules"]]}) as api:
        session = await Talk.at(tmp_path, api.url).open(**given(baker({"odd": odd(mark)})))
        session.wait_for_agents()
        assert (await session.prompt(GO)).text == "It has reported."
        assert not marked.alive(mark)
        await session.prompt("again")
        assert not marked.alive(mark)
        await session.aclose()
    theirs = of(api, PROMPT)
    assert [results(body) for body in theirs if results(body)] == [["hello"], ["hello"]]
    assert all(body["tools"] == theirs[0]["tools"] for body in theirs)


@pytest.mark.behaviour("B-2745")
async def test_one_that_is_stopped_while_they_begin_leaves_none(tmp_path: Path) -> None:
    mark = str(tmp_path)
    async with running_api(fan([PROMPT], subagent_type="baker", run_in_background=True)) as api:
        session = await Talk.at(tmp_path, api.url).open(**given(baker({"odd": odd(mark, "silent")})))
        await session.prompt(GO)
        await asyncio.to_thread(marked.until_programs, mark, 1)
        agents = session.agents
        assert agents is not None
        (row,) = agents.rows()
        await agents.stop(row.id)
        assert not marked.alive(mark)
        await session.aclose()


@pytest.mark.behaviour("B-2746")
async def test_a_session_that_is_the_agent_has_them_all_along(tmp_path: Path) -> None:
    calls: list[Json] = [rule({"last_user_contains": GO}, tool_input(ECHO, {"text": "hello"}), times=1), TELLS]
    async with running_api({"rules": calls}) as api:
        talk = Talk.at(tmp_path, api.url)
        definition = baker({"odd": {**odd(str(tmp_path)), "alwaysLoad": True}}, tools=["Read"])
        assert await run(talk, Recorder(Deny("no")), agent="baker", **given(definition)) == "It is baked."
    assert ECHO in names(api.requests[0]) and "Bash" not in names(api.requests[0])


@pytest.mark.behaviour("B-2741")
async def test_what_is_allowed_from_now_on_is_allowed_for_the_tool_as_it_is(tmp_path: Path) -> None:
    front = Recorder(Allow(remember=(ECHO,)), Deny("asked again"))
    twice = rule({"last_user_contains": PROMPT}, *[tool_input(ECHO, {"text": "hello"})] * 2, times=1)
    async with running_api(fan([PROMPT], twice, TELLS, subagent_type="baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        await run(talk, front, permission_mode="default", **given(baker({"odd": odd(str(tmp_path))})))
        assert results(of(api, PROMPT)[1]) == ["hello", "hello"] and len(front.asked) == 1
        kept = (talk.state / "mcp-approved.json").read_text(encoding="utf-8")
    assert ECHO in kept


@pytest.mark.behaviour("B-2740")
@pytest.mark.parametrize("has_others", [False, True])
async def test_a_tool_that_comes_later_is_told_and_called(tmp_path: Path, has_others: bool) -> None:
    """Also where what calls it is the session's, for its own servers."""
    others = (json.dumps({"mcpServers": {"other": odd(str(tmp_path))}}),) if has_others else ()
    listed = tmp_path / "listed.json"
    listed.write_text('["add"]')
    late = tool_input("UseTool", {"name": "mcp__odd__added1", "input": {"text": "late"}})
    rules = [
        rule({"last_user_contains": PROMPT}, tool_input("mcp__odd__add", {"text": "now"}), times=1),
        rule({"last_tool_result_contains": "late"}, "It is baked."),
        rule({"last_user_contains": "added1"}, late, times=1),
        rule({"last_tool": "mcp__odd__add"}, tool_input("mcp__odd__add", {"text": "again"}), wait=0.05),
    ]
    async with running_api(fan([PROMPT], *rules, subagent_type="baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        own = odd(str(tmp_path), "listed", str(listed))
        assert (
            await run(
                talk, Recorder(Deny("no")), mcp_config=others, **given(baker({"odd": own}, tools=["Read", "UseTool"]))
            )
            == DONE
        )
    theirs = of(api, PROMPT)
    assert results(theirs[-1]) == ["late"] and "1 of them in your tool list" in json.dumps(theirs)
    assert all(body["tools"] == theirs[0]["tools"] for body in theirs)


@pytest.mark.behaviour("B-2743")
async def test_many_are_not_all_begun(tmp_path: Path) -> None:
    many = {f"s{number}": {"type": "sdk", "name": "x"} for number in range(1000)}
    async with running_api(fan([PROMPT], subagent_type="baker")) as api:
        await run(Talk.at(tmp_path, api.url), front := Recorder(Deny("no")), **given(baker(many)))
    assert "only the first 50 of its servers are looked at" in told(front) and len(front.of(Notice)) == 51


@pytest.mark.behaviour("B-2743")
@pytest.mark.parametrize("is_given", [True, False])
async def test_with_no_others_than_those_of_the_command_line(tmp_path: Path, is_given: bool) -> None:
    front = Recorder(Deny("no"))
    async with running_api(asked_by("baker")) as api:
        talk = Talk.at(tmp_path, api.url)
        entry = odd(str(tmp_path))
        in_file(talk, talk.state / "agents", entry)
        flags = given(baker({"odd": entry})) if is_given else {}
        await run(talk, front, strict_mcp_config=True, **flags)
    assert (ECHO in names(of(api, PROMPT)[0])) is is_given
    assert ("no servers of files are used in this session" in told(front)) is not is_given
