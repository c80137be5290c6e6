"""The conversation the model sees, append-only, with the invariant that keeps it sendable. Knows no disk or network.

The invariant holds after every commit: each tool_use is answered exactly once, in order, at the head of the next
message; no empty text block; no lone surrogate; nothing is sent that the model would refuse for its form.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from coder.core.errors import ProtocolError
from coder.core.messages import Block, Message, Meta, Text, Thinking, ToolResult, ToolUse

Sink = Callable[[Message], None]


class History:
    """`sink` is called with every committed message, synchronously, before `commit` returns (the transcript)."""

    def __init__(self, sink: Sink | None = None, messages: Sequence[Message] = ()) -> None:
        self._sink = sink
        self._messages: list[Message] = []
        self._view: list[Message] = []
        self._seen_ids: set[str] = set()
        for message in messages:
            self._append(clean(message))

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    @property
    def view(self) -> tuple[Message, ...]:
        """What is sent: neighbours of one role merged, so that roles alternate. Only ever grows at its end."""
        return tuple(self._view)

    @property
    def context_blocks(self) -> int:
        """How many blocks at the head of the conversation are facts about the place, the same in every request."""
        blocks = 0
        for message in self._messages:
            if message.meta.kind != "context":
                break
            blocks += len(message.content)
        return blocks

    @property
    def pending(self) -> tuple[ToolUse, ...]:
        """Tool uses of the last message that wait for their results."""
        return self._messages[-1].tool_uses if self._messages else ()

    def has_id(self, tool_use_id: str) -> bool:
        """Whether a tool call of that id was already made in this conversation."""
        return tool_use_id in self._seen_ids

    def commit(self, message: Message) -> Message | None:
        """Appends, stamps and stores a message; None when nothing sendable is left of it.

        Synchronous on purpose: no await can fall between a tool call and its answer.
        Raises ProtocolError when the invariant would break, which is a bug of the caller.
        """
        message = clean(message)
        if not message.content:
            return None
        message = replace(message, meta=_stamped(message))
        self._append(message)
        if self._sink is not None:
            self._sink(message)
        return message

    def _append(self, message: Message) -> None:
        if not message.content:
            return
        self._check(message)
        self._seen_ids.update(call.id for call in message.tool_uses)
        self._messages.append(message)
        if self._view and self._view[-1].role == message.role:
            last = self._view[-1]
            self._view[-1] = Message(last.role, last.content + message.content, last.meta)
        else:
            self._view.append(message)

    def _check(self, message: Message) -> None:
        answered = [b.tool_use_id for b in message.content if isinstance(b, ToolResult)]
        expected = [call.id for call in self.pending]
        if answered != expected:
            raise ProtocolError(f"tool results {answered} do not answer the tool calls {expected}")
        if message.role == "assistant":
            ids = [call.id for call in message.tool_uses]
            if answered or len(set(ids)) != len(ids) or self._seen_ids.intersection(ids):
                raise ProtocolError(f"tool call ids {ids} are not fresh and unique")
        elif message.tool_uses or not all(isinstance(b, ToolResult) for b in message.content[: len(answered)]):
            raise ProtocolError("tool results must head a user message")


def fresh_ids(message: Message, taken: Callable[[str], bool]) -> Message:
    """The message with every tool_use id that is already taken, or repeats within it, replaced by a new one."""
    used: set[str] = set()
    content: list[Block] = []
    for block in message.content:
        if isinstance(block, ToolUse) and (block.id in used or not block.id or taken(block.id)):
            block = replace(block, id=f"toolu_{uuid.uuid4().hex[:24]}")
        if isinstance(block, ToolUse):
            used.add(block.id)
        content.append(block)
    return replace(message, content=tuple(content)) if used else message


def clean(message: Message) -> Message:
    """Without empty text and lone surrogates; a reply of thinking alone is no reply. Idempotent, never raises."""
    content = tuple(block for block in map(_clean_block, message.content) if block is not None)
    if message.role == "assistant" and all(isinstance(block, Thinking) for block in content):
        content = ()
    return message if content == message.content else replace(message, content=content)


def _clean_block(block: Block) -> Block | None:
    match block:
        case Text(text=text):
            if not text.strip():
                return None
            return block if _is_clean(text) else Text(_scrub(text))
        case ToolResult(content=content):
            kept = tuple(b for b in map(_clean_block, content) if b is not None)
            return block if kept == content else replace(block, content=kept)  # type: ignore[arg-type]  # parts stay parts
        case ToolUse(input=raw):
            scrubbed = _scrub_json(raw)
            return block if scrubbed == raw else replace(block, input=scrubbed)  # type: ignore[arg-type]  # dict in, dict out
        case Thinking(signature=""):
            return None
        case _:
            return block


def _is_clean(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _scrub(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _scrub_json(value: object) -> object:
    match value:
        case str():
            return value if _is_clean(value) else _scrub(value)
        case dict():
            return {str(_scrub_json(k)): _scrub_json(v) for k, v in value.items()}
        case list():
            return [_scrub_json(item) for item in value]
        case _:
            return value


def _stamped(message: Message) -> Meta:
    meta = message.meta
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return replace(meta, uuid=meta.uuid or str(uuid.uuid4()), timestamp=meta.timestamp or now)
