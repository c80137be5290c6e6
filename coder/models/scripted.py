"""A model that plays a script, in process: for tests of what stands above models. Must not know HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TypeAlias

from coder.core.errors import ModelError
from coder.core.messages import Block, Message, Meta, Text, Thinking, ToolUse, Usage
from coder.core.model import BlockFinished, Completed, ModelEvent, ModelRequest, TextPart, ThinkingPart

Play: TypeAlias = Message | ModelError | Sequence[ModelEvent | ModelError]
Reply: TypeAlias = Play | Callable[[ModelRequest], Play]


class ScriptedModel:
    """Each request gets the next reply: a message, an error, events that may end in one, or a function of the request.

    `requests` keeps what was asked. A request past the end of the script is a ModelError of kind "protocol".
    """

    def __init__(self, replies: Iterable[Reply]) -> None:
        self._replies = iter(replies)
        self.requests: list[ModelRequest] = []
        self.closed = False

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        self.requests.append(request)
        reply = next(self._replies, None)
        if reply is None:
            raise ModelError(f"The script has no reply for request {len(self.requests)}.", "protocol")
        play = reply(request) if callable(reply) else reply
        if isinstance(play, Message):
            play = events(play)
        for event in [play] if isinstance(play, ModelError) else play:
            if isinstance(event, ModelError):
                raise event
            yield event

    async def count_tokens(self, request: ModelRequest) -> int:
        """By bytes, as rough as it gets."""
        return sum(len(str(message.content)) for message in request.messages) // 4

    async def aclose(self) -> None:
        self.closed = True


def reply(*blocks: Block | str, stop_reason: str = "", usage: Usage | None = None, model: str = "scripted") -> Message:
    """An assistant message; a string is a text block. The stop reason follows from the blocks unless given."""
    content = tuple(Text(block) if isinstance(block, str) else block for block in blocks)
    if not stop_reason:
        stop_reason = "tool_use" if any(isinstance(block, ToolUse) for block in content) else "end_turn"
    counts = usage or Usage(input_tokens=100, output_tokens=10)
    return Message("assistant", content, Meta(kind="reply", model=model, stop_reason=stop_reason, usage=counts))


def events(message: Message) -> list[ModelEvent]:
    """What a transport would yield for this reply."""
    parts: list[ModelEvent] = []
    for block in message.content:
        if isinstance(block, Text):
            parts.append(TextPart(block.text))
        elif isinstance(block, Thinking):
            parts.append(ThinkingPart(block.thinking))
        parts.append(BlockFinished(block))
    return [*parts, Completed(message, message.meta.stop_reason or "end_turn", message.meta.usage)]
