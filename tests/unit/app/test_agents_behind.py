"""Agents in the background: what they report arrives at the next turn boundary, and nothing of it is lost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from coder.app.starting import Start
from coder.core.messages import Json
from tests.support.fakeapi import fault, rule, running_api, tool
from tests.support.fanout import BEHIND, GO, STALLED, asks, fan, of, open_requests, results, until
from tests.support.talks import Talk

TOLD = rule({"last_user_contains": "<task-notification>"}, "It has reported.")
LAUNCHED = rule(BEHIND, "I go on.")


def behind(*rules: Json) -> Json:
    return fan(["part x"], TOLD, *rules, LAUNCHED, run_in_background=True)


@pytest.mark.behaviour("B-1912")
async def test_with_nobody_in_front_a_run_waits_and_has_a_further_turn(tmp_path: Path) -> None:
    slow = rule({"user_regex": "^part"}, "Report on part x.", wait=0.2)
    async with running_api(behind(slow)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        session.wait_for_agents()
        ended = await session.prompt(GO)
        assert ended.text == "It has reported." and len(of(api, GO)) == 3
        last = json.dumps(api.requests[-1]["messages"][-1])
        assert "Report on part x." in last and "<status>completed</status>" in last
        await session.aclose()


@pytest.mark.behaviour("B-1912")
async def test_a_run_waits_no_longer_than_it_may(tmp_path: Path) -> None:
    async with running_api(behind(STALLED)) as api:
        talk = Talk.at(tmp_path, api.url)
        (tmp_path / "home" / ".coder").mkdir(mode=0o700)
        settings = {"env": {"CLAUDE_CODE_PRINT_BG_WAIT_CEILING_MS": "50"}}
        (tmp_path / "home" / ".coder" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        session = await talk.open()
        session.wait_for_agents()
        assert (await session.prompt(GO)).text == "It has reported."
        assert "<status>stopped</status>" in json.dumps(api.requests[-1]["messages"][-1])
        await session.aclose()


@pytest.mark.behaviour("B-1913")
async def test_what_is_reported_while_a_run_works_comes_at_its_next_turn(tmp_path: Path) -> None:
    meanwhile = rule(BEHIND, tool("Bash", command="sleep 0.4"))
    async with running_api(fan(["part x"], TOLD, meanwhile, run_in_background=True)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert (await session.prompt(GO)).text == "It has reported."
        assert len(of(api, GO)) == 3
        await session.aclose()


@pytest.mark.behaviour("B-1913")
@pytest.mark.parametrize("how", ["follow up", "prompt", "resume"])
async def test_what_is_reported_between_runs_waits_for_the_next(tmp_path: Path, how: str) -> None:
    slow = rule({"user_regex": "^part"}, "Report on part x.", wait=0.3)
    async with running_api(behind(slow)) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        agents = session.agents
        assert agents is not None and (await session.prompt(GO)).text == "I go on."
        assert await session.follow_up() is None
        await until(lambda: agents.has_news)
        if how == "follow up":
            ended = await session.follow_up()
            assert ended is not None and ended.text == "It has reported."
        elif how == "prompt":
            assert (await session.prompt("and now?")).text == "It has reported."
        else:
            await session.aclose()
            session = await talk.open(Start(continue_latest=True))
            assert (await session.prompt("and now?")).text == "It has reported."
        assert "Report on part x." in json.dumps(api.requests[-1]["messages"][-1])
        again = await session.follow_up()
        assert again is None
        await session.aclose()


@pytest.mark.behaviour("B-1914")
async def test_an_interrupt_leaves_those_in_the_background_and_the_end_stops_them(tmp_path: Path) -> None:
    waits = rule(BEHIND, "x", fault=fault("stall", times="forever"))
    async with running_api(fan(["part x"], STALLED, waits, run_in_background=True)) as api:
        session = await Talk.at(tmp_path, api.url).open()
        agents = session.agents
        assert agents is not None
        running = asyncio.ensure_future(session.prompt(GO))
        await until(lambda: open_requests(api) == 2)
        session.interrupt()
        await running
        (row,) = agents.rows()
        assert row.state == "running" and row.background
        await session.aclose()
        assert agents.rows()[0].state == "stopped"
        (sidecar,) = (session.facts.transcript.with_suffix("") / "subagents").glob("*.meta.json")  # type: ignore[union-attr]  # it is kept
        assert json.loads(sidecar.read_text(encoding="utf-8"))["state"] == "stopped"


async def test_task_tools_know_agents(tmp_path: Path) -> None:
    looks = rule(
        BEHIND,
        tool("TaskOutput", task_id="helper", timeout=5_000),
    )
    stops = rule({"last_tool": "TaskOutput"}, tool("TaskStop", task_id="helper"))
    script = {
        "rules": [
            looks,
            stops,
            rule({"last_tool": "TaskStop"}, "Seen."),
            rule({"last_user_contains": GO}, *asks("part x", run_in_background=True, name="helper")),
            rule({"user_regex": "^part"}, "Report on part x."),
        ]
    }
    async with running_api(script) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert (await session.prompt(GO)).text == "Seen."
        looked, stopped = (results(body) for body in api.requests[-2:])
        assert looked[0].startswith("Report on part x.") and stopped == ["Agent helper is stopped."]
        assert "<task-notification>" not in json.dumps(api.requests)
        assert await session.follow_up() is None
        await session.aclose()
