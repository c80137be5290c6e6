"""The hands of a front end, in lines: pages are read out whole, pickers answered by number. Must not know a session."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from coder.core.visible import visible, visible_line
from coder.frontends.picker import Page, Picked, Picker
from coder.frontends.plain import printable
from coder.frontends.spoken.choosing import choose
from coder.frontends.spoken.paragraphs import Paragraphs
from coder.frontends.spoken.terminal import Terminal
from coder.frontends.spoken.words import spoken_rows
from coder.frontends.styled import Row

_WIDTH, _HEIGHT = 1000, 1000  # nothing is folded or cut for a listener
_LEAVE = "esc"


class SpokenUi:
    """Implements `coder.frontends.desk.Ui`. `draft` is what the person may send again by pressing enter."""

    def __init__(self, terminal: Terminal, env: Mapping[str, str]) -> None:
        self._terminal = terminal
        self._env = env
        self.draft = ""

    @property
    def width(self) -> int:
        return _WIDTH

    @property
    def height(self) -> int:
        return _HEIGHT

    def say(self, rows: Iterable[Row]) -> None:
        if lines := spoken_rows(rows):
            self._terminal.say(*lines)

    def markdown(self, text: str) -> None:
        parts = Paragraphs()
        if found := [*parts.feed(text), *parts.end()]:
            self._terminal.say(*(line for lines in found for line in lines))

    async def page(self, page: Page) -> str:
        self.say(page.rows)
        if not page.keys:
            return _LEAVE
        keys = {action.key: action.label for action in page.keys}
        told = ", ".join(f"{key} ({label})" for key, label in keys.items())
        while True:
            typed = await self._terminal.line(f"Type {told}, or press enter to go on: ")
            if typed is None or typed.strip() in ("", _LEAVE):
                return _LEAVE
            if typed.strip() in keys:
                return typed.strip()

    async def pick(self, picker: Picker) -> Picked | None:
        return await choose(self._terminal, picker)

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        kept = f" (only enter: {visible_line(initial)})" if initial and not secret else ""
        typed = await self._terminal.line(f"{title.rstrip(' :')}{kept}: ", secret=secret)
        if typed is None or typed.strip() == _LEAVE:
            return None
        return typed or initial

    async def pager(self, text: str) -> None:
        """All of it, for one can listen to it again in what the terminal kept."""
        self._terminal.say(*visible(printable(text), blanks=_WIDTH).rstrip("\n").split("\n"))

    async def editor(self, text: str, name: str) -> str | None:
        with tempfile.TemporaryDirectory(prefix="coder-") as folder:
            path = Path(folder) / Path(name).name
            path.write_text(text, encoding="utf-8")
            if not await self.open_editor(path):
                return None
            try:
                return path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                self._terminal.say("error: the editor left no text that can be read. Nothing was changed.")
                return None

    async def open_editor(self, path: Path) -> bool:
        editor = self._env.get("VISUAL", "").strip() or self._env.get("EDITOR", "").strip()
        if not editor:
            self._terminal.say(f"error: no editor is set for {visible_line(str(path))}. Set EDITOR and start again.")
            return False
        self._terminal.end_line()
        with self._terminal.lent():
            problem = await _edited(editor, path, self._env)
        if problem:
            self._terminal.say(f"error: the editor {visible_line(editor)} {problem}. Nothing was changed.")
        return not problem

    def set_draft(self, text: str) -> None:
        self.draft = text
        if text:
            shown = visible_line(text)
            shown = shown if len(shown) <= 200 else f"{shown[:200]} …"
            self._terminal.say(f"Kept: {shown}", "Press enter alone to send it, or type something else.")


async def _edited(editor: str, path: Path, env: Mapping[str, str]) -> str:
    """Runs the editor. What went wrong; "" when nothing did."""
    try:
        command = [*shlex.split(editor), str(path)]
        started = await asyncio.create_subprocess_exec(*command, env={**os.environ, **env})
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    except ValueError as error:
        return f"cannot be started: {error}"
    code = await started.wait()
    return f"ended with exit code {code}" if code else ""
