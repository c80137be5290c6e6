"""What bounds agents: money, calls, turns, the form of a result; and what is said when something is down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coder.core.agents import Brief
from coder.core.errors import ToolError
from coder.core.messages import usage_from_api
from coder.models import catalog
from tests.support.fakeapi import RunningApi, rule, running_api, tool, tool_input
from tests.support.fanout import DONE, GO, asked, fan, of, results
from tests.support.talks import Talk

FORM = {
    "type": "object",
    "properties": {"kind": {"type": "string", "enum": ["bug", "feature"]}, "files": {"type": "array", "minItems": 1}},
    "required": ["kind", "files"],
    "additionalProperties": False,
}
GOOD = {"kind": "bug", "files": ["a.py"]}


def billed(api: RunningApi) -> float:
    rows = [(each.body or {}, each.usage) for each in api.exchanges if each.usage is not None]
    prices = [catalog.price(str(body["model"]), usage_from_api(usage)) for body, usage in rows]
    return sum(price for price in prices if price is not None)


@pytest.mark.behaviour("B-1907")
async def test_what_agents_cost_is_in_the_total_and_the_ledger_and_not_in_the_run(tmp_path: Path) -> None:
    async with running_api(fan([f"part {n}" for n in range(3)])) as api:
        session = await Talk.at(tmp_path, api.url).open()
        ended = await session.prompt(GO)
        spent = session.spent
        await session.aclose()
        rows = [
            json.loads(line)
            for path in (tmp_path / "home" / ".coder" / "ledger").glob("*.jsonl")
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        own = sum(
            (usage_from_api(each.usage) for each in api.exchanges if asked(each.body or {}) == GO), usage_from_api({})
        )
        assert len(rows) == len(api.requests) == 5 and len({row["agent"] for row in rows}) == 4
        assert sum(row["usd"] for row in rows) == pytest.approx(billed(api))
        assert spent.cost == pytest.approx(billed(api))
        assert ended.usage == own


@pytest.mark.behaviour("B-1908")
async def test_h15_a_budget_cannot_be_passed_by_asking_many(tmp_path: Path) -> None:
    wasteful = rule({"user_regex": "^part"}, "word " * 400, usage={"output_tokens": 900})
    limit = 0.11
    async with running_api(fan([f"part {n}" for n in range(20)], wasteful)) as api:
        session = await Talk.at(tmp_path, api.url).open(max_budget_usd=limit)
        ended = await session.prompt(GO)
        reports = [row for row in session.agents.rows() if row.state == "failed"]  # type: ignore[union-attr]  # it has some
        await session.aclose()
        assert ended.reason == "budget" and reports and billed(api) <= limit
        assert all(row.state != "running" for row in reports)


@pytest.mark.parametrize("within", [0.03, None])
async def test_a_group_has_money_and_a_number_of_its_own(tmp_path: Path, within: float | None) -> None:
    async with running_api(fan(["part of nobody"])) as api:
        session = await Talk.at(tmp_path, api.url).open()
        agents = session.agents
        assert agents is not None
        group = agents.group(2, within)
        first = await agents.run(Brief(prompt="part one", group=group))
        assert first.state == "completed" and group.count == 1 and group.usd == pytest.approx(billed(api))
        second = await agents.run(Brief(prompt="part two", group=group))
        with pytest.raises(ToolError, match="2 agents were asked already"):
            await agents.run(Brief(prompt="part three", group=group))
        await session.aclose()
    if within is None:
        assert second.state == "completed"
    else:
        assert (
            second.state == "failed" and second.error.startswith("Budget reached: ") and "coder -p" not in second.error
        )
        assert (group.usd or 0.0) <= within


def typed(*rules: Any) -> dict[str, Any]:
    return {"rules": [*rules, rule({"turn": 1}, tool_input("Submit", GOOD))]}


async def report(tmp_path: Path, script: Any, **brief: Any) -> Any:
    async with running_api(script) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert session.agents is not None
        found = await session.agents.run(Brief(prompt="part x", **brief))
        await session.aclose()
        return found, api.requests


@pytest.mark.behaviour("B-1909")
async def test_a_result_with_a_form_is_handed_in_and_costs_no_further_turn(tmp_path: Path) -> None:
    found, requests = await report(tmp_path, typed(), out=FORM)
    assert (found.state, found.value, len(requests)) == ("completed", GOOD, 1)
    submit = next(each for each in requests[0]["tools"] if each["name"] == "Submit")
    assert submit["input_schema"]["properties"] == FORM["properties"]


@pytest.mark.behaviour("B-1909")
async def test_a_wrong_result_may_be_mended_once(tmp_path: Path) -> None:
    bad = rule({"turn": 1}, tool_input("Submit", {"kind": "bgu", "files": [], "more": 1}))
    mended = rule({"tool_error": True}, tool_input("Submit", GOOD))
    found, requests = await report(tmp_path, typed(bad, mended), out=FORM)
    assert (found.state, found.value, len(requests)) == ("completed", GOOD, 2)
    told = results(requests[1])[0]
    assert all(part in told for part in ('`kind` is "bgu"', "`files` has 0 items", "`more` is no part of it"))


@pytest.mark.behaviour("B-1909")
async def test_a_result_that_stays_wrong_is_an_error(tmp_path: Path) -> None:
    bad = rule({}, tool_input("Submit", {"kind": "bgu", "files": ["a"]}))
    found, requests = await report(tmp_path, typed(bad), out=FORM)
    assert (found.state, found.value, len(requests)) == ("failed", None, 2)
    assert "does not fit the form: `kind` is" in found.error


@pytest.mark.behaviour("B-1909")
@pytest.mark.parametrize("gives_in", [True, False])
async def test_who_ends_without_a_result_is_asked_for_it_once(tmp_path: Path, *, gives_in: bool) -> None:
    late = [rule({"last_user_contains": "not handed in"}, tool_input("Submit", GOOD))] if gives_in else []
    found, requests = await report(tmp_path, typed(*late, rule({}, "I am done.")), out=FORM)
    assert len(requests) == 2
    assert (found.state, found.value) == (("completed", GOOD) if gives_in else ("failed", None))


@pytest.mark.behaviour("B-1910")
async def test_an_explorer_is_told_before_its_calls_are_used_and_makes_no_more(tmp_path: Path) -> None:
    looks = rule({"last_user_not_contains": "Report now"}, *[tool("Glob", pattern=f"*.{n}") for n in range(8)])
    found, requests = await report(tmp_path, {"rules": [looks, rule({}, "What I found.")]}, kind="Explore")
    text = json.dumps(requests[-1]["messages"])
    assert found.state == "completed" and found.text == "What I found." and found.tool_uses == 20
    assert "16 of your 20 tool calls are used" in text and "All 20 tool calls are used" in text
    assert text.count("all 20 tool calls of this agent are used") == 4


async def test_an_agent_ends_when_its_turns_are_used(tmp_path: Path) -> None:
    looks = rule({}, tool("Glob", pattern="*.{{n}}"))
    script = {"rules": [rule({"turn": 1}, tool("Glob", pattern="a")), rule({}, "x", tool("Glob", pattern="b")), looks]}
    found, requests = await report(tmp_path, script, turns=2)
    assert (found.state, len(requests)) == ("failed", 2) and "all of its 2 turns" in found.error


@pytest.mark.behaviour("B-1911")
async def test_a_tool_that_fails_twice_alike_is_said_to_be_down(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9/page"
    fetch = tool("WebFetch", url=url, prompt="what?")
    again = rule({"turn": 2}, "Again.", fetch)
    found, requests = await report(tmp_path, {"rules": [rule({"turn": 1}, fetch), again, rule({}, "No page.")]})
    first, second = results(requests[1])[0], results(requests[2])[0]
    assert found.state == "completed" and "as down" not in first
    assert "WebFetch gave this same error twice" in second and "Grep" in second


async def test_what_cannot_be_asked_is_said_with_what_can(tmp_path: Path) -> None:
    script = fan(["part x"], subagent_type="explorer")
    async with running_api(script) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert (await session.prompt(GO)).text == DONE
        assert "Explore" in results(of(api, GO)[-1])[0] and len(api.requests) == 2
        await session.aclose()


@pytest.mark.behaviour("B-1908")
async def test_the_money_of_a_group_is_a_part_of_the_sessions(tmp_path: Path) -> None:
    async with running_api(fan(["part of nobody"])) as api:
        session = await Talk.at(tmp_path, api.url).open(max_budget_usd=0.03)
        agents = session.agents
        assert agents is not None
        group = agents.group(9, 5.0)
        states = [(await agents.run(Brief(prompt=f"part {n}", group=group))).state for n in range(8)]
        spent = group.usd
        alone = await agents.run(Brief(prompt="part alone"))
        await session.aclose()
        assert states[0] == "completed" and states[-1] == alone.state == "failed"
        assert spent is not None and billed(api) == pytest.approx(spent) and spent <= 0.03
