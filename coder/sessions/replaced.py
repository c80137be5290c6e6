"""What was cleared from a conversation stays cleared when it is read again. Pure; must not know files or entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coder.core.edits import Replacement
from coder.core.messages import Block, Message, Text, ToolResult


def replaced(messages: Sequence[Message], replacements: Sequence[Replacement]) -> tuple[Message, ...]:
    """The messages with the texts that stand in place of some contents. Later replacements win; those of blocks that
    are not there are passed over. Never raises."""
    if not replacements:
        return tuple(messages)
    results = {each.tool_use_id: each.text for each in replacements if each.tool_use_id}
    blocks = {(each.message, each.block): each.text for each in replacements if not each.tool_use_id}
    return tuple(_message(message, results, blocks) for message in messages)


def _message(message: Message, results: dict[str, str], blocks: dict[tuple[str, int], str]) -> Message:
    def block(index: int, found: Block) -> Block:
        if (text := blocks.get((message.meta.uuid, index))) is not None:
            return replace(found, content=(Text(text),)) if isinstance(found, ToolResult) else Text(text)
        if isinstance(found, ToolResult) and (text := results.get(found.tool_use_id)) is not None:
            return replace(found, content=(Text(text),))
        return found

    content = tuple(block(index, found) for index, found in enumerate(message.content))
    return message if content == message.content else replace(message, content=content)
