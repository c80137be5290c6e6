"""Leaving a session and coming back to it, on a real terminal. UX-29, S19, S30."""

from __future__ import annotations

import signal
import termios
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.screens import Terminal, coder, git_folder, scripted, started
from tests.support.sitting import SIZES, Sitting, sitting


def left_well(terminal: Terminal) -> None:
    """The terminal is as it was: a cursor, no pasting mode, echo."""
    raw = bytes(terminal.raw)
    assert terminal.shows_cursor
    assert raw.rfind(b"\x1b[?2004l") > raw.rfind(b"\x1b[?2004h"), raw[-200:]
    flags = termios.tcgetattr(terminal.process.child_fd)[3]
    assert flags & termios.ECHO and flags & termios.ICANON
    assert not any("again to leave" in line for line in terminal.history), terminal.picture()


@pytest.mark.behaviour("B-1018")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_29_ctrl_d_says_how_to_go_on_and_the_session_is_in_the_list(
    tmp_path: Path, columns: int, rows: int
) -> None:
    with sitting(tmp_path, turn("Hello."), columns=columns, rows=rows) as there:
        there.say("hello there")
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        left_well(there.terminal)
        last = [line for line in there.terminal.history if line][-2:]
        assert last[0].startswith('Session "A title of its own" · 1 prompt · $0.0')
        session = there.place.transcripts()[0].stem
        assert last[1] == f"Continue with: coder -c     or: coder -r {session[:8]}"
        place = there.place
    with sitting(tmp_path, turn("Again."), arguments=("-r",), columns=columns, rows=rows, place=place) as there:
        terminal = there.terminal
        terminal.wait("enter opens · space shows · ctrl+a all folders · ctrl+r renames · esc leaves")
        print(terminal.picture())
        chosen = next(line for line in terminal.screen if line.startswith("❯"))
        assert chosen.startswith("❯ A title of its own")
        assert all(words in chosen for words in ("just now", "main", "1 prompt", "$0.0"))
        assert '  Last: "hello there" → Hello.' in terminal.screen
        assert not any("default" in line for line in terminal.screen)
        terminal.press("enter")
        terminal.wait("── resumed · ")
        there.free()
        told = there.told()
        assert "── resumed · from its beginning ──" in told and "❯ hello there" in told and "Hello." in told
        there.say("again")
        assert len(there.talk[0]["messages"]) == 3
        terminal.press("ctrl+c")
        terminal.wait("press ctrl+c again to leave")
        terminal.press("ctrl+c")
        assert terminal.end() == 0
        left_well(terminal)
        print(terminal.picture())


@pytest.mark.behaviour("B-1018")
def test_ux_29_two_interrupts_of_a_run_leave_with_130(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Slow " * 200, delay=0.1)) as there:
        there.terminal.send("go on")
        there.terminal.press("enter")
        there.terminal.wait("Slow Slow")
        there.terminal.press("ctrl+c", "ctrl+c")
        assert there.terminal.end() == 130
        left_well(there.terminal)


@pytest.mark.behaviour("B-1018")
def test_ux_29_a_terminated_session_leaves_the_terminal_well(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello.")) as there:
        there.say("hello")
        there.terminal.send("half a dra")
        there.terminal.wait("❯ half a dra")
        there.terminal.process.kill(signal.SIGTERM)
        assert there.terminal.end() == 128 + signal.SIGTERM
        left_well(there.terminal)
        assert "Continue with: coder -c" in there.terminal.picture()


@pytest.mark.behaviour("B-1018")
def test_s30_where_nothing_was_said_nothing_is_printed_at_the_end(tmp_path: Path) -> None:
    with sitting(tmp_path) as there:
        told = there.told()
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        assert [line for line in there.terminal.history if line] == told
        assert there.place.transcripts() == []
