"""What surprised somebody who used the session for the first time: keys, rows and words that meant something else."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.screens import git_folder, scripted
from tests.support.sitting import Sitting, sitting


def question(there: Sitting, words: str = "1 Yes, this once") -> None:
    """Waits until it is there, and until keys are for it."""
    there.terminal.wait(words)
    there.terminal.during(0.5)


@pytest.mark.behaviour("B-1060")
def test_words_at_a_question_are_no_yes(tmp_path: Path) -> None:
    with sitting(tmp_path, turn(tool("Bash", command="touch made")), turn("As you like.")) as there:
        there.terminal.send("go\r")
        question(there)
        there.terminal.send("no, use make")
        there.terminal.wait("What to do instead:")
        there.terminal.press("enter")
        there.terminal.wait("Done ·")
        there.free()
        assert not (there.place.project / "made").exists()
        assert any("you said no: no, use make" in row for row in there.terminal.history)


@pytest.mark.behaviour("B-1060")
def test_words_at_a_question_can_be_taken_back(tmp_path: Path) -> None:
    with sitting(tmp_path, turn(tool("Bash", command="touch made")), turn("Made.")) as there:
        there.terminal.send("go\r")
        question(there)
        there.terminal.send("x")
        there.terminal.wait("What to do instead:")
        there.terminal.press("esc")
        there.terminal.wait("enter chooses")
        there.terminal.send("1")
        there.terminal.wait("Done ·")
        assert (there.place.project / "made").exists()


@pytest.mark.behaviour("B-1060")
def test_yes_in_words_leads_back_to_the_choices(tmp_path: Path) -> None:
    with sitting(tmp_path, turn(tool("Bash", command="touch made")), turn("Made.")) as there:
        there.terminal.send("go\r")
        question(there)
        there.terminal.send("yes")
        there.terminal.wait("❯ yes")
        there.terminal.press("enter")
        there.terminal.wait("❯ 1 Yes, this once")
        assert not (there.place.project / "made").exists()
        there.terminal.press("enter")
        there.terminal.wait("Done ·")
        assert (there.place.project / "made").exists()


@pytest.mark.behaviour("B-1061")
def test_esc_with_something_between_is_not_esc_twice(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Hello.")) as there:
        there.say("hello")
        there.terminal.press("esc")
        there.terminal.during(0.2)
        there.terminal.send("ab")
        there.terminal.press("backspace", "backspace")
        there.free()
        there.terminal.press("esc")
        there.terminal.during(0.4)
        assert not any("Go back to before" in row for row in there.terminal.screen)
        there.terminal.press("esc")
        there.terminal.wait("Go back to before")


@pytest.mark.behaviour("B-1062")
def test_a_long_command_shows_its_last_lines_and_the_key_that_sends_it_away(tmp_path: Path) -> None:
    command = "for i in 1 2 3 4 5; do echo line $i; done; echo this is a command that is longer than a row; sleep 30"
    call = turn(tool("Bash", command=command))
    with sitting(tmp_path, call, arguments=("--allowed-tools", "Bash")) as there:
        there.terminal.send("go\r")
        there.terminal.wait("  this is a command")
        rows = there.terminal.screen
        at = next(at for at, row in enumerate(rows) if "Running for i in 1" in row)
        assert rows[at].endswith("ctrl+b sends it to the background")
        assert rows[at + 1 : at + 4] == ["  line 4", "  line 5", "  this is a command that is longer than a row"]
        there.terminal.press("esc")
        there.terminal.wait("Stopped by you")


@pytest.mark.behaviour("B-1063")
def test_at_a_question_of_the_model_esc_has_one_meaning(tmp_path: Path) -> None:
    options = [{"label": "SQLite", "description": "no server"}, {"label": "DuckDB", "description": "fast"}]
    asked = [{"question": "Which database?", "header": "Database", "options": options, "multiSelect": False}]
    with sitting(tmp_path, turn(tool("AskUserQuestion", questions=asked)), turn("Fine.")) as there:
        there.terminal.send("go\r")
        question(there, "esc answers nothing")
        assert not any("esc stops it" in row for row in there.terminal.screen)
        assert "waiting for you" in there.terminal.raw.decode(errors="replace")
        there.terminal.press("enter")
        there.terminal.wait("Done ·")


@pytest.mark.behaviour("B-1064")
def test_what_failed_is_not_marked_as_done_when_a_session_is_resumed(tmp_path: Path) -> None:
    calls = turn(tool("Bash", command="echo fine"), tool("Bash", command="exit 3"))
    arguments = ("--allowed-tools", "Bash")
    with sitting(tmp_path, calls, turn("One of them failed."), arguments=arguments) as there:
        there.say("go")
        there.terminal.press("ctrl+d")
        assert there.terminal.end() == 0
        place = there.place
    with sitting(tmp_path, arguments=("-c",), place=place) as there:
        there.terminal.wait("One of them failed.")
        assert "✓ Bash echo fine" in there.terminal.history
        assert "✗ Bash exit 3" in there.terminal.history


@pytest.mark.behaviour("B-1065")
def test_tab_right_behind_a_paste_shows_it_in_full(tmp_path: Path) -> None:
    with sitting(tmp_path) as there:
        there.terminal.send("\x1b[200~" + "\n".join(f"row {n}" for n in range(12)) + "\x1b[201~")
        there.terminal.wait("[Pasted 12 lines]")
        there.terminal.press("tab")
        there.terminal.wait("row 0")
        assert not any("[Pasted" in row for row in there.terminal.screen)


# As a child of the shell that tmux starts: what stops is woken by tmux, if it is its own.
_CHILD = """sh -c 'echo $$ > "$0.new"; mv "$0.new" "$0"; exec "$@"' "$0" "$@"; true"""


class Tmux:
    """A window of tmux, with a server of its own. What runs in it writes down its pid."""

    def __init__(self, socket: Path, pid: Path) -> None:
        self._socket = socket
        self._pid = pid

    def do(self, *arguments: str) -> str:
        argv = ["tmux", "-S", str(self._socket), "-f", "/dev/null", *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=20).stdout

    def rows(self) -> list[str]:
        """All of them, those that have scrolled off first."""
        return self.do("capture-pane", "-p", "-S", "-500").splitlines()

    def resize(self, columns: int, rows: int) -> None:
        """What was drawn is read first: to a terminal that has changed meanwhile it would mean something else."""
        pid = int(self._pid.read_text())
        os.kill(pid, signal.SIGSTOP)
        before: list[str] = []
        while before != (now := self.rows()):  # it answers between two looks at what was written
            before = now
        self.do("resize-window", "-x", str(columns), "-y", str(rows))
        terminal = os.open(self.do("display-message", "-p", "#{pane_tty}").strip(), os.O_RDONLY | os.O_NOCTTY)
        try:
            while os.get_terminal_size(terminal) != (columns, rows):  # tmux tells it later
                time.sleep(0.005)
        finally:
            os.close(terminal)
        os.kill(pid, signal.SIGCONT)

    def wait(self, holds: Callable[[list[str]], bool]) -> None:
        end = time.monotonic() + 20
        while not holds(self.rows()):
            assert time.monotonic() < end, "\n".join(self.rows())
            time.sleep(0.05)


@contextlib.contextmanager
def tmux(place: Place, url: str) -> Iterator[Tmux]:
    pid = place.home / "pid"
    window = Tmux(place.home / "tmux", pid)
    env = [f"{name}={value}" for name, value in place.env(url, {"TERM": "tmux-256color"}).items()]
    argv = ["sh", "-c", _CHILD, str(pid), "env", "-i", *env, sys.executable, "-m", "coder"]
    window.do("new-session", "-d", "-x", "80", "-y", "24", "-c", str(place.project), *argv)
    try:
        yield window
    finally:
        window.do("kill-server")


@pytest.mark.behaviour("B-1066")
@pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here")
def test_in_tmux_a_narrower_window_leaves_no_row_twice(place: Place) -> None:
    git_folder(place)
    above = "\n\n".join(["Some text above."] * 12)  # tmux moves what it wraps up into its history: out of reach
    words = (
        "One two three four five six seven eight nine ten eleven twelve. Alpha beta gamma delta epsilon. " + "x " * 400
    )
    with fake_api(scripted(turn(f"{above}\n\n{words}", delta=8, delay=0.05))) as api, tmux(place, api.url) as window:
        window.wait(lambda rows: any(row.startswith("❯ Ask") for row in rows))
        window.do("send-keys", "-l", "go")
        window.do("send-keys", "Enter")
        window.wait(lambda rows: any("eleven twelve. Alpha" in row for row in rows))
        window.resize(50, 24)
        window.wait(lambda rows: "─" * 50 in rows and any(row.startswith("eleven twelve.") for row in rows))
        told = window.rows()
        assert sum("One two three" in row for row in told) == 1, "\n".join(told)
        window.do("send-keys", "Escape")
        window.wait(lambda rows: any("Stopped by you" in row for row in rows))
