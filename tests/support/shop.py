"""A folder to be asked about in a terminal: a repository, programs of its own, a script of the model's turns."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api
from tests.support.screens import Terminal, coder, git_folder, scripted, started

ASKS = "esc is 4"
SIZES = ((80, 24), (120, 40))


@dataclass(frozen=True, slots=True)
class Shop:
    place: Place
    programs: Path

    @classmethod
    def make(cls, root: Path) -> Shop:
        place = Place.make(root)
        git_folder(place)
        programs = root / "programs"
        programs.mkdir()
        return cls(place, programs)

    @property
    def app(self) -> Path:
        return self.place.project / "app.py"

    def program(self, name: str, *lines: str) -> Path:
        path = self.programs / name
        path.write_text("\n".join(("#!/bin/sh", *lines, "")), encoding="utf-8")
        path.chmod(0o755)
        return path

    @contextmanager
    def session(
        self,
        script: Sequence[Json] | Json,
        *arguments: str,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
        prompt: str = "go",
    ) -> Iterator[tuple[Terminal, RunningApi]]:
        """coder in this folder, with `prompt` sent unless it is empty."""
        given = {"PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}", **(env or {})}
        whole = script if isinstance(script, dict) else scripted(*script)
        columns, rows = size
        with fake_api(whole) as api, coder(self.place, api, *arguments, env=given, columns=columns, rows=rows) as term:
            started(term)
            if prompt:
                term.send(f"{prompt}\r")
            yield term, api


def asked(terminal: Terminal, words: str = ASKS) -> None:
    """Waits for a question, and until keys are answers to it."""
    terminal.wait(words)
    terminal.during(0.4)


def calm(terminal: Terminal, words: str = "Done ·") -> None:
    """Waits for the end of a run that leaves `words`, and for a prompt that waits."""
    terminal.wait(lambda: any(words in row for row in terminal.history) and "stops it" not in "".join(terminal.screen))


def below(terminal: Terminal, mark: str) -> list[str]:
    """The rows of the screen from the last that begins with `mark` on."""
    rows = terminal.screen
    at = max(index for index, row in enumerate(rows) if row.startswith(mark))
    return rows[at:]


def results(body: Json) -> list[Json]:
    """The tool results of the last message of a request."""
    content = body["messages"][-1]["content"]
    return [block for block in content if block["type"] == "tool_result"]


def words_of(result: Json) -> str:
    content = result["content"]
    return content if isinstance(content, str) else "\n".join(str(block.get("text", "")) for block in content)
