"""The conversation the model sees, append-only, with the invariant that keeps it sendable. Knows no disk or network.

The invariant holds after every commit: each tool_use is answered exactly once, in order, at the head of the next
message; no empty text block; no lone surrogate; nothing is sent that the model would refuse for its form.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coder.agent.projection import seen_by
from coder.agent.weight import message_tokens
from coder.core.edits import Compaction, ContextEdit, applied
from coder.core.errors import ProtocolError
from coder.core.lazy import LazyModule
from coder.core.messages import Block, Document, Image, Message, Meta, Text, Thinking, ToolResult, ToolUse, Usage

if TYPE_CHECKING:
    from coder.agent import media
    from coder.agent.media import Shrink
else:  # few conversations hold pictures
    media = LazyModule("coder.agent.media")

Sink = Callable[[Message], None]
EditSink = Callable[[ContextEdit], None]
_NO_WORDS = "(It failed without a message.)"


class History:
    """`sink` is called with every committed message, synchronously, before `commit` returns (the transcript), and
    `edit_sink` with every edit of the past; `uncompact_sink` before the last compaction is taken back. `shrink`
    makes pictures small enough."""

    def __init__(
        self,
        sink: Sink | None = None,
        messages: Sequence[Message] = (),
        *,
        edit_sink: EditSink | None = None,
        shrink: Shrink | None = None,
        uncompact_sink: Callable[[], object] | None = None,
    ) -> None:
        self._sink = sink
        self._edit_sink = edit_sink
        self._uncompact_sink = uncompact_sink
        self._shrink = shrink or unshrunk
        self._model = ""
        self._messages: list[Message] = []
        self._view: list[Message] = []
        self._seen_ids: set[str] = set()
        self._tokens = 0
        self._has_media = False
        for message in messages:
            self._append(self.cleaned(message))
        self._before: tuple[Message, ...] = ()  # what the last compaction replaced
        self._compacted = 0  # how many messages it left

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    @property
    def view(self) -> tuple[Message, ...]:
        """What is sent: neighbours of one role merged, so that roles alternate. Grows at its end only, but for edits
        and another model."""
        return tuple(self._view)

    @property
    def tokens(self) -> int:
        """What the view weighs, estimated (agent/weight.py)."""
        return self._tokens

    @property
    def has_media(self) -> bool:
        """Whether a picture or document may be in it."""
        return self._has_media

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

    def project_for(self, model: str) -> None:
        """From now on the view is what `model` may see: other models' thinking is left out of it."""
        if model != self._model:
            self._model = model
            self._rebuild(self._messages)

    def cleaned(self, message: Message) -> Message:
        """The message as `commit` would store it. Idempotent; may take a while for a picture that is too large."""
        cleaned = clean(message)
        return media.fitted(cleaned, self._shrink) if _holds_media(cleaned) else cleaned

    def commit(self, message: Message) -> Message | None:
        """Appends, stamps and stores a message; None when nothing sendable is left of it.

        Synchronous on purpose: no await can fall between a tool call and its answer.
        Raises ProtocolError when the invariant would break, which is a bug of the caller.
        """
        message = self.cleaned(message)
        if not message.content:
            return None
        message = replace(message, meta=_stamped(message))
        self._append(message)
        if self._sink is not None:
            self._sink(message)
        return message

    def edit(self, edit: ContextEdit) -> None:
        """Changes what the model sees of the past, and stores the edit. Synchronous, so that no request falls between.

        Raises ProtocolError, with nothing changed, when the invariant would break.
        """
        old, pending = self._messages, self.pending
        if isinstance(edit, Compaction):
            cleaned = map(self.cleaned, edit.messages)
            edit = replace(edit, messages=tuple(replace(m, meta=_stamped(m)) for m in cleaned if m.content))
        try:
            self._rebuild(applied(old, edit))
            if self.pending != pending:
                raise ProtocolError("an edit of the past must leave the calls that wait for results")
        except ProtocolError:
            self._rebuild(old)
            raise
        if isinstance(edit, Compaction):
            self._before, self._compacted = tuple(old), len(self._messages)
        if self._edit_sink is not None:
            self._edit_sink(edit)

    def uncompact(self) -> tuple[Message, ...] | None:
        """Takes the last compaction back: what it replaced is there again. Returns what was said since, which is not:
        commit it to have it follow. None when there is no compaction to take back, or it was made before this
        conversation was loaded. What the sink raises is passed on, with nothing changed.
        """
        if not self._before or self.pending:
            return None
        if self._uncompact_sink is not None:
            self._uncompact_sink()
        since = tuple(fresh_copy(message) for message in self._messages[self._compacted :])
        self._seen_ids -= {call.id for message in since for call in message.tool_uses}
        self._rebuild(self._before)
        self._before, self._compacted = (), 0
        return since

    def restart(self, messages: Sequence[Message]) -> None:
        """Goes on from another conversation, that nobody need be told of."""
        self._seen_ids.clear()
        self._rebuild([self.cleaned(message) for message in messages])
        self._before, self._compacted = (), 0

    def locate(self, message: int, block: int) -> tuple[Message, int] | None:
        """The message, and the index in it, of a block of the view; None when there is no such block."""
        number, offset, role = -1, 0, ""
        for stored in self._messages:
            sent = seen_by(stored, self._model)
            if not sent.content:
                continue
            if sent.role != role:
                number, offset, role = number + 1, 0, sent.role
            if number == message and offset <= block < offset + len(sent.content):
                return stored, stored.content.index(sent.content[block - offset])
            offset += len(sent.content)
        return None

    def _rebuild(self, messages: Sequence[Message]) -> None:
        seen = self._seen_ids
        self._messages, self._view, self._seen_ids, self._tokens = [], [], set(), 0
        for message in messages:
            self._append(message)
        self._seen_ids |= seen

    def _append(self, message: Message) -> None:
        if not message.content:
            return
        self._check(message)
        self._seen_ids.update(call.id for call in message.tool_uses)
        self._messages.append(message)
        self._has_media = self._has_media or _holds_media(message)
        self._project(seen_by(message, self._model))

    def _project(self, sent: Message) -> None:
        if not sent.content:
            return
        self._tokens += message_tokens(sent)
        if self._view and self._view[-1].role == sent.role:
            last = self._view[-1]
            self._view[-1] = Message(last.role, last.content + sent.content, last.meta)
        else:
            self._view.append(sent)

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


def unshrunk(image: Image) -> Image | None:
    return None


def _holds_media(message: Message) -> bool:
    return any(
        isinstance(part, Image | Document)
        for block in message.content
        for part in (block.content if isinstance(block, ToolResult) else (block,))
    )


def fresh_copy(message: Message) -> Message:
    """The message to be stored a second time: an id of its own, and no usage, which would be counted twice."""
    return replace(message, meta=replace(message.meta, uuid="", api_id="", usage=Usage()))


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
            if not kept and block.is_error:
                kept = (Text(_NO_WORDS),)  # the API takes no empty error
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
