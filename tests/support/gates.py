"""Sessions that wait for one another: a command of one reads from a pipe until the test lets it go on."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from coder.core.messages import Json
from tests.support.fakeapi import tool


@dataclass(frozen=True, slots=True)
class Gate:
    path: Path

    @classmethod
    def at(cls, path: Path) -> Gate:
        os.mkfifo(path)
        return cls(path)

    @property
    def call(self) -> Json:
        """A command that waits. It reads only."""
        return tool("Bash", command=f"cat {shlex.quote(str(self.path))}")

    def open(self) -> None:
        """Waits until the command waits."""
        self.path.write_text("open\n", encoding="utf-8")
