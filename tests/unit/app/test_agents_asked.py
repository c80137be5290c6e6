"""The model asks agents: side by side, bounded, each in a conversation of its own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from coder.app.starting import Start
from coder.core.events import AgentEnded, AgentStarted, MessageAdded, PermissionAsked, TextDelta
from coder.core.requests import Allow, Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import fault, rule, running_api, tool
from tests.support.fanout import DONE, GO, asked, asks, fan, of, open_requests, results, until
from tests.support.talks import Talk

FIVE = [f"part {n}" for n in range(5)]
STALL = fault("stall", after=2, times="forever")


def front() -> Recorder:
    return Recorder(Deny("nobody", nobody=True))


@pytest.mark.behaviour("B-1900")
async def test_agents_of_one_reply_work_at_the_same_time(tmp_path: Path) -> None:
    stalled = rule({"user_regex": "^part"}, "Never said to the end.", fault=STALL)
    async with running_api(fan(FIVE, stalled)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert session.agents is not None and session.agents.rows() == ()
        running = asyncio.ensure_future(session.prompt(GO))
        await until(lambda: open_requests(api) == 5)
        assert {row.state for row in session.agents.rows()} == {"running"}
        session.interrupt()
        assert (await running).reason == "interrupted"
        assert {row.state for row in session.agents.rows()} == {"stopped"}
        kept = list((session.facts.transcript.with_suffix("") / "subagents").glob("agent-*.jsonl"))  # type: ignore[union-attr]  # it is kept
        assert len(kept) == 5 and all("part" in path.read_text(encoding="utf-8") for path in kept)
        await session.aclose()


@pytest.mark.behaviour("B-1901")
async def test_of_fifty_agents_twenty_run_five_at_a_time_and_the_rest_are_refused(tmp_path: Path) -> None:
    slow = rule({"user_regex": "^part"}, "Report.", wait=0.02)
    most = 0
    async with running_api(fan([f"part {n}" for n in range(50)], slow)) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        running = asyncio.ensure_future(session.prompt(GO))
        while not running.done():
            most = max(most, open_requests(api))
            await asyncio.sleep(0.002)
        assert (await running).text == DONE
        told = results(api.requests[-1])
        refused = [text for text in told if text.startswith("20 agents were asked")]
        assert most == 5 and len(told) == 50 and len(refused) == 30
        assert "Do the rest yourself" in refused[0]
        assert len([body for body in api.requests if asked(body).startswith("part")]) == 20
        await session.aclose()


@pytest.mark.behaviour("B-1902")
async def test_the_conversation_gains_one_result_and_no_more(tmp_path: Path) -> None:
    reads = rule({"user_regex": "^part x", "turn": 1}, tool("Glob", pattern="*.txt"))
    said = rule({"last_tool": "Glob"}, "Nothing there.")
    async with running_api(fan(["part x"], reads, said)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        await session.prompt(GO)
        first, second = of(api, GO)
        assert json.dumps(second["tools"]) == json.dumps(first["tools"]) and second["system"] == first["system"]
        assert len(second["messages"]) == len(first["messages"]) + 2
        (told,) = results(second)
        assert told.startswith("Nothing there.") and len(second["messages"][-1]["content"]) == 1
        (row,) = session.agents.rows()  # type: ignore[union-attr]  # it has some
        assert (row.state, row.tool_uses, row.step) == ("completed", 1, 2)
        await session.aclose()


async def test_what_an_agent_announces_bears_its_name(tmp_path: Path) -> None:
    seen = front()
    async with running_api(fan(["part x"])) as api:
        session = await Talk.at(tmp_path, api.url).open(front=seen)
        await session.prompt(GO)
        await session.aclose()
    (started,), (ended,) = seen.of(AgentStarted), seen.of(AgentEnded)
    assert started.agent == ended.agent == ended.report.id and ended.report.text == "Report on part x."
    assert {event.agent for event in seen.of(TextDelta) if "Report" in event.text} == {started.agent}
    mine = [event for event in seen.of(MessageAdded) if event.agent == "main"]
    assert not any("Report on" in event.message.text for event in mine)
    assert ended.row.tokens > 0 and ended.row.usd is not None and ended.row.seconds > 0


@pytest.mark.behaviour("B-1903")
async def test_a_question_of_an_agent_names_it_and_its_answer_counts(tmp_path: Path) -> None:
    runs = rule({"user_regex": "^part", "turn": 1}, tool("Bash", command="touch made.txt"))
    seen = Recorder(Allow())
    async with running_api(fan(["part x", "part y"], runs, rule({"last_tool": "Bash"}, "Made."))) as api:
        session = await Talk.at(tmp_path, api.url).open(front=seen, permission_mode="default")
        await session.prompt(GO)
        await session.aclose()
    assert {request.agent for request in seen.asked} == {event.agent for event in seen.of(AgentStarted)}
    assert {request.agent_title for request in seen.asked} == {"about part x", "about part y"}
    asked_events = seen.of(PermissionAsked)
    assert all(event.agent != "main" for event in asked_events) and (tmp_path / "project" / "made.txt").exists()


async def test_agents_ask_agents_two_deep_and_no_deeper(tmp_path: Path) -> None:
    deep = rule({"user_regex": "^part outer", "turn": 1}, *asks("part inner"))
    async with running_api(fan(["part outer"], deep, rule({"last_tool": "Agent"}, DONE))) as api:
        session = await Talk.at(tmp_path, api.url).open()
        await session.prompt(GO)
        outer, inner = of(api, "part outer")[0], of(api, "part inner")[0]
        assert "Agent" in {each["name"] for each in outer["tools"]}
        assert not {"Agent", "AskUserQuestion", "TaskOutput"} & {each["name"] for each in inner["tools"]}
        first, second = session.agents.rows()  # type: ignore[union-attr]  # it has some
        assert second.parent == first.id
        await session.aclose()


async def test_agents_that_ask_agents_never_wait_for_each_other(tmp_path: Path) -> None:
    deep = rule({"user_regex": "^part outer", "turn": 1}, *asks("part inner 1", "part inner 2"))
    async with running_api(fan([f"part outer {n}" for n in range(6)], deep)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert (await session.prompt(GO)).text == DONE
        assert len(session.agents.rows()) == 18  # type: ignore[union-attr]  # it has some
        await session.aclose()


@pytest.mark.behaviour("B-1904")
async def test_a_long_report_lies_in_a_file_that_is_named(tmp_path: Path) -> None:
    long = "word " * 12_000
    async with running_api(fan(["part x"], rule({"user_regex": "^part"}, long, delta=8_000))) as api:
        session = await Talk.at(tmp_path, api.url).open()
        await session.prompt(GO)
        first, second = of(api, GO)
        assert len(json.dumps(second["messages"])) - len(json.dumps(first["messages"])) < 3_000 * 4
        (path,) = (session.facts.transcript.with_suffix("") / "artifacts").iterdir()  # type: ignore[union-attr]  # it is kept
        assert path.read_text(encoding="utf-8") == long and str(path) in results(second)[0]
        await session.aclose()


@pytest.mark.behaviour("B-1905")
async def test_one_can_be_stopped_and_another_told_something(tmp_path: Path) -> None:
    stalled = rule({"user_regex": "^part stalled"}, "Never said.", fault=STALL)
    looks = rule({"user_regex": "^part told", "turn": 1}, tool("Glob", pattern="*"), wait=0.2)
    told = rule({"last_user_contains": "look at b too"}, "Looked at b.")
    async with running_api(fan(["part stalled", "part told"], stalled, told, looks)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        agents = session.agents
        assert agents is not None
        running = asyncio.ensure_future(session.prompt(GO))
        await until(lambda: open_requests(api) == 2)
        first, second = agents.rows()
        agents.steer(second.id, "look at b too")
        await agents.stop(first.id)
        assert (await running).text == DONE
        stopped, done = results(api.requests[-1])
        assert stopped.startswith("The agent was stopped") and done.startswith("Looked at b.")
        await session.aclose()


@pytest.mark.behaviour("B-1906")
async def test_an_agent_that_ended_goes_on_where_it_was(tmp_path: Path) -> None:
    script = fan(
        ["part x"],
        rule({"last_tool": "SendMessage"}, "Thanks."),
        rule({"last_user_contains": "and y?"}, "Y too."),
        rule({"last_user_contains": "ask again"}, tool("SendMessage", to="helper", message="and y?")),
        name="helper",
    )
    async with running_api(script) as api:
        talk = Talk.at(tmp_path, api.url)
        assert await talk.say(GO) == DONE
        session = await talk.open(Start(continue_latest=True))
        assert (await session.prompt("ask again")).text == "Thanks."
        assert results(api.requests[-1])[0].startswith("Y too.")
        goes_on = of(api, "part x")[-1]
        assert "Report on part x." in json.dumps(goes_on["messages"])
        await session.aclose()


@pytest.mark.behaviour("B-1903")
async def test_a_no_that_ends_the_run_ends_who_waits_for_the_agent_too(tmp_path: Path) -> None:
    runs = rule({"user_regex": "^part"}, tool("Bash", command="touch made.txt"))
    seen = Recorder(Deny("", interrupt=True))
    async with running_api(fan(["part x", "part y"], runs)) as api:
        session = await Talk.at(tmp_path, api.url).open(front=seen, permission_mode="default")
        assert (await session.prompt(GO)).reason == "interrupted"
        assert {row.state for row in session.agents.rows()} == {"stopped"}  # type: ignore[union-attr]  # it has some
        await session.aclose()
    assert len(seen.asked) == 1
