"""Agents of a session that was cut off: what is kept of them counts. Files are left as a kill would leave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.app.starting import Start
from coder.core.agents import Brief
from coder.core.messages import Json
from tests.support.fakeapi import RunningApi, rule, running_api, tool, tool_input
from tests.support.fanout import DONE, GO, asks, fan, of, results
from tests.support.talks import Talk

AGAIN = Start(continue_latest=True)
TWO = ("part one", "part two")
FORM: Json = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def script() -> Json:
    cut = rule({"last_user_contains": "go on", "any_tool_result_contains": "Call Agent again"}, *asks(*TWO))
    goes_on = rule({"last_user_contains": "goes on now"}, "Report after all.")
    return fan(TWO, cut, goes_on, rule({"last_user_contains": "go on"}, "I go on."))


def cut_off(talk: Talk, *, running: str = "", last_words: bool = True) -> None:
    """The session's results are gone; the agent that was asked `running` had not ended, nor said its last words."""
    (main,) = talk.transcripts()
    lines = main.read_text(encoding="utf-8").splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if '"tool_result"' in line)
    main.write_text("".join(lines[:first]), encoding="utf-8")
    for path in (main.with_suffix("") / "subagents").glob("*.meta.json"):
        row = json.loads(path.read_text(encoding="utf-8"))
        if row["prompt"] == running:
            row.pop("report")
            path.write_text(json.dumps({**row, "state": "running"}), encoding="utf-8")
            transcript = path.with_name(path.name.replace(".meta.json", ".jsonl"))
            if not last_words:
                lines = transcript.read_text(encoding="utf-8").splitlines(keepends=True)
                transcript.write_text("".join(line for line in lines if '"assistant"' not in line), encoding="utf-8")


def asked_of(api: RunningApi, prompt: str) -> int:
    return len(of(api, prompt))


@pytest.mark.behaviour("B-1916")
async def test_a_report_that_was_there_is_the_result(tmp_path: Path) -> None:
    async with running_api(script(), continuity=False) as api:
        talk = Talk.at(tmp_path, api.url)
        assert await talk.say(GO) == DONE
        cut_off(talk)
        assert await talk.say("go on", AGAIN) == "I go on."
        sent = json.dumps(api.requests[-1]["messages"])
        assert "Report on part one." in sent and "Report on part two." in sent and "Unknown outcome" not in sent
        assert (asked_of(api, "part one"), asked_of(api, "part two")) == (1, 1)


@pytest.mark.behaviour("B-1916")
@pytest.mark.parametrize("last_words", [True, False])
async def test_who_had_not_ended_goes_on_when_asked_in_the_same_words(tmp_path: Path, *, last_words: bool) -> None:
    async with running_api(script(), continuity=False) as api:
        talk = Talk.at(tmp_path, api.url)
        await talk.say(GO)
        cut_off(talk, running="part two", last_words=last_words)
        session = await talk.open(AGAIN)
        ended = await session.prompt("go on")
        assert ended.text == DONE
        first, second = results(api.requests[-1])
        assert first.startswith("Report on part one.") and asked_of(api, "part one") == 1
        assert second.startswith("Report on part two." if last_words else "Report after all.")
        assert asked_of(api, "part two") == (1 if last_words else 2)
        told = next(text for body in api.requests for text in results(body) if "Call Agent again" in text)
        assert "was cut off" in told
        rows = session.agents.rows()  # type: ignore[union-attr]  # it has some
        assert len(rows) == 2 and all(row.state == "completed" and row.tokens > 0 for row in rows)
        await session.aclose()


async def test_the_same_words_later_are_a_new_request(tmp_path: Path) -> None:
    async with running_api(fan(["part one"])) as api:
        talk = Talk.at(tmp_path, api.url)
        assert await talk.say(GO) == DONE
        assert await talk.say(GO, AGAIN) == DONE
        assert asked_of(api, "part one") == 2


