"""The conversation of an open session, where it may be taken back: on disk and in what the model sees alike.

Must not know files, or why it goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coder.app.journal import Journal
from coder.core.messages import Message


class OpenConversation:
    """`restart` makes the engine go on from other messages."""

    def __init__(self, journal: Journal, restart: Callable[[Sequence[Message]], None]) -> None:
        self._journal = journal
        self._restart = restart

    @property
    def leaf(self) -> str | None:
        """Where it stands: `move_to` comes back to it."""
        return self._journal.leaf

    def rewind_to(self, prompt: str) -> str:
        """Goes back to before a message of the person, and returns its text. Raises SessionError."""
        text = self._journal.rewind_to(prompt)
        self._restart(self._journal.messages)
        return text

    def move_to(self, leaf: str | None) -> None:
        """Goes on from an entry. Raises SessionError."""
        self._journal.move_to(leaf)
        self._restart(self._journal.messages)
