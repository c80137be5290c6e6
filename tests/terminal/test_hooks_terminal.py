"""Hooks in a real terminal: what is seen of them, and what they are told of a session's life."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import tool, turn
from tests.support.hooked import group, handler, keeps, kept, settings
from tests.support.processes import until
from tests.support.screens import git_folder
from tests.support.sitting import sitting


def place_in(root: Path) -> Place:
    place = Place.make(root)
    git_folder(place)
    return place


@pytest.mark.behaviour("B-1196")
async def test_a_hook_that_fails_is_a_line_and_one_that_runs_says_what_it_does(tmp_path: Path) -> None:
    place, go = place_in(tmp_path), tmp_path / "go"
    slow = handler(f"until test -e '{go}'; do sleep 0.05; done", statusMessage="Asking the linter")
    settings(
        place,
        {
            "PreToolUse": [group("echo 'no linter here' >&2; exit 1", matcher="Bash")],
            "Stop": [group(slow)],
        },
    )
    turns = (turn(tool("Bash", command="ls")), turn("All done."))
    with sitting(tmp_path, *turns, place=place) as there:
        there.terminal.send("look")
        there.terminal.press("enter")
        there.terminal.wait("! PreToolUse:Bash hook: exit code 1: no linter here")
        there.terminal.wait("Asking the linter")
        go.touch()
        there.terminal.wait("Done ·")
        there.free()


@pytest.mark.behaviour("B-1192")
async def test_a_blocked_prompt_says_why(tmp_path: Path) -> None:
    place = place_in(tmp_path)
    settings(
        place, {"UserPromptSubmit": [group("grep -q hunter2 && { echo 'that is a password' >&2; exit 2; }; true")]}
    )
    with sitting(tmp_path, turn("Hello."), place=place) as there:
        there.terminal.send("my password is hunter2")
        there.terminal.press("enter")
        there.terminal.wait("✗ UserPromptSubmit hook: that is a password.")
        there.terminal.wait("It was not sent.")
        assert there.talk == []


@pytest.mark.behaviour("B-1200")
async def test_hooks_are_told_how_a_session_begins_and_ends(tmp_path: Path) -> None:
    place, seen = place_in(tmp_path), tmp_path / "seen"
    settings(place, {"SessionStart": [group(keeps(seen))], "SessionEnd": [group(keeps(seen))]})

    def told() -> list[str]:
        return [each.get("source") or each["reason"] for each in kept(seen)] if seen.exists() else []

    with sitting(tmp_path, turn("Hello."), place=place) as there:
        await until(lambda: told() == ["startup"])  # before anything was said
        there.say("hello")
        there.terminal.send("/effort low")
        there.terminal.press("enter")
        there.terminal.wait("✓ Effort: low")
        there.terminal.send("/clear")
        there.terminal.press("enter")
        await until(lambda: told() == ["startup", "clear", "clear"])
        there.terminal.wait("A new conversation")
        there.free()
        there.terminal.send("/quit")
        there.terminal.press("enter")
        await until(lambda: told()[3:] == ["prompt_input_exit"])