async def test_a_chosen_key_names_the_work_for_good(tmp_path: Path) -> None:
    turns = [rule({"turn": 1, "user_regex": "^typed"}, tool_input("Submit", {"n": 7}))]
    async with running_api(fan(["part x"], *turns)) as api:
        talk = Talk.at(tmp_path, api.url)
        for again in (False, True):
            session = await talk.open(AGAIN if again else Start())
            if not again:
                await session.prompt("part of the session")
            agents = session.agents
            assert agents is not None
            for _ in range(2):
                plain = await agents.run(Brief(prompt="part x", key="step-1"))
                form = await agents.run(Brief(prompt="typed", key="step-2", out=FORM))
            assert plain.resumed and plain.text == "Report on part x."
            assert form.resumed and form.value == {"n": 7}
            await session.aclose()
        assert asked_of(api, "part x") == 1 and asked_of(api, "typed") == 1


async def test_a_result_that_was_handed_in_before_the_end_is_taken(tmp_path: Path) -> None:
    turns = [rule({"turn": 1, "user_regex": "^typed"}, tool_input("Submit", {"n": 7}))]
    async with running_api(fan(["part x"], *turns)) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        await session.prompt("part of the session")
        assert session.agents is not None
        await session.agents.run(Brief(prompt="typed", key="step", out=FORM))
        await session.aclose()
        (path,) = (talk.transcripts()[0].with_suffix("") / "subagents").glob("*.meta.json")
        row = json.loads(path.read_text(encoding="utf-8"))
        row.pop("report")
        path.write_text(json.dumps({**row, "state": "running"}), encoding="utf-8")
        session = await talk.open(AGAIN)
        assert session.agents is not None
        found = await session.agents.run(Brief(prompt="typed", key="step", out=FORM))
        assert (found.state, found.value, asked_of(api, "typed")) == ("completed", {"n": 7}, 1)
        await session.aclose()


@pytest.mark.behaviour("B-2117")
@pytest.mark.behaviour("B-2118")
@pytest.mark.parametrize("again", ["In words: 7.", "anew"])
async def test_an_agent_with_a_form_that_is_spoken_to_keeps_it(tmp_path: Path, again: str) -> None:
    more = tool("Submit", n=8) if again == "anew" else again
    rules = (
        rule({"last_user_contains": "and now?"}, more),
        rule({"last_tool": "SendMessage"}, "Thanks."),
        rule({"last_user_contains": "ask again"}, tool("SendMessage", to="helper", message="and now?")),
        rule({"last_user_contains": "typed"}, tool("Submit", n=7)),
    )
    hello = rule({"last_user_contains": "hello"}, "Hi.")
    async with running_api(fan(["part q"], *rules, hello, rule({"last_tool": "Submit"}, "Done."))) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        assert session.agents is not None
        assert session.agents.rows() == ()
        await session.agents.run(Brief(prompt="typed", key="step", out=FORM, name="helper"))
        await session.prompt("hello")
        await session.aclose()
        session = await talk.open(AGAIN)
        assert session.agents is not None
        assert [row.title for row in session.agents.rows()] == ["typed"]
        assert (await session.prompt("ask again")).text == "Thanks."
        first, last = of(api, "typed")[0], of(api, "typed")[-1]
        assert first["tools"] == last["tools"] and first["system"] == last["system"]
        expected = {"n": 8} if again == "anew" else {"n": 7}
        (told,) = results(api.requests[-1])
        assert json.dumps(expected) in told and (again == "anew" or told.startswith(again)), told
        kept = await session.agents.run(Brief(prompt="typed", key="step", out=FORM))
        assert (kept.state, kept.value) == ("completed", expected)
        await session.aclose()


async def test_nothing_is_kept_of_agents_where_the_session_keeps_nothing(tmp_path: Path) -> None:
    follows = rule({"last_tool": "Agent"}, tool("SendMessage", to="helper", message="more"))
    last = rule({"last_tool": "SendMessage"}, "It is gone.")
    async with running_api(fan(["part x"], last, follows, name="helper")) as api:
        session = await Talk.at(tmp_path, api.url).open(no_session_persistence=True)
        assert (await session.prompt(GO)).text == "It is gone."
        assert "keeps nothing" in results(api.requests[-1])[0]
        await session.aclose()
    assert not list((tmp_path / "home").rglob("agent-*"))
