"""What was said beside a run and is not in its conversation yet. Must not know the loop, or who says it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from coder.core.messages import Message

_STOP = re.compile(r"\s*(stop|pause)\b", re.IGNORECASE)


class Inbox:
    """A message of the person (kind "steer") belongs to the run it was said to; everything else to the conversation."""

    def __init__(self) -> None:
        self._waiting: list[Message] = []
        self._left: list[Message] = []  # said to a run that has ended
        self._complete: Callable[[Message], Awaitable[Message]] | None = None
        self._whole: list[Message] = []
        self.waits_for_calls = False  # a message of the person stands behind the results of calls, or is not delivered

    def completed_by(self, complete: Callable[[Message], Awaitable[Message]]) -> None:
        """What makes a message of the person whole when it is delivered, such as the files it mentions."""
        self._complete = complete

    @property
    def queued(self) -> tuple[Message, ...]:
        """What the person said and nobody was given."""
        return tuple(message for message in (*self._left, *self._waiting) if message.meta.kind == "steer")

    @property
    def says_stop(self) -> bool:
        """Whether something waits that is to be read before anything else is done."""
        return any(message.meta.kind == "steer" and _STOP.match(message.text) for message in self._waiting)

    def put(self, message: Message) -> None:
        self._waiting.append(message)

    async def delivered(self, *, after_calls: bool = True) -> list[Message]:
        """What is to be delivered at a turn boundary, whole. Cancelled, nothing is taken out."""
        if self.waits_for_calls and not after_calls:
            waiting = self.drain()
            self._waiting = [message for message in waiting if message.meta.kind == "steer"]
            return [message for message in waiting if message.meta.kind != "steer"]
        while self._complete is not None and (due := self._due()) is not None:
            whole = await self._complete(due)
            self._whole.append(whole)
            self._waiting = [whole if each is due else each for each in self._waiting]
        self._whole = []
        return self.drain()

    def _due(self) -> Message | None:
        """The first message of the person that is not whole yet."""
        steered = (each for each in self._waiting if each.meta.kind == "steer")
        return next((each for each in steered if not any(each is whole for whole in self._whole)), None)

    def drain(self) -> list[Message]:
        """All that waits, as it is."""
        drained, self._waiting = self._waiting, []
        return drained

    def settle(self) -> list[Message]:
        """What is to be added at the end of a run. What was said to that run is never delivered to another."""
        waiting = self.drain()
        self._left += [message for message in waiting if message.meta.kind == "steer"]
        return [message for message in waiting if message.meta.kind != "steer"]

    def take_back(self) -> tuple[Message, ...]:
        """What the person said and nobody was given, in order; it is out of the queue then."""
        taken = self.queued
        self._left = []
        self._waiting = [message for message in self._waiting if message.meta.kind != "steer"]
        return taken

    def withdraw(self, uuid: str) -> bool:
        """Takes one message of the person back; False where none of that id waits, or it is being delivered."""
        found = next((each for each in self._waiting if each.meta.uuid == uuid and each.meta.kind == "steer"), None)
        if found is None or self._whole:
            return False
        self._waiting = [each for each in self._waiting if each is not found]
        return True
