"""One line from a small model about what a session does, beside it: the next prompt somebody may type, or what an agent
is doing. Must not know who wanted it, or when.

The small model is asked with the end of the conversation rather than the session's own with all of it, although most of
that would be cached: what it costs does not grow with the conversation then, it never competes with the next request
for the limits of the session's model, and it cannot disturb what is cached for that.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal, TypeAlias

from coder.app.outset import Outset
from coder.app.titles import cheap_model, read_title, title_request
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import ModelError
from coder.core.messages import Message, Text, ToolUse, said
from coder.core.model import Completed, Model, ModelRequest
from coder.core.visible import visible_line

Purpose: TypeAlias = Literal["suggestion", "progress"]

_OUTPUT = 60  # tokens at most
_WORDS = 1_200  # characters of one message that are sent
_MESSAGES = 8  # of the end of a conversation
_LONGEST = 200  # characters of a line
_SECONDS = 20.0  # what comes later than that is of no use
_NOTHING = frozenset({"", "none", "none.", '""'})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Aside:
    """Asks `name` by way of `model`. `name` "" asks nobody."""

    model: Model
    name: str

    @classmethod
    def of(cls, begun: Outset) -> Aside:
        """The small model; the session's own where there may be no other, and nobody where a script answers."""
        config = begun.config
        name = cheap_model({**os.environ, **config.env}, config.model.name) or begun.control.model
        return cls(begun.purse.side_model(), "" if config.model.is_replay else name)

    async def line(self, purpose: Purpose, words: str) -> str:
        """The one line that the reply to quoted words consists of; "" where there is none, or it could not be had."""
        if not self.name or not words:
            return ""
        request = ModelRequest(
            self.name,
            (Message("user", (Text(words),)),),
            system=(prompts.load(purpose),),
            max_tokens=_OUTPUT,
            headers={"x-coder-side-request": purpose},
            purpose=purpose,
        )
        reply = await self._asked(request)
        return _read(reply) if reply is not None else ""

    async def title(self, words: str) -> str:
        """A title for what these words are the beginning of; "" where it could not be had."""
        if not self.name or not words.strip():
            return ""
        reply = await self._asked(title_request(self.name, words))
        return read_title(reply) if reply is not None else ""

    async def _asked(self, request: ModelRequest) -> Message | None:
        try:
            async with asyncio.timeout(_SECONDS), aclosing(self.model.stream(request)) as events:  # type: ignore[type-var]  # streams are generators
                async for event in events:
                    if isinstance(event, Completed):
                        return event.message
        except (ModelError, TimeoutError) as error:
            _log.info("no %s: %s", request.purpose, error)
        return None


def conversation(messages: Sequence[Message]) -> str:
    """The end of it, quoted, so that it is not taken for orders; "" where nothing was said."""
    rows: list[str] = []
    for message in reversed(messages):
        if row := _row(message):
            rows.append(row)
        if len(rows) == _MESSAGES:
            break
    return quoted("conversation", "\n".join(reversed(rows))) if rows else ""


def quoted(what: str, text: str) -> str:
    return f"<{what}>\n{text}\n</{what}>"


def did(message: Message) -> str:
    """What a reply says and calls, in a line each."""
    calls = (f"calls {block.name} {block.input}" for block in message.content if isinstance(block, ToolUse))
    return "\n".join(visible_line(text[:_WORDS])[:_WORDS] for text in (message.text, *calls) if text.strip())


def _row(message: Message) -> str:
    match message.meta.kind:
        case "prompt" | "steer":
            words, who = said(message), "person"
        case "reply" if message.text.strip():
            words, who = message.text, "assistant"
        case "summary":
            words, who = message.text, "summary"
        case _:
            return ""
    words = words.strip()
    if len(words) > _WORDS:  # the end of a long answer says what comes next
        words = f"…{words[-_WORDS:]}" if who == "assistant" else f"{words[:_WORDS]}…"
    return quoted(who, words)


def _read(reply: Message) -> str:
    lines = [line.strip() for line in reply.text.splitlines() if line.strip()]
    line = visible_line(lines[0].strip('"“”«»`')).strip() if len(lines) == 1 else ""
    return line if len(line) <= _LONGEST and line.casefold() not in _NOTHING else ""
