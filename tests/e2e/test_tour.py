from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.cli.tour import BEGIN, END, LEFT
from tests.support.cli import CODER, Place
from tests.support.keyserver import key_server
from tests.support.screens import Terminal, coder

GRACE = 0.4  # seconds: what is typed before is no answer
CUT_OFF = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}


@contextlib.contextmanager
def tour(place: Place, scratch: Path) -> Iterator[Terminal]:
    """`coder demo` on a terminal; its throw-away folder is below `scratch`."""
    scratch.mkdir()
    env = {**place.env(None, CUT_OFF), "TERM": "xterm-256color", "TMPDIR": str(scratch)}
    terminal = Terminal([*CODER, "demo"], env=env, cwd=place.project)
    try:
        yield terminal
    finally:
        terminal.close()


def answer(terminal: Terminal, question: str, key: str) -> None:
    terminal.wait(question)
    terminal.during(GRACE)
    terminal.press(key)


@pytest.mark.soak  # a terminal test goes through it too
@pytest.mark.behaviour("B-934")
def test_the_whole_tour(place: Place, tmp_path: Path) -> None:
    with tour(place, tmp_path / "scratch") as terminal:
        answer(terminal, "Make this edit to app.py? (+3 -2", "1")
        answer(terminal, "Run this command?", "1")
        terminal.wait("Go back to before")
        terminal.during(GRACE)
        terminal.press("esc")
        terminal.wait("This session: $0.00")
        terminal.during(GRACE)
        terminal.press("esc")
        assert terminal.end() == 0
        told = "\n".join(terminal.history)
    assert BEGIN in told and "❯ Make greet() polite and test it" in told and "✓ Edit app.py · +3 -2" in told
    assert told.rstrip().endswith(END) and "coder -r" not in told
    assert [list(folder.iterdir()) for folder in (place.home, place.project, tmp_path / "scratch")] == [[], [], []]


@pytest.mark.behaviour("B-934")
def test_who_says_no_and_leaves_is_not_held(place: Place, tmp_path: Path) -> None:
    with tour(place, tmp_path / "scratch") as terminal:
        answer(terminal, "Make this edit to app.py? (+3 -2", "4")
        terminal.wait("Changed your mind?")
        terminal.press("ctrl+c", "ctrl+c", "ctrl+c")
        assert terminal.end() in (0, 130)
        told = "\n".join(terminal.history)
    assert told.rstrip().endswith(LEFT) and END not in told
    assert list((tmp_path / "scratch").iterdir()) == []


def test_space_skips_and_is_no_part_of_what_is_typed(place: Place, tmp_path: Path) -> None:
    with tour(place, tmp_path / "scratch") as terminal:
        terminal.wait(BEGIN)
        terminal.send("   ")
        answer(terminal, "Make this edit to app.py? (+3 -2", "4")
        for screen in ("Go back to before", "This session: $0.00"):
            terminal.wait("Changed your mind?" if screen == "Go back to before" else screen)
            terminal.send(" ")
            answer(terminal, screen, "esc")
        assert terminal.end() == 0
        told = "\n".join(terminal.history)
    assert "❯ Make greet() polite and test it\n" in told and told.rstrip().endswith(END)


@pytest.mark.behaviour("B-930")
def test_the_first_run_on_a_terminal_can_be_left(place: Place) -> None:
    with coder(place, None) as terminal:
        terminal.wait("It found no API key")
        terminal.during(GRACE)
        shown = "\n".join(terminal.screen)
        assert all(words in shown for words in ("1 Paste an", "2 Use a local", "3 Look around", "4 Leave")), shown
        terminal.press("esc")
        assert terminal.end() == 1
    assert not (place.home / ".coder" / "credentials").exists()


@pytest.mark.behaviour("B-930")
def test_the_first_run_on_a_terminal_leads_to_a_server(place: Place) -> None:
    with key_server("t0ken-of-the-gateway") as server, coder(place, None) as terminal:
        answer(terminal, "It found no API key", "2")
        terminal.wait("Address of the server")
        terminal.press("ctrl+u")
        terminal.send(f"{server.url}\r")
        terminal.wait("Token, or enter for none")
        terminal.send("t0ken-of-the-gateway\r")
        terminal.wait("Name of the model")
        terminal.send("qwen3\r")
        terminal.wait("is kept in ~/.coder/credentials")
        terminal.wait("qwen3 · 0% context")
        assert b"t0ken" not in terminal.raw
        terminal.send("hi\r")
        terminal.wait("Hello.")
        terminal.press("ctrl+d")
        assert terminal.end() == 0
    assert server.models[:2] == ["qwen3", "qwen3"]
    assert (place.home / ".coder" / "credentials").stat().st_mode & 0o777 == 0o600
