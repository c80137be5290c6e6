"""Questions are not answered by accident: keys held down, typed ahead, or meant for what was open before."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.screens import Terminal, coder, git_folder, scripted
from tests.support.shop import ASKS, Shop, asked, calm

RUN = turn(tool("Bash", command="npm run one"), tool("Bash", command="npm run two"))
OPTIONS = [{"label": "A", "description": "one"}, {"label": "B", "description": "two"}]
ASKED = [
    {"question": f"{word}?", "header": word, "multiSelect": False, "options": OPTIONS} for word in ("First", "Second")
]


def hold(terminal: Terminal, key: str, until: Callable[[], object]) -> None:
    """As a keyboard does it: once, then after half a second again and again."""
    terminal.send(key)
    terminal.during(0.5)
    for _ in range(40):
        if until():
            return
        terminal.send(key)
        terminal.during(0.03)


@pytest.mark.behaviour("B-1070")
@pytest.mark.parametrize("key", ["\r", "1"])
def test_a_key_that_is_held_answers_one_question(tmp_path: Path, key: str) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo $2 >> ran.txt")
    with shop.session([RUN, turn("Run.")]) as (term, _):
        asked(term)
        hold(term, key, lambda: "two" in (shop.place.project / "ran.txt").read_text())
        term.wait("npm run two")
        assert (shop.place.project / "ran.txt").read_text() == "one\n"
        term.during(0.8)
        term.send("1")
        calm(term)
        assert (shop.place.project / "ran.txt").read_text() == "one\ntwo\n"


@pytest.mark.behaviour("B-1070")
def test_a_key_that_is_held_answers_one_question_of_the_model(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    with shop.session([turn(tool("AskUserQuestion", questions=ASKED)), turn("Good.")]) as (term, _):
        term.wait("question 1 of 2")
        term.during(0.4)
        hold(term, "\r", lambda: any("You chose" in row for row in term.history))
        term.wait("question 2 of 2")
        assert not any("You chose" in row for row in term.history)


@pytest.mark.behaviour("B-1071")
def test_what_closes_an_explanation_does_not_answer_the_question(tmp_path: Path) -> None:
    shop = Shop.make(tmp_path)
    shop.program("npm", "echo $2 >> ran.txt")
    with shop.session([turn(tool("Bash", command="npm run one")), turn("Run.")]) as (term, _):
        asked(term)
        term.press("ctrl+e")
        term.wait("Why this asks:")
        term.send("\r")
        term.wait(ASKS)
        term.send("1")
        term.during(0.5)
        assert not (shop.place.project / "ran.txt").exists() and ASKS in "".join(term.screen)
        term.send("1")
        calm(term)
        assert (shop.place.project / "ran.txt").exists()


@pytest.mark.behaviour("B-1072")
def test_a_message_typed_while_coder_starts_trusts_nothing(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    git_folder(place)
    settings = place.project / ".coder" / "settings.json"
    settings.parent.mkdir()
    hook = {"matcher": "", "hooks": [{"type": "command", "command": "touch ran"}]}
    settings.write_text(json.dumps({"hooks": {"SessionStart": [hook]}}), encoding="utf-8")
    with fake_api(scripted(turn("Hi."))) as api, coder(place, api) as term:
        for _ in range(500):
            if any("? Do you trust" in row for row in term.screen):
                break
            term.send("2")
            term.pump(0.02)
        term.during(0.6)
        assert any("? Do you trust" in row for row in term.screen)
        assert not (place.home / ".coder" / "trust.json").exists()
        term.send("1")
        term.wait("❯ 22")
        assert not os.path.exists(place.project / "ran")
