"""Plays scenes in the interactive session: types for the person, waits for the run, skips ahead. Must not know which.

The keys stay the person's all the while: questions are theirs to answer, and they can leave at any moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.key_processor import KeyPressEvent

from coder.frontends.repl.entry import Entry
from coder.frontends.repl.prompt import Prompt
from coder.frontends.repl.talk import Talk
from coder.frontends.repl.terminal import Terminal
from coder.frontends.styled import Row

_LETTER, _READ = 0.04, 0.9  # seconds: between two letters, and before what was typed is sent


class Stagehand:
    def __init__(self, terminal: Terminal, prompt: Prompt, talk: Talk) -> None:
        self._terminal = terminal
        self._prompt = prompt
        self._talk = talk
        self._skipped = asyncio.Event()
        self._is_typing = False
        terminal.bind(self._keys())

    def _keys(self) -> KeyBindings:
        """Space skips ahead, unless the person is writing something themselves."""
        keys = KeyBindings()
        free = Condition(lambda: self._terminal.is_free() and (self._is_typing or not self._prompt.text))

        @keys.add(" ", filter=free, eager=True)
        def press(event: KeyPressEvent) -> None:
            self._skipped.set()

        return keys

    @property
    def is_skipping(self) -> bool:
        """Whether what is left of this scene is to come at once."""
        return self._skipped.is_set()

    def say(self, rows: Iterable[Row]) -> None:
        self._terminal.say(rows)

    async def play(self, text: str) -> None:
        """Types a prompt or a command, sends it, and waits until nothing runs any more."""
        self._skipped.clear()
        self._is_typing = True
        try:
            for end in range(1, len(text) + 1):
                if self.is_skipping:
                    break
                self._prompt.set_text(text[:end])
                self._terminal.redraw()
                await self._rest(_LETTER)
            await self._rest(_READ)
            self._prompt.set_text("")
        finally:
            self._is_typing = False
        self._talk.take(Entry("command" if text.startswith("/") else "prompt", text))
        await self._talk.idle()

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._skipped.wait(), seconds)
