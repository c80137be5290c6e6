from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from coder.app.demo_model import FOLDER
from tests.support.cli import Done, Place

# Nothing but loopback can be reached through these.
CUT_OFF = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}


def asked(place: Place, prompt: str, *more: str) -> Done:
    done = place.coder(
        *("-p", prompt, "--model", "demo", "--output-format", "stream-json", "--verbose", *more), env=CUT_OFF
    )
    assert done.stderr == ""
    return done


def used(done: Done) -> list[str]:
    blocks = [block for line in done.lines if line["type"] == "assistant" for block in line["message"]["content"]]
    return [block["name"] for block in blocks if block["type"] == "tool_use"]


@pytest.mark.behaviour("B-933")
def test_it_answers_without_key_network_and_cost(place: Place) -> None:
    done = place.coder("-p", "hi", "--model", "demo", env=CUT_OFF)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith("This is the **demo model**") and "\x1b" not in done.stdout
    result = asked(place, "hi").result
    assert result["total_cost_usd"] == 0 and not result["is_error"]


@pytest.mark.behaviour("B-933")
@pytest.mark.parametrize(
    ("prompt", "tools"),
    [
        ("show an edit", ["Write", "Edit"]),
        ("run the tests", ["Bash"]),
        ("ask me something", ["AskUserQuestion"]),
        ("think", []),
        ("read", ["Glob"]),
        ("long answer", []),
        ("fail", ["Bash"]),
    ],
)
def test_every_word_it_names_shows_something(place: Place, prompt: str, tools: list[str]) -> None:
    done = asked(place, prompt, "--permission-mode", "bypassPermissions")
    assert done.code == 0 and used(done) == tools
    assert "demo model**" not in done.result["result"] and "know a few words" not in done.result["result"]
    assert (place.project / "coder-demo.txt").exists() == ("Write" in tools)


def test_every_word_is_named_in_its_first_answer(place: Place) -> None:
    first = place.coder("-p", "hi", "--model", "demo").stdout
    words = set(re.findall(r"`([a-z ]+)`", first))
    assert {"show an edit", "run the tests", "ask me something", "make a plan", "think", "read", "fail"} <= words


def test_a_plan_is_put_to_the_person(place: Place) -> None:
    done = asked(place, "make a plan")
    assert used(done) == ["EnterPlanMode", "ExitPlanMode"] and done.code == 77


def test_no_answer_of_nobody_is_taken_for_a_no(place: Place) -> None:
    done = asked(place, "show an edit")
    assert used(done) == ["Write"] and "Nothing was changed" in done.result["result"]
    assert list(place.project.iterdir()) == []


def test_a_file_of_an_earlier_time_is_read_first(place: Place) -> None:
    (place.project / "coder-demo.txt").write_text("of the person\n", encoding="utf-8")
    done = asked(place, "show an edit", "--permission-mode", "acceptEdits")
    assert used(done) == ["Write", "Read", "Write", "Edit"] and done.code == 0


def test_words_of_the_context_are_no_request(place: Place) -> None:
    done = asked(place, "run the tests and make a plan\nhello")
    assert used(done) == [] and "demo model" in done.result["result"]


@pytest.mark.behaviour("B-933")
def test_a_key_of_the_person_is_not_sent_to_it(place: Place) -> None:
    key = {"ANTHROPIC_API_KEY": "sk-ant-of-the-person-0123", "ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}
    done = place.coder("-p", "hi", "--model", "demo", "--output-format", "stream-json", "--verbose", env=key)
    started = next(line for line in done.lines if line.get("subtype") == "init")
    assert done.code == 0 and started["apiKeySource"] == "none" and "of-the-person" not in done.stdout


def test_its_words_are_in_the_package() -> None:
    assert {"model.yaml", "tour.yaml"} <= {path.name for path in FOLDER.iterdir()}
    assert {path.name for path in (FOLDER / "tour").glob("*.py")} == {"app.py", "test_app.py"}
    assert Path(FOLDER).parent.name == "coder"
    assert json.dumps(sorted(path.name for path in FOLDER.iterdir()))
