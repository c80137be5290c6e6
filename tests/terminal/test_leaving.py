"""The terminal is left as it was, however the session ends or rests: T6, signals, ctrl+z, and doing nothing."""

from __future__ import annotations

import os
import signal
import termios
from pathlib import Path

import pytest

from tests.support.cli import CODER, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, turn
from tests.support.screens import Terminal, coder, git_folder, scripted, started

IDLE = 2.0
MODES = {b"?2004": "pastes", b"?1004": "focus", b"?25": "cursor"}


def is_sane(terminal: Terminal) -> None:
    """Cursor shown, modes off, echo on."""
    last = {
        mode: terminal.raw.rfind(b"\x1b[" + mode + b"h") > terminal.raw.rfind(b"\x1b[" + mode + b"l") for mode in MODES
    }
    assert last == {b"?2004": False, b"?1004": False, b"?25": True}
    assert terminal.shows_cursor


def echoes(terminal: Terminal) -> bool:
    flags = termios.tcgetattr(terminal.process.child_fd)[3]
    return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)


def streaming(terminal: Terminal) -> None:
    started(terminal)
    terminal.wait("? for shortcuts")
    terminal.send("go\r")
    terminal.wait(lambda: any(row.startswith("Some text") for row in terminal.screen))


STALLED = scripted(turn("Some text that arrives. " * 9, delta=120, fault=fault("stall", after=4)))


@pytest.mark.behaviour("B-992")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_t6_a_signal_in_the_middle_of_an_answer(place: Place, number: int, code: int) -> None:
    with fake_api(STALLED) as api, coder(place, api) as terminal:
        streaming(terminal)
        assert not echoes(terminal)
        terminal.process.kill(number)
        assert terminal.end() == code
        is_sane(terminal)
        told = terminal.history
        assert echoes(terminal)
    assert any(row.startswith("Some text") for row in told) and any(
        row.startswith("Continue with: coder -c") for row in told
    )
    assert not [row for row in told if "Writing" in row or row.startswith(("❯ Ask", "───", "Traceback"))]


@pytest.mark.behaviour("B-992")
def test_t6_an_interrupt_from_outside_stops_the_run_and_nothing_else(place: Place) -> None:
    with fake_api(STALLED) as api, coder(place, api) as terminal:
        streaming(terminal)
        terminal.process.kill(signal.SIGINT)
        terminal.wait("Stopped by you")
        terminal.wait("? for shortcuts")
        terminal.press("ctrl+u", "ctrl+d")
        assert terminal.end() == 0
        is_sane(terminal)


@pytest.mark.behaviour("B-992")
def test_t6_a_terminal_that_is_gone_ends_the_session_and_nothing_is_lost(place: Place) -> None:
    with fake_api(STALLED) as api, coder(place, api) as terminal:
        streaming(terminal)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, terminal.process.child_fd)  # closes the terminal, and keeps the number taken
        os.close(nowhere)
        terminal.process.wait()
        assert terminal.process.exitstatus == 129
        (kept,) = place.transcripts()
        assert '"go"' in kept.read_text(encoding="utf-8")


def shell(place: Place, api: RunningApi) -> Terminal:
    """An interactive shell with job control."""
    env = {**place.env(api.url), "TERM": "xterm-256color", "PS1": "prompt% "}
    terminal = Terminal(["bash", "--norc", "--noprofile", "--noediting", "-i"], env=env, cwd=place.project)
    terminal.wait("prompt%")
    return terminal


@pytest.mark.behaviour("B-993")
@pytest.mark.parametrize("how", ["ctrl+z", "kill"])
def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(place: Place, how: str) -> None:
    with fake_api(STALLED) as api:
        terminal = shell(place, api)
        try:
            terminal.send(f"{' '.join(CODER)}\r")
            streaming(terminal)
            terminal.send("half a draft")
            terminal.wait("❯ half a draft")
            if how == "kill":
                os.kill(os.tcgetpgrp(terminal.process.child_fd), signal.SIGTSTP)
            else:
                terminal.press("ctrl+z")
            terminal.wait("Stopped")
            terminal.wait(lambda: terminal.screen[terminal.cursor[0]].startswith("prompt%"))  # it reads from now on
            is_sane(terminal)
            assert not [row for row in terminal.screen if "Writing" in row or row.startswith("❯ half")]
            terminal.send("stty -a | grep -o ' echo '; echo there\r")
            terminal.wait(lambda: "there" in terminal.screen and " echo" in terminal.screen)
            terminal.send("fg\r")
            terminal.wait("❯ half a draft")
            terminal.wait("Writing")
            assert sum(row.startswith("Some text") for row in terminal.history) <= 4
            terminal.press("esc")
            terminal.wait("Stopped by you")
            terminal.press("ctrl+u", "ctrl+d")
            terminal.wait("Continue with: coder -c")
            terminal.wait(lambda: terminal.screen[terminal.cursor[0]].startswith("prompt%"))
            assert terminal.raw.rfind(b"\x1b[?1004h") < terminal.raw.rfind(b"\x1b[?1004l")
        finally:
            terminal.close()


@pytest.mark.behaviour("B-994")
def test_an_idle_session_writes_nothing_and_computes_nothing(place: Place) -> None:
    git_folder(place)
    with fake_api(scripted(turn("Done that."))) as api, coder(place, api) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: any(row.startswith("Done · ") for row in terminal.screen))
        terminal.wait("? for shortcuts")
        terminal.settle(1.0)
        written, ticks = len(terminal.raw), _ticks(terminal.process.pid)
        terminal.during(IDLE)
        assert len(terminal.raw) == written
        assert _ticks(terminal.process.pid) == ticks


def _ticks(process: int) -> int:
    """Of the clock, that the process has been running for."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists():
        return 0
    fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
