"""Changes of what the model sees of the past. The log keeps everything; these say what stands in its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from coder.core.messages import Message

Trigger: TypeAlias = Literal["auto", "manual"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """`text` stands where the content of a tool result stood (`tool_use_id`), or another block of a message: then
    `message` is its uuid and `block` the index in it."""

    text: str
    tool_use_id: str = ""
    message: str = ""
    block: int = 0


@dataclass(frozen=True, slots=True)
class Clearing:
    """Blocks whose content is left out from now on. `why` is for the log and the request's edit header."""

    replacements: tuple[Replacement, ...]
    why: str
    freed: int = 0  # tokens, estimated


@dataclass(frozen=True, slots=True)
class Compaction:
    """`messages` are the whole conversation from now on: the summary first, then what is kept verbatim."""

    messages: tuple[Message, ...]
    trigger: Trigger
    before: int  # tokens of the context before it


ContextEdit: TypeAlias = Clearing | Compaction
