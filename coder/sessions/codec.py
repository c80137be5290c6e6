"""Transcript entries back to the messages they are made of. Must not know files, trees or repair.

An entry stores its block in Messages API shape, unchanged. What only we need sits under one key, `coder`: the uuid of
the message an entry is a part of, and the message's kind where it cannot be told from the entry.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import get_args

from coder.core.dataclass import dataclass
from coder.core.messages import (
    Block,
    Json,
    Kind,
    Message,
    Meta,
    Text,
    ToolResult,
    ToolUse,
    block_from_api,
    usage_from_api,
)

_KINDS: frozenset[str] = frozenset(get_args(Kind))


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a transcript. `payload` is the whole object for user and assistant entries, empty for others.

    `boundary`: what came before was compacted; `logical` is then the entry it was written after. `stowed`: some of its
    data lies in files of its own.
    """

    type: str
    uuid: str
    parent: str | None
    payload: Json
    logical: str | None = None
    boundary: bool = False
    stowed: bool = False


def messages_of(entries: Iterable[Entry]) -> tuple[Message, ...]:
    """The messages of a branch in order, put together again from their parts. Never raises."""
    return tuple(message for message, _ in placed_messages(entries))


def placed_messages(entries: Iterable[Entry]) -> list[tuple[Message, int]]:
    """The messages of a branch in order, each with the place of its last entry on it. Never raises.

    Entries that other programs wrote are joined by the id of the API response, neighbouring tool results by place.
    """
    groups: list[list[Entry]] = []
    ends: dict[int, int] = {}
    joinable: dict[str, list[Entry]] = {}
    for place, entry in enumerate(entries):
        if entry.boundary:
            joinable.clear()  # what follows may be stored for the second time
        if not entry.payload:
            continue
        key = _group_key(entry)
        group = joinable.get(key)
        if group is None:
            group = []
            groups.append(group)
            if not key:
                joinable.clear()
            else:
                if key.startswith("reply:"):
                    joinable.pop("results", None)
                joinable[key] = group
        group.append(entry)
        ends[id(group)] = place
    return [(message, ends[id(group)]) for group in groups if (message := _joined(group)) is not None]


def message_uuid(entry: Entry) -> str:
    """The message an entry is a part of."""
    return _text(_extra(entry).get("message")) or entry.uuid


def asked_model(entry: Entry) -> str:
    """The model whose reply the entry is a part of, by the name it was asked for; empty when that is not known."""
    if entry.type != "assistant":
        return ""
    answered = _text(_api_message(entry).get("model"))
    known = bool(_extra(entry)) or answered.startswith("claude-")  # other programs note replies they made up
    return _text(_extra(entry).get("model")) or (answered if known else "")


def announced_calls(entry: Entry) -> tuple[str, ...]:
    """The tool calls of an entry that would be announced by a line when they are started."""
    if _extra(entry).get("starts") is not True:
        return ()
    return tuple(block.id for block in _blocks(entry) if isinstance(block, ToolUse))


def is_prompt(entry: Entry) -> bool:
    """Whether the entry begins a turn: the person wrote it, and not in the middle of one."""
    return entry.type == "user" and _kind(entry) == "prompt"


def prompt_text(entry: Entry) -> str:
    """The words of a user entry."""
    return "\n".join(block.text for block in _blocks(entry) if isinstance(block, Text))


def _group_key(entry: Entry) -> str:
    """What entries of one message share; empty for an entry that stands alone."""
    if name := _text(_extra(entry).get("message")):
        return f"message:{name}"
    if entry.type == "assistant":
        api_id = _text(_api_message(entry).get("id"))
        return f"reply:{api_id}" if api_id else f"message:{entry.uuid}"
    content = _api_message(entry).get("content")
    is_results = isinstance(content, list) and any(
        isinstance(b, dict) and b.get("type") == "tool_result" for b in content
    )
    return "results" if is_results else ""


def _joined(parts: Sequence[Entry]) -> Message | None:
    parts = sorted(parts, key=_part)
    content: list[Block] = []
    tool_data: list[Json | None] = []
    for part in parts:
        blocks = _blocks(part)
        data = part.payload.get("toolUseResult")
        for block in blocks:
            if isinstance(block, ToolResult):
                tool_data.append(data if isinstance(data, dict) else None)
                data = None
        content.extend(blocks)
    if not content:
        return None
    last = parts[-1]
    own = _text(_extra(last).get("message")) or last.uuid
    api = {**_api_message(last), **_object(_extra(last).get("copied"))}
    api_id = _text(api.get("id"))
    return Message(
        "assistant" if last.type == "assistant" else "user",
        tuple(content),
        Meta(
            uuid=own,
            kind=_kind(parts[0]),
            timestamp=_text(last.payload.get("timestamp")),
            api_id="" if api_id == made_up_id(own) else api_id,
            model=_text(api.get("model")),
            stop_reason=_text(api.get("stop_reason")),
            usage=usage_from_api(api.get("usage")),
            tool_data=tuple(tool_data) if any(data is not None for data in tool_data) else (),
            head=next(filter(None, (_text(_extra(part).get("head")) for part in parts)), ""),
        ),
    )


def _part(entry: Entry) -> int:
    """Where the entry belongs in its message; what says nothing keeps its place, behind those that do."""
    part = _extra(entry).get("part")
    return part if isinstance(part, int) else sys.maxsize


def _blocks(entry: Entry) -> list[Block]:
    content = _api_message(entry).get("content")
    if isinstance(content, str):
        return [Text(content)] if content else []
    if not isinstance(content, list):
        return []
    blocks = [block_from_api(raw) for raw in content if isinstance(raw, dict)]
    error = _text(_extra(entry).get("error"))
    return [ToolUse(b.id, b.name, b.input, error) if error and isinstance(b, ToolUse) else b for b in blocks]


def _kind(entry: Entry) -> Kind:
    named = _extra(entry).get("kind")
    return named if isinstance(named, str) and named in _KINDS else inferred_kind(entry.payload)  # type: ignore[return-value]  # one of _KINDS


def inferred_kind(body: Json) -> Kind:
    if body.get("type") == "assistant":
        return "reply"
    if body.get("isCompactSummary") is True:
        return "summary"
    if body.get("isMeta") is True:
        return "context"
    message = body.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list) and any(isinstance(b, dict) and b.get("type") == "tool_result" for b in content):
        return "results"
    return "prompt"


def _api_message(entry: Entry) -> Json:
    return _object(entry.payload.get("message"))


def _extra(entry: Entry) -> Json:
    return _object(entry.payload.get("coder"))


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def made_up_id(own: str) -> str:
    """Readers count the usage of one API response once, by this id, so a reply without one is given one."""
    return f"msg_{own.replace('-', '')}"
