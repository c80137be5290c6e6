"""What a front end with a person in front knows of a session, and takes along to the next one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.app.figures import Figures
from coder.app.session import Session
from coder.app.spent import Spent
from coder.app.starting import NEW, Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config
from coder.core.errors import SessionError
from coder.core.events import StateChanged, UsageReported
from coder.core.messages import Usage
from coder.core.model import Effort
from coder.core.requests import Allow, Deny, Reply
from tests.support.engine import Recorder
from tests.support.fakeapi import DEADLINE, KEY, RunningApi, fault, rule, running_api, thinking, tool, turn
from tests.support.talks import Talk, texts

TITLES = {"last_user_contains": "<first_message>"}


def config_of(talk: Talk) -> Config:
    env = {"HOME": str(talk.home), "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": talk.url, "ANTHROPIC_API_KEY": KEY}
    return load(Flags(permission_mode="bypassPermissions"), env, talk.project, managed=talk.home / "managed")


async def titled(talk: Talk, start: Start = NEW, front: Recorder | None = None) -> Session:
    return await open_session(config_of(talk), front or Recorder(Deny("no")), start=start, titles=True)


async def asked(talk: Talk, start: Start, model: str, effort: Effort) -> Session:
    """A session that was asked something once."""
    config = config_of(talk)
    config = replace(config, model=replace(config.model, name=model, effort=effort))
    session = await open_session(config, Recorder(Deny("no")), start=start)
    await session.prompt("Go.")
    await session.aclose()
    return session


async def asked_for_titles(api: RunningApi, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while sum("<first_message>" in str(body) for body in api.requests) < count:
            await asyncio.sleep(0)


@pytest.mark.behaviour("B-967")
async def test_a_new_session_finds_a_title(tmp_path: Path) -> None:
    front = Recorder(Deny("no"))
    script = {"rules": [rule(TITLES, "Fix the cart")], "turns": [turn("Hi."), turn("Again.")]}
    async with running_api(script) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await titled(talk, front=front)
        assert session.title == ""
        await session.prompt("The cart is wrong.")
        async with asyncio.timeout(DEADLINE):
            while session.title != "Fix the cart":
                await asyncio.sleep(0)
        spent = session.spent
        await session.aclose()
        again = await titled(talk, Start(resume="Fix the cart"))
        assert again.title == "Fix the cart"
        await again.prompt("And?")
        await again.aclose()
    reported = [event.purpose for event in front.of(UsageReported)]
    assert sorted(reported) == ["main", "title"]
    assert set(spent.model_usage) == {event.model for event in front.of(UsageReported)} and len(spent.model_usage) == 2
    assert len(api.requests) == 3
    assert sum('"purpose":"title"' in path.read_text() for path in (tmp_path / "home").rglob("*.jsonl")) == 1


@pytest.mark.behaviour("B-967")
@pytest.mark.parametrize("reply", [rule(TITLES, "x", wait=60), rule(TITLES, "x", fault=fault("status", 500, times=9))])
async def test_a_title_delays_and_fails_nothing(tmp_path: Path, reply: dict[str, object]) -> None:
    async with running_api({"rules": [reply], "turns": [turn("Hi.")]}) as api:
        session = await titled(Talk.at(tmp_path, api.url))
        assert (await session.prompt("The cart is wrong, and so on and on.")).text == "Hi."
        await asked_for_titles(api, 1)
        assert session.title == "The cart is wrong, and so on…"
        async with asyncio.timeout(DEADLINE):
            await session.aclose()


@pytest.mark.behaviour("B-968")
async def test_a_session_goes_on_under_another_model_and_effort(tmp_path: Path) -> None:
    turns = [turn(thinking("Hm."), "One."), turn("Two."), turn("Three."), turn("Four.")]
    async with running_api(turns) as api:
        talk = Talk.at(tmp_path, api.url)
        one = await asked(talk, NEW, "claude-sonnet-5-5", "high")
        again = Start(resume=one.facts.session_id)
        two = await asked(talk, again, "claude-opus-5-5", "high")
        three = await asked(talk, replace(again, edited="another effort"), "claude-opus-5-5", "low")
        four = await asked(talk, again, "some-model", "low")
        spent = [each.spent for each in (one, two, three, four)]
        assert api.context_edits == ["another model", "another effort", "another model"]
    assert texts(api.requests[-1]) == ["Go.", "One.", "Go.", "Two.", "Go.", "Three.", "Go."]
    total = spent[0] + spent[1] + spent[2]
    assert set(total.model_usage) == {"claude-sonnet-5-5", "claude-opus-5-5"}
    assert total.cost is not None and total.cost == pytest.approx(sum(each.cost or 0 for each in spent[:3]))
    row = total.model_usage["claude-opus-5-5"]
    assert row["outputTokens"] == sum(each.usage.output_tokens for each in spent[1:3])
    assert (total + spent[3]).cost is None and (total + spent[3]).usage.output_tokens > total.usage.output_tokens


def test_totals_of_two_sessions_add_up() -> None:
    row = {"inputTokens": 1, "costUSD": 0.5, "contextWindow": 200}
    one = Spent(0.5, {"a": row}, 1.0, Usage(1))
    two = Spent(0.25, {"a": {**row, "costUSD": 0.25}, "b": {**row, "costUSD": None}}, 2.0, Usage(2))
    both = one + two
    assert both == Spent(
        0.75,
        {"a": {"inputTokens": 2, "costUSD": 0.75, "contextWindow": 200}, "b": {**row, "costUSD": None}},
        3.0,
        Usage(3),
    )
    assert (two + both).model_usage["b"]["costUSD"] is None and one.model_usage["a"] == row


class Slow(Recorder):
    """Lets a second pass before it answers."""

    now = 0.0

    async def ask(self, request: object) -> Reply:
        self.now += 1.5
        return Allow()


@pytest.mark.behaviour("B-969")
async def test_the_time_of_questions_is_counted() -> None:
    slow = Slow()
    figures = Figures(lambda: slow.now)
    ask = figures.timed(slow.ask)
    for _ in range(2):
        assert isinstance(await ask(object()), Allow)  # type: ignore[arg-type]  # what is asked does not matter
    assert figures.waited == 3.0


@pytest.mark.behaviour("B-969")
async def test_the_lines_that_calls_change_are_counted(tmp_path: Path) -> None:
    path, edit = str(tmp_path / "project" / "a.txt"), {"old_string": "two\n", "new_string": "2\nand\n"}
    turns = [
        turn(tool("Write", file_path=path, content="one\ntwo\nthree\n")),
        turn(tool("Edit", file_path=path, **edit)),
        turn(tool("Edit", file_path=path, **edit)),  # fails
        turn(tool("AskUserQuestion", questions=[])),
        turn("Done."),
    ]
    async with running_api(turns) as api:
        session = await Talk.at(tmp_path, api.url).open()
        assert (session.figures.lines, session.figures.waited) == ((0, 0), 0.0)
        await session.prompt("Go.")
        assert session.figures.lines == (5, 1)
        assert [message.meta.kind for message in session.last_run()][:2] == ["prompt", "reply"]
        assert session.last_run() == session.messages[1:]
        await session.aclose()


@pytest.mark.behaviour("B-969")
async def test_a_session_counts_the_time_of_its_questions(tmp_path: Path) -> None:
    async with running_api([turn(tool("Bash", command="touch x")), turn("Done.")]) as api:
        session = await Talk.at(tmp_path, api.url).open(front=Recorder(Allow()), permission_mode="default")
        await session.prompt("Go.")
        assert session.figures.waited > 0
        await session.aclose()


@pytest.mark.behaviour("B-972")
async def test_a_mode_is_set_but_not_the_one_that_asks_nothing(tmp_path: Path) -> None:
    front = Recorder(Deny("no"))
    async with running_api([turn("x")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(front=front, permission_mode="default")
        session.tuning.set_mode("plan")
        with pytest.raises(SessionError, match="only be chosen at the start"):
            session.tuning.set_mode("bypassPermissions")
        assert session.control.mode == "plan" and [event.mode for event in front.of(StateChanged)] == ["plan"]
        await session.aclose()
        session = await talk.open(permission_mode="bypassPermissions")
        session.tuning.set_mode("plan")
        session.tuning.set_mode("bypassPermissions")
        assert session.control.mode == "bypassPermissions"
        await session.aclose()
