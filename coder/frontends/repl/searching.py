"""The search for an earlier prompt: a query in the place of the draft, and what was found. Must not know keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_toolkit.buffer import Buffer

from coder.frontends.repl.keymap import Keymap
from coder.frontends.repl.memory import Memory
from coder.frontends.repl.menu import Choice, Menu

if TYPE_CHECKING:
    from coder.frontends.repl.history import Sent


class Search:
    """`buffer` holds the query, `menu` the newest prompts that hold it."""

    def __init__(self, memory: Memory, keymap: Keymap) -> None:
        self.buffer = Buffer(multiline=False, on_text_changed=self._look)
        self.menu: Menu | None = None
        self._memory = memory
        key = keymap.hint
        self._keys = f"{key('send')} takes it · {key('search')} older · {key('stop')} leaves"
        self._hits: list[Sent] = []

    def begin(self) -> None:
        self.buffer.reset()
        self._look(self.buffer)

    def chosen(self) -> str | None:
        """The chosen prompt as a draft; None when nothing was found."""
        if self.menu is None or not self._hits:
            return None
        return self._memory.draft_of(self._hits[self.menu.chosen])

    def _look(self, _: Buffer) -> None:
        self._hits = self._memory.holding(self.buffer.text)
        choices = tuple(Choice(sent.display, (sent.display[:500],)) for sent in self._hits)
        self.menu = Menu(choices, 0, self._keys if choices else "nothing found")
