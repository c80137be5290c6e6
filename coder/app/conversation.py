"""Conversations that may be taken back: that of an open session, on disk and in what the model sees alike, and that of
a transcript nobody has open. Must not know files, or why one goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from coder import __version__
from coder.app.journal import Journal
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import Message, said
from coder.sessions.store import Transcript


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """A prompt of the conversation: a point to go back to. `when` in seconds since the epoch."""

    uuid: str
    text: str
    when: float


class Conversation(Protocol):
    """The half of going back that is not about files. All of it raises SessionError when it cannot."""

    @property
    def leaf(self) -> str | None:
        """Where the conversation stands; None where it is not kept."""
        ...

    def rewind_to(self, prompt: str) -> str:
        """Goes back to before a message of the person, by its uuid; returns its text."""
        ...

    def move_to(self, leaf: str | None) -> None:
        """Goes on from where it stood before."""
        ...


class OpenConversation:
    """`restart` makes the engine go on from other messages."""

    def __init__(self, journal: Journal, restart: Callable[[Sequence[Message]], None]) -> None:
        self._journal = journal
        self._restart = restart

    @property
    def leaf(self) -> str | None:
        return self._journal.leaf

    def rewind_to(self, prompt: str) -> str:
        text = self._journal.rewind_to(prompt)
        self._restart(self._journal.messages)
        return text

    def move_to(self, leaf: str | None) -> None:
        self._journal.move_to(leaf)
        self._restart(self._journal.messages)

    def uncompact(self) -> None:
        """Takes back the latest compaction of a session that was resumed after it; what was said since follows.

        Raises SessionError when there is none.
        """
        self._restart(self._journal.uncompact(None))


class StoredConversation:
    """Holds the transcript while it is open. Raises SessionError when another process has it."""

    def __init__(self, transcript: Path) -> None:
        self._transcript = Transcript.open(transcript, __version__)

    @property
    def leaf(self) -> str | None:
        return self._transcript.leaf

    def rewind_to(self, prompt: str) -> str:
        text = self._transcript.rewind_to(prompt)
        self._check()
        return text

    def move_to(self, leaf: str | None) -> None:
        self._transcript.move_to(leaf)
        self._check()

    def close(self) -> None:
        self._transcript.close()

    def __enter__(self) -> StoredConversation:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self) -> None:
        if self._transcript.problem:
            raise SessionError(f"{self._transcript.path} cannot be written to: {self._transcript.problem}.")


def told_by(messages: Iterable[Message]) -> list[Told]:
    """The prompts among the messages of a conversation."""
    return [
        Told(message.meta.uuid, said(message), _seconds(message.meta.timestamp))
        for message in messages
        if message.meta.kind == "prompt" and message.meta.uuid
    ]


def _seconds(timestamp: str) -> float:
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return 0.0
