"""A real terminal for tests: a process on a pty, and the screen it draws, with what has scrolled off."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pexpect
import pyte
from wcwidth import wcwidth

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.emulated import EmulatedScreen
from tests.support.fakeapi import RunningApi, rule

DEADLINE = 20.0
_BEGIN, _END = b"\x1b[?2026h", b"\x1b[?2026l"
_PICTURE = 1.0  # seconds: terminals show a picture that is not ended after about as long
KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "backspace": "\x7f",
    "alt+enter": "\x1b\r",
}


class Terminal:
    """`send` types, `press` presses keys by name; `wait` reads on until something holds, and fails with the screen."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path, columns: int = 80, rows: int = 24
    ) -> None:
        self.raw = bytearray()
        self._screen = EmulatedScreen(columns, rows, history=20_000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.process: Any = pexpect.spawn(
            argv[0], list(argv[1:]), env=dict(env), cwd=str(cwd), dimensions=(rows, columns), encoding=None
        )
        self.process.delaybeforesend = None

    @property
    def screen(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]

    @property
    def history(self) -> list[str]:
        """Every row, those that have scrolled off first."""
        top = [
            "".join(line[at].data for at in range(max(line, default=-1) + 1)).rstrip()
            for line in self._screen.history.top
        ]
        return top + self.screen

    @property
    def widest(self) -> int:
        """The cells of the widest row that was ever written: what a terminal without a margin would show."""
        wide = EmulatedScreen(1_000, self._screen.lines, history=20_000)
        pyte.ByteStream(wide).feed(bytes(self.raw))
        lines = [*wide.history.top, *wide.buffer.values()]
        filled = ((at, char.data) for line in lines for at, char in line.items() if char.data.strip())
        return max(at + wcwidth(data[0]) for at, data in filled)

    @property
    def cursor(self) -> tuple[int, int]:
        """Row and column, from 0."""
        return self._screen.cursor.y, self._screen.cursor.x

    @property
    def shows_cursor(self) -> bool:
        return not self._screen.cursor.hidden

    def send(self, text: str) -> None:
        self.process.send(text.encode())

    def press(self, *keys: str) -> None:
        for key in keys:
            if key.startswith("ctrl+"):
                self.send(chr(ord(key[-1].upper()) - 64))
            else:
                self.send(KEYS.get(key, key))

    def pump(self, seconds: float = 0.05) -> bool:
        """Reads what is there, waiting `seconds` at most. False at the end. What is written to be drawn as one picture
        is read to its end: a person does not see the half of it."""
        alive = self._read(seconds)
        end = time.monotonic() + _PICTURE
        while alive and self._is_in_picture and time.monotonic() < end:
            alive = self._read(0.05)
        return alive

    @property
    def _is_in_picture(self) -> bool:
        return self.raw.rfind(_BEGIN) > self.raw.rfind(_END)

    def _read(self, seconds: float) -> bool:
        try:
            data = self.process.read_nonblocking(65_536, seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        self._stream.feed(data)
        return True

    def wait(self, holds: str | Callable[[], object], deadline: float = DEADLINE) -> None:
        """A text is waited for on the screen."""
        end = time.monotonic() + deadline
        check = (lambda: any(holds in line for line in self.screen)) if isinstance(holds, str) else holds
        while not check():
            alive = self.pump()
            if check():
                return
            what = repr(holds) if isinstance(holds, str) else "what was waited for"
            assert alive, f"ended before {what}:\n{self.picture()}"
            assert time.monotonic() < end, f"{what} never came:\n{self.picture()}"

    def settle(self, seconds: float = 0.3, deadline: float = DEADLINE) -> None:
        """Reads until nothing came for `seconds`."""
        end = time.monotonic() + deadline
        while time.monotonic() < end:
            before = len(self.raw)
            self.pump(seconds)
            if len(self.raw) == before:
                return

    def during(self, seconds: float) -> None:
        """Goes on reading for a while: for what must NOT happen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(0.05)

    def resize(self, columns: int, rows: int, *, reflows: bool = False) -> None:
        """`reflows`: rows that have become too wide are wrapped, else they are cut. What was drawn is read first:
        to a terminal that has changed meanwhile it would mean something else."""
        self.settle(0.02)
        self._screen.reflows = reflows
        self._screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def end(self, deadline: float = DEADLINE) -> int:
        """Reads to the end. The exit code, negative for a signal."""
        stop = time.monotonic() + deadline
        while self.pump(0.1):
            assert time.monotonic() < stop, f"it did not end:\n{self.picture()}"
        self.process.wait()
        return int(self.process.exitstatus if self.process.exitstatus is not None else -self.process.signalstatus)

    def picture(self) -> str:
        rule = "·" * self._screen.columns
        return "\n".join([rule, *self.history[-3 * self._screen.lines :], rule])

    def close(self) -> None:
        self.process.close(force=True)


@contextlib.contextmanager
def coder(
    place: Place,
    api: RunningApi | None,
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    env: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """The interactive session in a real terminal."""
    given = {**place.env(api.url if api is not None else None, env), "TERM": "xterm-256color"}
    if env is not None:
        given.update(env)
    terminal = Terminal(
        [sys.executable, "-m", "coder", *arguments],
        env={name: value for name, value in given.items() if value != ""},
        cwd=place.project,
        columns=columns,
        rows=rows,
    )
    try:
        yield terminal
    finally:
        terminal.close()


TITLE = "A title of its own"


def scripted(*turns: Json, **more: Any) -> Json:
    """A script of these turns, in order; the request for a title is answered apart."""
    title = rule({"last_user_contains": "<first_message>"}, TITLE)
    return {"turns": list(turns), "rules": [title, *more.pop("rules", [])], **more}


def talk(api: RunningApi) -> list[Json]:
    """The bodies of the requests that belong to the conversation."""
    return [body for body in api.requests if body.get("tools")]


def started(terminal: Terminal) -> None:
    """Waits until the prompt stands there."""
    terminal.wait(lambda: any(line.startswith("❯") for line in terminal.screen))


def git_folder(place: Place) -> Path:
    """A repository with one file, as the acceptance checks have it."""
    (place.project / "app.py").write_text(
        'import sys\n\n\ndef greet(name):\n    return "Hello " + name\n', encoding="utf-8"
    )
    for arguments in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "first")):
        code = os.spawnvpe(
            os.P_WAIT,
            "git",
            ["git", "-C", str(place.project), "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            {"PATH": os.environ["PATH"], "HOME": str(place.home)},
        )
        assert code == 0
    return place.project
