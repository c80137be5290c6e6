"""The JSON body of a Messages API request, for every transport. Must not know how it is sent."""

from __future__ import annotations

import json
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.messages import Block, Json, Message, Opaque, Text, Thinking, block_to_api, message_to_api
from coder.core.model import ModelRequest, ToolSpec

MAX_BREAKPOINTS = 4
_EPHEMERAL = {"type": "ephemeral"}


@dataclass(slots=True)
class EncodeCache:
    """The last request in serialised form, message by message. The next one usually begins with the same messages."""

    head_of: tuple[object, ...] = ()
    head: bytes = b""
    messages: tuple[Message, ...] = ()
    parts: list[bytes] = field(default_factory=list)  # b"" for a message that was only sent with a mark


def body(request: ModelRequest) -> Json:
    """The whole request as JSON values. Pure; never raises."""
    marks = _marks(request)
    messages = [_marked(m, marks[i]) if i in marks else message_to_api(m) for i, m in enumerate(request.messages)]
    return {**_head(request), "messages": messages}


def counted_body(request: ModelRequest) -> Json:
    """The body for counting the prompt's tokens: what says how to answer is left out."""
    return {name: value for name, value in body(request).items() if name not in ("max_tokens", "stream")}


def encode(request: ModelRequest, cache: EncodeCache) -> bytes:
    """`body(request)` as UTF-8 JSON. The messages it shares with the last request are not serialised again."""
    same = _common_prefix(cache.messages, request.messages)
    known = [*cache.parts[:same], *[b""] * (len(request.messages) - same)]
    cache.messages, cache.parts = request.messages, known
    marks = _marks(request)
    for index in [index for index, part in enumerate(known) if not part and index not in marks]:
        known[index] = _dump(message_to_api(request.messages[index]))
    sent = known.copy()
    for index, blocks in marks.items():
        sent[index] = _dump(_marked(request.messages[index], blocks))
    return _encoded_head(request, cache)[:-1] + b',"messages":[' + b",".join(sent) + b"]}"


def _common_prefix(old: tuple[Message, ...], new: tuple[Message, ...]) -> int:
    for index, (before, now) in enumerate(zip(old, new, strict=False)):
        if before is not now:
            return index
    return min(len(old), len(new))


def _encoded_head(request: ModelRequest, cache: EncodeCache) -> bytes:
    wanted = (
        request.model,
        request.system,
        request.tools,
        request.server_tools,
        request.max_tokens,
        request.thinking,
        request.thinking_tokens,
        request.thinking_display,
        request.effort,
        request.task_budget,
        request.mark_system,
    )
    if cache.head_of != wanted:
        cache.head_of, cache.head = wanted, _dump(_head(request))
    return cache.head


def _dump(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _head(request: ModelRequest) -> Json:
    system: list[Json] = [{"type": "text", "text": text} for text in request.system if text]
    tools = [*(_tool(tool) for tool in request.tools), *map(dict, request.server_tools)]
    head: Json = {"model": request.model, "max_tokens": request.max_tokens, "stream": True}
    if request.mark_system and (carriers := system or tools):
        carriers[-1]["cache_control"] = _EPHEMERAL
    if system:
        head["system"] = system
    if tools:
        head["tools"] = tools
    if request.thinking:
        head["thinking"] = _thinking(request)
    if output := _output(request):
        head["output_config"] = output
    return head


def _thinking(request: ModelRequest) -> Json:
    if request.thinking_tokens is None:
        return {"type": "adaptive", "display": request.thinking_display}
    return {"type": "enabled", "budget_tokens": request.thinking_tokens, "display": request.thinking_display}


def _output(request: ModelRequest) -> Json:
    effort: Json = {"effort": request.effort} if request.effort else {}
    if request.task_budget is None:
        return effort
    return {**effort, "task_budget": {"type": "tokens", "total": request.task_budget}}


def _tool(tool: ToolSpec) -> Json:
    return {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}


def _marks(request: ModelRequest) -> dict[int, set[int]]:
    """Message index to the blocks that carry a breakpoint: at most four in all with the system's, the latest win.

    A mark on a block that may not carry one moves to the nearest block before it in the same message.
    """
    room = MAX_BREAKPOINTS - (1 if request.mark_system else 0)
    places: set[tuple[int, int]] = set()
    for message_index, block_index in request.marks:
        if 0 <= message_index < len(request.messages):
            content = request.messages[message_index].content
            index = min(block_index, len(content) - 1)
            while index >= 0 and not _may_carry(content[index]):
                index -= 1
            if index >= 0:
                places.add((message_index, index))
    marks: dict[int, set[int]] = {}
    for message_index, index in sorted(places)[-room:]:
        marks.setdefault(message_index, set()).add(index)
    return marks


def _may_carry(block: Block) -> bool:
    match block:
        case Text():
            return bool(block.text.strip())
        case Thinking():
            return False
        case Opaque():
            return block.raw.get("type") not in ("thinking", "redacted_thinking") and "cache_control" not in block.raw
        case _:
            return True


def _marked(message: Message, blocks: set[int]) -> Json:
    content = [block_to_api(block) for block in message.content]
    for index in blocks:
        content[index] = {**content[index], "cache_control": _EPHEMERAL}
    return {"role": message.role, "content": content}
