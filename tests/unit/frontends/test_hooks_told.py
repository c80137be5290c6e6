"""How front ends tell of hooks: nothing of one that went well, one line of one that failed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from coder.core.events import AnyEvent, HookEnded, HookStarted
from coder.frontends.repl.board import Board
from coder.frontends.repl.live import state_words
from coder.frontends.spoken.telling import Telling
from coder.frontends.steps import StepsOut
from coder.frontends.text import TextOut

STARTED = HookStarted(id="h1", point="PreToolUse", name="PreToolUse:Bash", command="lint", status="Linting\x1b[2J")
FAILED = HookEnded(
    id="h1",
    point="PreToolUse",
    name="PreToolUse:Bash",
    outcome="error",
    seconds=1.0,
    code=1,
    problem="exit code 1: no \x1b[31mlinter\nhere",
)
WENT_WELL = HookEnded(id="h1", point="Stop", name="Stop", outcome="success", seconds=1.0, code=0, stdout="much")
CUT_OFF = HookEnded(id="h1", point="Stop", name="Stop", outcome="cancelled", seconds=1.0, problem="was ended with it")


def said(*events: AnyEvent) -> list[str]:
    errors, steps = io.StringIO(), io.StringIO()
    text, shown = TextOut(io.StringIO(), errors), StepsOut(Console(file=steps), Path("/project"))
    telling = Telling(Path("/project"), Path("/home"), lambda: False)
    spoken: list[str] = []
    for event in events:
        text.emit(event)
        shown.emit(event)
        spoken += telling.lines(event)
    return [errors.getvalue(), steps.getvalue(), "\n".join(spoken)]


@pytest.mark.behaviour("B-1196")
def test_a_hook_that_failed_is_one_line_without_escapes() -> None:
    for text in said(STARTED, FAILED):
        assert text.strip().count("\n") == 0 and "\x1b" not in text
        assert "PreToolUse:Bash hook: exit code 1: no" in text and "linter" in text


@pytest.mark.behaviour("B-1196")
def test_a_hook_that_went_well_or_was_cut_off_is_not_told_of() -> None:
    assert said(STARTED, WENT_WELL, CUT_OFF) == ["", "", ""]


def test_a_hook_that_is_waited_for_says_what_it_does() -> None:
    telling = Telling(Path("/project"), Path("/home"), lambda: False)
    telling.lines(STARTED)
    assert "Linting" in telling.still and "\x1b" not in telling.still
    telling.lines(WENT_WELL)
    assert "Waiting for the model" in telling.still
    board = Board(lambda: 0.0, phase="waiting")
    board.hooks["h1"] = STARTED.status
    assert state_words(board).startswith("Linting") and "\x1b" not in state_words(board)
    del board.hooks["h1"]
    assert state_words(board) == "Waiting for the model"
