"""Workflows in a session that somebody sits in front of: the first look, the questions, the stop and the going on."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from coder.app.build import open_session
from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.errors import CoderError
from coder.core.events import AnyEvent, Notice, RunEnded, RunStarted, StepChanged, TextDelta
from coder.core.messages import Json
from coder.core.requests import Answers, Deny, Question, Reply, Request
from tests.support.cli import Place
from tests.support.fakeapi import KEY, rule, running_api

THEIRS = "## look\nLook at it.\n```step\ngate: {run: make}\n```\n## tell\nTell of it.\n"


class Person:
    """Says what it is told to say to each question; stops the session at a step."""

    def __init__(self, *answers: str, stops_at: str = "") -> None:
        self.answers = list(answers)
        self.stops_at = stops_at
        self.session: Session | None = None
        self.asked: list[str] = []
        self.events: list[AnyEvent] = []

    def emit(self, event: AnyEvent) -> None:
        self.events.append(event)
        if isinstance(event, StepChanged) and event.state == "started" and event.step == self.stops_at:
            assert self.session is not None
            self.session.interrupt()

    async def ask(self, request: Request) -> Reply:
        if not isinstance(request, Question):
            return Deny("no")
        question = str(request.questions[0]["question"])
        self.asked.append(f"{question}\n{request.questions[0]['options'][0].get('preview', '')}".strip())
        return Answers({question: self.answers.pop(0)}) if self.answers else Deny("", nobody=True)


@asynccontextmanager
async def sitting(place: Place, person: Person, url: str, start: Start = NEW) -> AsyncIterator[Session]:
    env = {"HOME": str(place.home), "PATH": "/usr/bin:/bin", "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
    config = load(Flags(headless=False), env, place.project, managed=place.home / "managed")
    session = person.session = await open_session(config, person, start=start)
    try:
        yield session
    finally:
        await session.aclose()


def write(place: Place, text: str, *, project: bool = False) -> Path:
    path = (place.project if project else place.home) / ".coder" / "workflows" / "flow.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def model() -> Json:
    return {"rules": [rule({"last_user_contains": "Look at it"}, "seen"), rule({}, "told")]}


@pytest.mark.behaviour("B-2057")
async def test_what_a_repository_brought_is_shown_before_it_first_runs_and_again_when_it_changes(place: Place) -> None:
    path = write(place, THEIRS.replace("gate: {run: make}", "agent: Explore"), project=True)
    person = Person("Go on", "Stop")
    async with running_api(model()) as api, sitting(place, person, api.url) as session:
        assert "flow" in {each.name for each in session.commands}
        assert (await session.prompt("/flow")).text == "told" and (await session.prompt("/flow")).text == "told"
        assert len(person.asked) == 1
        assert "look\n  an agent (Explore)" in person.asked[0] and "In all at most 2 agents" in person.asked[0]
        path.write_text(THEIRS, encoding="utf-8")
        count = len(api.requests)
        with pytest.raises(CoderError, match="flow was not run: nobody said yes to it"):
            await session.prompt("/flow")
        assert "runs make, which must pass" in person.asked[1] and len(api.requests) == count
        assert len(session.messages) == 1 + 2 * 2, "nothing was said"


@pytest.mark.behaviour("B-2049")
async def test_stopped_it_says_so_and_the_same_line_goes_on(place: Place) -> None:
    write(place, "## look\nLook at it.\n## tell\nTell of it.\n")
    person = Person(stops_at="tell")
    async with running_api(model()) as api, sitting(place, person, api.url) as session:
        ended = await session.prompt("/flow")
        assert ended.reason == "interrupted" and len(api.requests) == 1
        notices = [event.text for event in person.events if isinstance(event, Notice)]
        assert notices == ["The workflow flow was stopped at the step tell. Go on with: the same line in this session"]
        assert "was stopped at the step tell" in session.messages[-1].text and "seen" in session.messages[-1].text
        person.stops_at = ""
        ended = await session.prompt("/flow")
        assert (ended.reason, ended.text, len(api.requests)) == ("done", "told", 2)
        notices = [event.text for event in person.events if isinstance(event, Notice)]
        assert notices[-1] == "flow goes on where it was: 1 result is there."
        assert (await session.prompt("/flow")).text == "told" and len(api.requests) == 4, (
            "a run that is done is done anew"
        )


@pytest.mark.behaviour("B-2048")
async def test_a_question_of_a_step_is_put_to_the_person(place: Place) -> None:
    write(place, "## look\nLook at it.\n## tell\nTell.\n```step\napprove: Tell {{look}}?\n```\n")
    person = Person("Stop", "Go on")
    async with running_api(model()) as api, sitting(place, person, api.url) as session:
        ended = await session.prompt("/flow")
        assert ended.reason == "interrupted" and person.asked == ["Tell seen?"] and len(api.requests) == 1
        assert (await session.prompt("/flow")).text == "told" and len(api.requests) == 2


@pytest.mark.behaviour("B-2054")
async def test_front_ends_hear_of_a_run_like_any_other(place: Place) -> None:
    write(place, "## look\nLook at it.\n")
    person = Person()
    async with running_api(model()) as api, sitting(place, person, api.url) as session:
        await session.prompt("/flow")
        main = [event for event in person.events if isinstance(event, TextDelta) and event.agent == "main"]
        begun = [type(event) for event in person.events if event.agent == "main" and not isinstance(event, Notice)]
    assert RunStarted in begun[:3] and begun[-2:] == [TextDelta, RunEnded]
    assert [event.text for event in main] == ["seen"]


async def test_what_is_typed_wrong_says_what_is_there(place: Place) -> None:
    write(place, "---\nargs: {n: {required: true, choices: [1, 2]}}\n---\n## look\nLook {{n}}.\n")
    async with running_api(model()) as api, sitting(place, Person(), api.url) as session:
        for line, said in (("/flow", "needs n"), ("/flow 3", "n of the workflow flow is 1 or 2")):
            with pytest.raises(CoderError, match=said):
                await session.prompt(line)
        assert not api.requests and not session.messages


async def test_a_commands_file_of_the_same_place_comes_first(place: Place) -> None:
    write(place, "## look\nLook at it.\n")
    command = place.home / ".coder" / "commands" / "flow.md"
    command.parent.mkdir()
    command.write_text("I am the command.", encoding="utf-8")
    async with running_api({"rules": [rule({}, "hello")]}) as api, sitting(place, Person(), api.url) as session:
        await session.prompt("/flow")
        assert "I am the command." in json.dumps(api.requests[0]["messages"])
        assert [each.kind for each in session.commands if each.name == "flow"] == ["command"]
