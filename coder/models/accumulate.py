"""Raw Messages API events to model events and one whole reply, for every transport. Must not know how they arrived."""

from __future__ import annotations

import itertools
from dataclasses import replace

from coder.core.dataclass import dataclass
from coder.core.errors import ModelError
from coder.core.messages import Block, Json, Message, Meta, ToolUse, usage_from_api
from coder.core.model import BlockFinished, Completed, ModelEvent, Streamed
from coder.models.blocks import GrowingBlock

_CUTTING = ("max_tokens", "model_context_window_exceeded", "refusal")
_KNOWN = (*_CUTTING, "end_turn", "tool_use", "stop_sequence", "pause_turn", "compaction")


@dataclass(slots=True)
class _Slot:
    growing: GrowingBlock
    block: Block | None = None
    is_open: bool = True


class Accumulator:
    """Feed it one reply's events in order; `is_done` after message_stop, then `completed()`.

    No two tool uses of a reply have one id; whether an id was used in an earlier turn is the history's business.
    """

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._slots: dict[int, _Slot] = {}
        self._started = False
        self._head: Json = {}
        self._usage: Json = {}
        self._stop_reason = ""
        self._notices: list[str] = []
        self.is_done = False

    def feed(self, event: Json) -> list[ModelEvent]:
        """The model events of one raw event. Raises ModelError of kind "cut" when it does not fit what came before."""
        kind = event.get("type")
        if kind == "ping" or self.is_done:
            return []
        parts: list[ModelEvent] = [Streamed(event)]
        match kind:
            case "content_block_delta":
                delta = event.get("delta")
                if isinstance(delta, dict) and (part := self._open_slot(event).growing.add(delta)) is not None:
                    parts.append(part)
            case "content_block_start":
                self._open(event)
            case "content_block_stop":
                parts.extend(self._close(self._open_slot(event)))
            case "message_start":
                self._start(event)
            case "message_delta":
                self._finish(event)
            case "message_stop":
                self._must_have_started()
                parts.extend(part for slot in self._slots.values() if slot.is_open for part in self._close(slot))
                self.is_done = True
        return parts

    def completed(self) -> Completed:
        """The whole reply. Raises ModelError of kind "cut" when the stream ended before it was whole."""
        if not self.is_done:
            raise _out_of_order("the stream ended before the reply was complete")
        stop_reason = self._stop_reason or ("tool_use" if self._has_calls() else "end_turn")
        if stop_reason in _CUTTING:
            self._drop_half_calls(stop_reason)
        if stop_reason not in _KNOWN:
            self._notices.append(f"The reply ended with an unknown stop reason, {stop_reason!r}; it counts as the end.")
        usage = usage_from_api(self._usage)
        meta = Meta(
            kind="reply",
            api_id=_text(self._head.get("id")),
            model=_text(self._head.get("model")),
            stop_reason=stop_reason,
            usage=usage,
        )
        content = tuple(slot.block for slot in self._slots.values() if slot.block is not None)
        return Completed(Message("assistant", content, meta), stop_reason, usage, tuple(self._notices))

    def _start(self, event: Json) -> None:
        if self._started:
            raise _out_of_order("a second message began")
        head = event.get("message")
        self._started, self._head = True, head if isinstance(head, dict) else {}
        self._take_usage(self._head.get("usage"))

    def _finish(self, event: Json) -> None:
        self._must_have_started()
        self._take_usage(event.get("usage"))
        delta = event.get("delta")
        if isinstance(delta, dict):
            self._stop_reason = _text(delta.get("stop_reason")) or self._stop_reason
            details = delta.get("stop_details")
            if isinstance(details, dict) and (category := _text(details.get("category"))):
                self._notices.append(f"The model stopped here because of: {category}.")

    def _take_usage(self, usage: object) -> None:
        """Counts are cumulative within a reply, so later ones replace earlier ones; unusable ones are left out."""
        if isinstance(usage, dict):
            self._usage.update(
                (name, value)
                for name, value in usage.items()
                if _is_count(value) or (name in ("cache_creation", "server_tool_use") and isinstance(value, dict))
            )

    def _open(self, event: Json) -> None:
        self._must_have_started()
        index, start = event.get("index"), event.get("content_block")
        if not isinstance(index, int) or not isinstance(start, dict) or index <= max(self._slots, default=-1):
            raise _out_of_order("a content block began out of order")
        self._slots[index] = _Slot(GrowingBlock(start))

    def _open_slot(self, event: Json) -> _Slot:
        index = event.get("index")
        slot = self._slots.get(index) if isinstance(index, int) else None
        if slot is None or not slot.is_open:
            raise _out_of_order("it went on with a content block that is not open")
        return slot

    def _close(self, slot: _Slot) -> list[BlockFinished]:
        slot.is_open = False
        block = slot.growing.finish()
        slot.block = self._with_own_id(block) if isinstance(block, ToolUse) else block
        return [] if slot.block is None else [BlockFinished(slot.block)]

    def _with_own_id(self, call: ToolUse) -> ToolUse:
        call_id = call.id
        if not call_id or call_id in self._ids:
            stem = call_id or f"toolu_{_text(self._head.get('id')) or 'unnamed'}"
            call_id = next(name for n in itertools.count(2) if (name := f"{stem}_{n}") not in self._ids)
            if call.id:
                self._notices.append(f"The model used the tool use id {call.id} twice; the later call is {call_id}.")
        self._ids.add(call_id)
        return call if call_id == call.id else replace(call, id=call_id)

    def _has_calls(self) -> bool:
        return any(isinstance(slot.block, ToolUse) for slot in self._slots.values())

    def _drop_half_calls(self, stop_reason: str) -> None:
        """Only the last block can be unfinished, but a call that does not parse is not trusted wherever it stands."""
        last = max(self._slots, default=-1)
        for index, slot in self._slots.items():
            call = slot.block
            if isinstance(call, ToolUse) and (call.error or (index == last and not slot.growing.has_input)):
                slot.block = None
                self._notices.append(
                    f"The reply was cut ({stop_reason}) inside a {call.name} call; that call is not run."
                )

    def _must_have_started(self) -> None:
        if not self._started:
            raise _out_of_order("it did not begin with message_start")


def _out_of_order(why: str) -> ModelError:
    return ModelError(f"The model's reply broke off: {why}.", "cut", retryable=True)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
