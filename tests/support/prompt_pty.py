"""A prompt on a real pseudo-terminal, read from the screen it draws. Must not know what a test looks for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic

import pexpect
import pyte

ROOT = Path(__file__).parents[2]
PATIENCE = 10.0
PASTE, END = "\x1b[200~", "\x1b[201~"


class PromptPty:
    """A running tests/support/prompt_harness.py, in the folder `at`/project and with the config home `at`/home."""

    def __init__(self, at: Path, *, columns: int = 80, lines: int = 24, env: dict[str, str], **options: object) -> None:
        self.project, self.home = at / "project", at / "home"
        self.project.mkdir(exist_ok=True)
        self.home.mkdir(exist_ok=True)
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._out = at / "out"
        options |= {"out": str(self._out), "folder": str(self.project), "home": str(self.home)}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "tests.support.prompt_harness"],
            cwd=str(ROOT),
            env={**os.environ, **env, "PROMPT_OPTIONS": json.dumps(options), "TERM": "xterm-256color"},
            dimensions=(lines, columns),
            timeout=PATIENCE,
        )
        self.child.delaybeforesend = None
        self.raw = b""
        self.until(lambda: b"\x1b[?2004h" in self.raw)

    def type(self, keys: str) -> None:
        self.child.send(keys)

    def until(self, holds: Callable[[], object]) -> None:
        """Reads the screen until it holds; fails with the screen."""
        end = monotonic() + PATIENCE
        while not holds():
            if monotonic() > end:
                raise AssertionError(f"the screen never came to it: {self.caret}\n" + "\n".join(self.rows()))
            self._read()

    def see(self, text: str) -> None:
        self.until(lambda: text in "\n".join(self.rows()))

    def see_draft(self, *rows: str) -> None:
        """The first rows of the screen are these."""
        self.until(lambda: self.rows()[: len(rows)] == [row.rstrip() for row in rows])

    def see_only(self, *rows: str) -> None:
        self.until(lambda: self.rows() == [row.rstrip() for row in rows])

    def rows(self) -> list[str]:
        """Those of the screen, up to the last with something on it."""
        # The second cell of a wide character is an empty string in pyte's `display`, so rows read as they were written.
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def sent(self) -> list[dict[str, object]]:
        """What the prompt has reported so far."""
        return [json.loads(line) for line in self._out.read_text().splitlines()] if self._out.exists() else []

    def see_sent(self, count: int) -> list[dict[str, object]]:
        self.until(lambda: len(self.sent) >= count)
        return self.sent

    @property
    def caret(self) -> tuple[int, int]:
        return self.screen.cursor.y, self.screen.cursor.x

    def leave(self) -> None:
        self.type("\x03\x04")
        with suppress(pexpect.EOF):
            self.child.expect(pexpect.EOF)
        self.child.close()

    def kill(self) -> None:
        """As `kill -9` does."""
        self.child.kill(9)
        self.child.close(force=True)

    def _read(self) -> None:
        with suppress(pexpect.TIMEOUT):
            try:
                data = self.child.read_nonblocking(65536, timeout=0.05)
            except pexpect.EOF as error:
                raise AssertionError("the prompt has ended:\n" + "\n".join(self.rows())) from error
            self.raw += data
            self._stream.feed(data)
            if b"\x1b[6n" in data:
                self.child.send(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")


@contextmanager
def prompting(
    at: Path, *, columns: int = 80, lines: int = 24, env: dict[str, str] | None = None, **options: object
) -> Iterator[PromptPty]:
    prompt = PromptPty(at, columns=columns, lines=lines, env=env or {}, **options)
    try:
        yield prompt
    finally:
        prompt.kill()
