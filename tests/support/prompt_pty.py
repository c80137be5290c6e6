"""A prompt on a real pseudo-terminal, read from the screen it draws. Must not know what a test looks for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pexpect
import pyte

ROOT = Path(__file__).parents[2]
PATIENCE = 15.0


class PromptPty:
    """`options` are those of tests/support/prompt_harness.py."""

    def __init__(self, options: dict[str, object], env: dict[str, str], columns: int = 80, lines: int = 24) -> None:
        self._out = Path(str(options.get("out", "/dev/null")))
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "tests.support.prompt_harness"],
            cwd=str(ROOT),
            env={**os.environ, **env, "PROMPT_OPTIONS": json.dumps(options), "TERM": "xterm-256color"},
            dimensions=(lines, columns),
            timeout=PATIENCE,
        )
        self.child.delaybeforesend = None
        self.until(lambda: self.screen.cursor.x == 2 or columns < 12)

    def type(self, keys: str) -> None:
        self.child.send(keys)

    def until(self, holds: Callable[[], object], patience: float = PATIENCE) -> None:
        """Reads the screen until it holds; fails with the screen."""
        end = monotonic() + patience
        while not holds():
            if monotonic() > end:
                raise AssertionError("the screen never came to it:\n" + "\n".join(self.rows()) + f"\n{self.caret}")
            self._read()

    def see(self, text: str) -> None:
        self.until(lambda: text in "\n".join(self.rows()))

    def see_not(self, text: str) -> None:
        self.until(lambda: text not in "\n".join(self.rows()))

    def rows(self) -> list[str]:
        """Those of the screen, up to the last with something on it."""
        rows = [row.rstrip() for row in self.screen.display]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def sent(self) -> list[dict[str, object]]:
        """What the prompt has reported so far."""
        return [json.loads(line) for line in self._out.read_text().splitlines()] if self._out.exists() else []

    @property
    def caret(self) -> tuple[int, int]:
        return self.screen.cursor.y, self.screen.cursor.x

    def resize(self, columns: int, lines: int) -> None:
        self.screen.resize(lines, columns)
        self.child.setwinsize(lines, columns)

    def leave(self) -> None:
        self.child.sendcontrol("c")
        self.child.sendcontrol("d")
        self.until_gone()

    def until_gone(self) -> None:
        with suppress(pexpect.EOF):
            self.child.expect(pexpect.EOF)
        self.child.close()

    def kill(self) -> None:
        self.child.kill(9)
        self.child.close(force=True)

    def _read(self) -> None:
        with suppress(pexpect.TIMEOUT):
            try:
                data = self.child.read_nonblocking(65536, timeout=0.05)
            except pexpect.EOF as error:
                raise AssertionError("the prompt has ended:\n" + "\n".join(self.rows())) from error
            if b"\x1b[6n" in data:
                self.child.send(f"\x1b[{self.screen.cursor.y + 1};{self.screen.cursor.x + 1}R")
            self._stream.feed(data)
