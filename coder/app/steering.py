"""What is said to a run under way, and what of it was not delivered. Must not know who says it, or how a run goes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.agent.loop import Agent
from coder.app.prompting import Given
from coder.core.lazy import LazyModule
from coder.core.messages import Image, Message, Meta, Text, said

if TYPE_CHECKING:
    from coder.app import pictures as pictured
else:  # for people in front
    pictured = LazyModule("coder.app.pictures")

Picture: TypeAlias = "Path | Image"


class Steering:
    """What is said is read at the next turn boundary, with the files that it mentions, and `MessageAdded` tells so.
    What is not delivered when the run ends waits to be taken back."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def steer(self, text: str, pictures: Sequence[Picture] = ()) -> None:
        """Raises SessionError that names a picture that cannot be sent. Blocks while it reads pictures."""
        self._agent.steer(Message("user", (*blocks_of(pictures), Text(text)), Meta(kind="steer")))

    def steer_with(self, given: Given) -> None:
        """The same for a program. What is not delivered is for `undelivered`; only what stands behind the results of
        calls is, from now on, so that an answer without any ends the run that it belongs to."""
        self._agent.inbox.waits_for_calls = True
        self._agent.steer(Message("user", given.blocks, Meta(uuid=given.uuid, kind="steer")))

    @property
    def queued(self) -> tuple[str, ...]:
        """What has not been delivered."""
        return tuple(said(message) for message in self._agent.inbox.queued)

    def take_back(self) -> tuple[str, ...]:
        """What has not been delivered, in order; it is out of the queue then."""
        return tuple(said(message) for message in self._agent.inbox.take_back())

    def undelivered(self) -> tuple[str, ...]:
        """The same, by ids."""
        return tuple(message.meta.uuid for message in self._agent.inbox.take_back())

    def withdraw(self, uuid: str) -> bool:
        """Takes one of them back; False where there is no such message."""
        return self._agent.inbox.withdraw(uuid)


def blocks_of(pictures: Sequence[Picture]) -> tuple[Image, ...]:
    """Raises SessionError that names one that cannot be sent. Blocks."""
    return tuple(each if isinstance(each, Image) else pictured.picture(each) for each in pictures)
