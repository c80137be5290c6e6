"""When the servers of a session begin: as late as nobody notices. Must not know what they offer."""

from __future__ import annotations

import asyncio

from coder.app.reach.linking import Linking
from coder.core.events import AnyEvent, StreamEvent, TurnStarted

_AFTER = 1.0  # seconds after which a request is on its way at last, even where nothing came back yet
_REPLIES = 0.5  # seconds of a reply: one that is shorter than that needed no server
_IDLE = 2.0  # seconds in which somebody who has a first message ready sends it


class Beginning:
    def __init__(self, linking: Linking) -> None:
        self._linking = linking
        self.has_begun = False
        self.is_over = False
        self._is_turning = False  # a first request is being made
        self._is_replying = False  # and was taken

    def on(self, event: AnyEvent) -> None:
        """Servers begin when the first request is on its way, so that they delay neither it nor the first paint; a run
        of one short reply does without, and so does not wait for them to end."""
        if self.has_begun:
            return
        if isinstance(event, TurnStarted) and event.turn > 1:
            self.begin()
        elif isinstance(event, TurnStarted):
            self._is_turning = True
            asyncio.get_running_loop().call_later(_AFTER, self.begin)
        elif isinstance(event, StreamEvent) and not self._is_replying:
            self._is_replying = True
            asyncio.get_running_loop().call_later(_REPLIES, self.begin)

    def begin_soon(self) -> None:
        """For a session with a person in front, who may be quick: loading what servers need takes a second of the
        processor's, and their first request goes before it."""
        asyncio.get_running_loop().call_later(_IDLE, self._begin_idle)

    def _begin_idle(self) -> None:
        if not self._is_turning:
            self.begin()

    def begin(self) -> None:
        if not (self.has_begun or self.is_over):
            self.has_begun = True
            self._linking.start()

    async def aclose(self) -> None:
        self.is_over = True
        await self._linking.aclose()
