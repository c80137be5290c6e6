"""Changes of what the model sees of the past. The log keeps everything; these say what stands in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Block, Message, Text, ToolResult

Trigger: TypeAlias = Literal["auto", "manual"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """`text` stands where the content of a tool result stood (`tool_use_id`), or another block of a message: then
    `message` is its uuid and `block` the index in it. An empty text takes such a block away."""

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


def applied(messages: Sequence[Message], edit: ContextEdit) -> tuple[Message, ...]:
    """The conversation as the edit leaves it; a message it does not touch stays the same object.

    Pure, so that loading a log gives what the live session had. A place that is not there is passed over.
    """
    if isinstance(edit, Compaction):
        return edit.messages
    results = {each.tool_use_id: each.text for each in edit.replacements if each.tool_use_id}
    places = {(each.message, each.block): each.text for each in edit.replacements if not each.tool_use_id}
    named = {message for message, _ in places}
    changed = (_replaced(message, results, places, message.meta.uuid in named) for message in messages)
    return tuple(message for message in changed if message.content)


def _replaced(
    message: Message, results: Mapping[str, str], places: Mapping[tuple[str, int], str], is_named: bool
) -> Message:
    content: list[Block] = []
    is_touched = False
    for index, block in enumerate(message.content):
        text = places.get((message.meta.uuid, index)) if is_named else None
        if text is not None:
            is_touched = True
            content.extend((Text(text),) if text else ())
        elif isinstance(block, ToolResult) and block.tool_use_id in results:
            is_touched = True
            content.append(replace(block, content=(Text(results[block.tool_use_id]),)))
        else:
            content.append(block)
    if not is_touched:
        return message
    content.sort(key=lambda block: not isinstance(block, ToolResult))  # results head a message, and the order stays
    kept = sum(isinstance(block, ToolResult) for block in content)
    is_whole = kept == sum(isinstance(block, ToolResult) for block in message.content)
    meta = message.meta if is_whole else replace(message.meta, tool_data=())
    return Message(message.role, tuple(content), meta)
