from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.messages import Json
from coder.core.requests import Allow, Answers, Deny, Question, Reply, Request
from coder.core.tools import Internal
from coder.tools.ask import AskUserQuestion, AskUserQuestionParams
from coder.tools.schema import parse
from tests.support.toolbox import Toolbox, text_of


def question(text: str = "Which database?", **more: Any) -> Json:
    options = [
        {"label": "SQLite", "description": "One file"},
        {"label": "Postgres", "description": "A server", "preview": "CREATE TABLE"},
    ]
    return {"question": text, "header": "Database", "options": options, "multiSelect": False, **more}


class Person:
    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        return self.reply


@pytest.mark.behaviour("B-343")
async def test_the_persons_answers_reach_the_model(tmp_path: Path) -> None:
    person = Person(Answers({"Which database?": "SQLite", "And where?": "Here, There"}))
    questions = [question(), question("And where?", multiSelect=True)]
    output = await Toolbox(tmp_path, ask=person).call(AskUserQuestion(), questions=questions)
    assert person.asked == [Question(tuple(questions))]
    assert text_of(output) == "The person answered:\nWhich database? SQLite\nAnd where? Here, There"
    assert output.data == {
        "questions": questions,
        "answers": {"Which database?": "SQLite", "And where?": "Here, There"},
    }


@pytest.mark.behaviour("B-344")
async def test_with_nobody_there_the_model_is_told_to_choose(tmp_path: Path) -> None:
    output = await Toolbox(tmp_path).call(AskUserQuestion(), questions=[question()])
    assert not output.is_error
    assert text_of(output).startswith("Nobody is there to answer.")
    assert output.data == {"questions": [question()], "answers": {}}


async def test_a_person_who_declines_is_quoted(tmp_path: Path) -> None:
    person = Person(Deny("ask me later"))
    output = await Toolbox(tmp_path, ask=person).call(AskUserQuestion(), questions=[question()])
    assert output.is_error
    assert text_of(output) == "The person did not answer: ask me later"


async def test_answers_may_come_through_the_calls_input(tmp_path: Path) -> None:
    person = Person(Allow(input={"questions": [], "answers": {"Which database?": "Postgres"}}))
    output = await Toolbox(tmp_path, ask=person).call(AskUserQuestion(), questions=[question()])
    assert text_of(output).endswith("Which database? Postgres")


async def test_a_question_left_open_says_so(tmp_path: Path) -> None:
    output = await Toolbox(tmp_path, ask=Person(Allow())).call(AskUserQuestion(), questions=[question()])
    assert text_of(output).endswith("Which database? (no answer)")


@pytest.mark.parametrize(
    ("questions", "reason"),
    [
        ([], r"`questions` is \[\]"),
        ([question(str(n)) for n in range(5)], "1 to 4 items"),
        ([question(options=[{"label": "A", "description": ""}])], "2 to 4 items"),
        ([question(" ")], "empty question or header"),
        ([question(), question()], "told apart by the question"),
        ([question(options=[{"label": "A", "description": "x"}] * 2)], "label 'A' 2 times"),
    ],
)
async def test_questions_that_cannot_be_asked_are_refused(tmp_path: Path, questions: list[Json], reason: str) -> None:
    person = Person(Answers({}))
    with pytest.raises(ToolError, match=reason):
        await Toolbox(tmp_path, ask=person).call(AskUserQuestion(), questions=questions)
    assert person.asked == []


def test_asking_touches_only_the_session(tmp_path: Path) -> None:
    params = parse(AskUserQuestionParams, {"questions": [question()]}, "AskUserQuestion")
    assert AskUserQuestion().access(params, Toolbox(tmp_path).workspace) == Internal()
