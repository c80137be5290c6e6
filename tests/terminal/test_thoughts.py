"""Thoughts that a model writes down for want of thinking by itself: shown as thinking is, never as a call."""

from __future__ import annotations

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.screens import coder, scripted, started

SCRIPT = scripted(
    turn("Let me see.", tool("Think", thought="Is it red?\nNo\u202e.")),
    turn(tool("Think", wrong=1), tool("Glob", pattern="*")),
    turn("It is not."),
)


@pytest.mark.behaviour("B-1272")
@pytest.mark.parametrize("flags", [(), ("--verbose",)])
def test_a_thought_leaves_one_small_row_and_is_whole_where_one_looks_for_it(
    place: Place, flags: tuple[str, ...]
) -> None:
    with fake_api(SCRIPT) as api, coder(place, api, "--model", "claude-sonnet-4-5", *flags) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: any(row.startswith("Done · ") for row in terminal.screen))
        rows = [row.rstrip() for row in terminal.history]
        at = rows.index("✓ Thought · ctrl+o shows it")
        assert ("  Is it red?" in rows[at:]) is bool(flags) and ("  No\\u202e." in rows[at:]) is bool(flags)
        assert sum("Thought" in row for row in rows) == 1
        assert not any("Think" in row or "✗" in row or "Noted" in row for row in rows)
        terminal.send("\x0f")
        terminal.wait("Is it red?")


@pytest.mark.behaviour("B-1272")
def test_a_session_that_is_gone_on_with_shows_that_there_was_a_thought(place: Place) -> None:
    with fake_api(SCRIPT) as api:
        place.coder("-p", "go", "--model", "claude-sonnet-4-5", url=api.url)
        with coder(place, api, "-c") as terminal:
            terminal.wait("✓ Thought")
            assert not any("Think" in row for row in terminal.history)
