"""A message as one model may see it: without the thinking that another model signed. Pure; knows only messages."""

from __future__ import annotations

import re
from dataclasses import replace

from coder.core.messages import Block, Message, Opaque, Thinking

_NAME = re.compile(r"(?:^|[/.:])(claude-[a-z0-9.-]+)")
_VERSION = re.compile(r"(-v\d+)?$")
_DATE = re.compile(r"[-@](\d{8}|latest)$")


def is_foreign(message: Message, model: str) -> bool:
    """Whether another model than `model` wrote the message. Names that we cannot compare count as the same: a proxy
    may answer under any name."""
    theirs, ours = family(message.meta.model), family(model)
    return bool(theirs and ours) and theirs != ours


def family(model: str) -> str:
    """A model's name without what a provider puts around it: region, date, version. "" for an unknown scheme."""
    found = _NAME.search(model.strip().lower())
    if found is None:
        return ""
    return _DATE.sub("", _VERSION.sub("", found[1])).replace(".", "-").removesuffix("-0")


def seen_by(message: Message, model: str) -> Message:
    """The message as `model` may be sent it; the same object when nothing has to go."""
    if message.role != "assistant" or not any(map(is_thinking, message.content)) or not is_foreign(message, model):
        return message
    return replace(message, content=tuple(block for block in message.content if not is_thinking(block)))


def is_thinking(block: Block) -> bool:
    if isinstance(block, Opaque):
        return block.raw.get("type") in ("thinking", "redacted_thinking")
    return isinstance(block, Thinking)
