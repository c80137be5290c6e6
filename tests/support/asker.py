"""A front end for tests only: puts the plain question on a real terminal and reads the answer as a line.

`python -m tests.support.asker [--spoken] PROMPT` is one run of a whole session; `asking` starts it on a pty.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pexpect

from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.events import AnyEvent, Notice
from coder.core.requests import Deny, PermissionRequest, Reply, Request
from coder.frontends.dialog import answer, echo
from coder.frontends.dialog_lines import lines, spoken
from coder.frontends.dialog_making import Facts, dialog_for
from tests.support.cli import DEADLINE, Place


def asking(
    place: Place, prompt: str, url: str, *options: str, rows: int = 24, columns: int = 80, env: Mapping[str, str] = {}
) -> Any:
    """The running front end, as pexpect has it. Its text comes with CR LF."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "tests.support.asker", *options, prompt],
        cwd=str(place.project),
        env=place.env(url, env),
        dimensions=(rows, columns),
        encoding="utf-8",
        timeout=DEADLINE,
    )


def trust(place: Place) -> None:
    """As if the person had said that they trust the project."""
    folder = place.home / ".coder"
    folder.mkdir(exist_ok=True)
    trusted: dict[str, dict[str, object]] = {"folders": {os.path.realpath(place.project): {}}}
    (folder / "trust.json").write_text(json.dumps(trusted), encoding="utf-8")


class Asker:
    def __init__(self, facts: Facts, *, aloud: bool) -> None:
        self._facts = facts
        self._aloud = aloud

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, Notice):
            _say(f"notice: {event.text}")

    async def ask(self, request: Request) -> Reply:
        if not isinstance(request, PermissionRequest):
            return Deny("only permission is asked for here", nobody=True)
        dialog = dialog_for(request, self._facts)
        columns = shutil.get_terminal_size().columns
        _say("\n".join(spoken(dialog) if self._aloud else lines(dialog, columns)))
        reply: Reply | None = None
        while reply is None:
            line = await _read("answer: ")
            words = ""
            if any(choice.key == line.strip() and choice.takes_words for choice in dialog.choices):
                words = await _read("what instead: ")
            reply = dialog.otherwise if not line else answer(dialog, line, words)
        _say(echo(dialog, reply))
        return reply


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def _read(prompt: str) -> str:
    """A line with its end; "" when there are no more."""
    sys.stdout.write(prompt)
    sys.stdout.flush()
    return await asyncio.to_thread(sys.stdin.readline)


def _file(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


async def _main(prompt: str, *, aloud: bool) -> None:
    config = load(Flags(headless=False), os.environ, Path.cwd())
    asker = Asker(Facts(config.cwd, Path.home(), _file), aloud=aloud)
    session = await open_session(config, asker)
    ended = await session.prompt(prompt)
    await session.aclose()
    _say(f"ended: {ended.reason}: {ended.text}")


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[-1], aloud="--spoken" in sys.argv))
