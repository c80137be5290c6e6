"""Reads requests into prefixes, and what earlier requests of a conversation held only once. Must not judge them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from coder.core.messages import Json
from coder.replay.pieces import Part, Prefix, blocks_of, canonical, inputs_of, make_part, make_prefix, unmarked

KEPT = 64


class PieceReader:
    """Remembers the latest request of every conversation, so that the next costs what is new in it."""

    def __init__(self) -> None:
        self._latest: OrderedDict[bytes, Prefix] = OrderedDict()

    def share(self, body: Json) -> int:
        """Replaces the leading messages that an earlier request held, too, by the earlier objects: a log of many
        requests stays small. Returns how many of them were not that request's last. Takes any JSON."""
        messages = body.get("messages")
        before = self._latest.get(_key(messages)) if isinstance(messages, list) else None
        if before is None or not isinstance(messages, list):
            return 0
        kept = 0
        for part, message in zip(before.messages, messages, strict=False):
            if part.raw != message or part.inputs != inputs_of(message):
                break
            kept += 1
        messages[:kept] = [part.raw for part in before.messages[:kept]]
        return min(kept, len(before.messages) - 1)

    def read(self, request: Json) -> Prefix:
        """The prefix of a valid request, best after `share`."""
        key = _key(request["messages"])
        before = self._latest.get(key)
        tools = _blocks(request.get("tools") or [], "tools", before.tools if before else ())
        system = _blocks(blocks_of(request.get("system") or []), "system", before.system if before else ())
        messages = _messages(request["messages"], before.messages if before else ())
        if tools:
            request["tools"] = [part.raw for part in tools]
        prefix = make_prefix(request, tools, system, messages, before)
        self._latest[key] = prefix
        self._latest.move_to_end(key)
        if len(self._latest) > KEPT:
            self._latest.popitem(last=False)
        return prefix


def _key(messages: list[Any]) -> bytes:
    """What names a conversation among those remembered: its first message, whatever its cache marks."""
    first = messages[0] if messages else None
    content = first.get("content") if isinstance(first, dict) else first
    if isinstance(content, list):
        content = [unmarked(block) if isinstance(block, dict) else block for block in content]
    return canonical(content)


def _blocks(raw: list[Json], role: str, before: tuple[Part, ...]) -> tuple[Part, ...]:
    made = []
    for index, item in enumerate(raw):
        earlier = before[index] if index < len(before) else None
        part = make_part(item, role, (item,), earlier)
        made.append(earlier if earlier is not None and earlier.raw == item and part.pieces == earlier.pieces else part)
    return tuple(made)


def _messages(raw: list[Json], before: tuple[Part, ...]) -> tuple[Part, ...]:
    made = []
    for index, message in enumerate(raw):
        earlier = before[index] if index < len(before) else None
        if earlier is not None and earlier.raw is message:
            made.append(earlier)
        else:
            made.append(make_part(message, message["role"], blocks_of(message["content"]), earlier))
    return tuple(made)
