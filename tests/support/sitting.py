"""A session in a real terminal with a scripted model, as the tests of whole screens have it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api
from tests.support.screens import Terminal, coder, git_folder, scripted, started, talk

EMPTY = "❯ Ask for a change, or type / for commands"
SIZES = ((80, 24), (120, 40))


@dataclass(frozen=True, slots=True)
class Sitting:
    place: Place
    api: RunningApi
    terminal: Terminal

    def say(self, line: str, until: str = "Done ·") -> None:
        """Sends a line and waits until the words stand on the screen once more than before, and the prompt is free."""
        before = self.count(until)
        self.terminal.send(line)
        self.terminal.press("enter")
        self.terminal.wait(lambda: self.count(until) > before)
        self.free()

    def count(self, words: str) -> int:
        return sum(words in line for line in self.terminal.history)

    def free(self) -> None:
        """Waits for the empty prompt."""
        self.terminal.wait(lambda: EMPTY in self.terminal.screen)

    def told(self) -> list[str]:
        """The rows above the prompt that are not blank, those that have scrolled off too."""
        self.terminal.wait(lambda: any(line.startswith("❯") for line in self.terminal.screen))
        rows = self.terminal.history
        last = max(at for at, line in enumerate(rows) if line.startswith("❯"))
        above = rows[: last - 1] if rows[last - 1].startswith("─") else rows[:last]
        return [line for line in above if line]

    @property
    def talk(self) -> list[Json]:
        return talk(self.api)


@contextlib.contextmanager
def sitting(
    root: Path,
    *turns: Json,
    arguments: tuple[str, ...] = (),
    columns: int = 80,
    rows: int = 24,
    env: Mapping[str, str] | None = None,
    script: Json | None = None,
    place: Place | None = None,
) -> Iterator[Sitting]:
    """A new home and a git folder with `app.py`, unless a place is given; the prompt stands there."""
    if place is None:
        place = Place.make(root)
        git_folder(place)
    with (
        fake_api(scripted(*turns, **(script or {}))) as api,
        coder(place, api, *arguments, columns=columns, rows=rows, env=env) as terminal,
    ):
        started(terminal)
        yield Sitting(place, api, terminal)
