"""Gets one reply of the model: asked, streamed, committed; what was said of it is kept when it is cut short. Must not
know tools, or what the reply means for the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from coder.agent.asking import retrying
from coder.agent.history import fresh_ids
from coder.agent.partial import Partial
from coder.agent.replies import runnable
from coder.agent.requests import Requests
from coder.agent.tally import Tally
from coder.agent.upkeep import Upkeep
from coder.core.errors import ModelError
from coder.core.events import AnyEvent, Notice, StreamEvent, TextDelta, ThinkingDelta
from coder.core.messages import Message
from coder.core.model import (
    BlockFinished,
    Completed,
    Model,
    ModelRequest,
    Retrying,
    Streamed,
    Switched,
    TextPart,
    ThinkingPart,
)


class Replying:
    """`commit` adds a message to the conversation; `is_taken` tells whether a call of that id was made in it."""

    def __init__(
        self,
        model: Model,
        requests: Requests,
        upkeep: Upkeep,
        commit: Callable[[Message], Message | None],
        is_taken: Callable[[str], bool],
        emit: Callable[[AnyEvent], None],
    ) -> None:
        self._model = model
        self._requests = requests
        self._upkeep = upkeep
        self._commit = commit
        self._is_taken = is_taken
        self._emit = emit

    async def reply(self, tally: Tally) -> Completed:
        """One reply, committed. On a cancel the finished part of it is committed instead."""
        partial = Partial()
        try:
            await self._upkeep.before_request()
            completed = await self._answer(partial)
        except asyncio.CancelledError:
            self._commit(self._marked(partial.salvage()))
            raise
        self._upkeep.answered(completed.usage)
        message = fresh_ids(runnable(completed), self._is_taken)
        committed = self._commit(self._marked(message))
        for text in completed.notices:
            self._emit(Notice(level="warning", text=text))
        tally.usage += completed.usage
        tally.stop_reason = completed.stop_reason
        tally.text = committed.text if committed else ""
        return replace(completed, message=committed or Message("assistant", ()))

    def _marked(self, message: Message) -> Message:
        return replace(message, meta=replace(message.meta, kind="reply", head=self._requests.head))

    async def _answer(self, partial: Partial) -> Completed:
        """Asks again with a conversation that may pass, where the refusal says what was wrong with it."""
        while True:
            try:
                return await self._stream(self._requests.next(), partial)
            except ModelError as error:
                partial.clear()
                if not await self._upkeep.mend(error):
                    raise

    async def _stream(self, request: ModelRequest, partial: Partial) -> Completed:
        async with aclosing(self._model.stream(request)) as events:  # type: ignore[type-var]  # streams are generators
            async for event in events:
                match event:
                    case Streamed():
                        self._emit(StreamEvent(raw=event.event))
                    case TextPart():
                        partial.add_text(event.text)
                        self._emit(TextDelta(text=event.text))
                    case ThinkingPart():
                        self._emit(ThinkingDelta(text=event.text))
                    case BlockFinished():
                        partial.finish(event.block)
                    case Retrying():
                        partial.clear()
                        self._emit(retrying(event))
                    case Switched():
                        partial.clear()
                        self._emit(Notice(level="warning", text=event.message))
                    case Completed():
                        return event
        raise ModelError("The model's reply ended without its last event.", "cut")
