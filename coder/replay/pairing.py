"""The rule that every tool call is answered in the next message. Pure; expects messages of valid shape."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coder.core.messages import Json


def check_pairing(messages: Sequence[Json]) -> Iterator[str]:
    """Calls without results, results without calls, results that do not come first, and repeated ids."""
    seen: set[str] = set()
    previous: list[str] = []
    for index, message in enumerate(messages):
        if message["role"] == "system":
            continue
        blocks = message["content"] if isinstance(message["content"], list) else []
        if message["role"] == "user":
            yield from _answers(blocks, previous, index)
            previous = []
            continue
        previous = []
        for number, block in enumerate(blocks):
            if block["type"] != "tool_use":
                continue
            if block["id"] in seen:
                yield f"messages.{index}.content.{number}: `tool_use` ids must be unique"
            seen.add(block["id"])
            previous.append(block["id"])
    # Calls in a last assistant message have no next message to answer them.
    if previous:
        yield _unanswered(len(messages) - 1, previous)


def _answers(blocks: Sequence[Json], calls: Sequence[str], index: int) -> Iterator[str]:
    leading: set[str] = set()
    is_leading = True
    for number, block in enumerate(blocks):
        if block["type"] != "tool_result":
            is_leading = False
            continue
        call = block["tool_use_id"]
        if call not in calls:
            yield (
                f"messages.{index}.content.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {call}. "
                "Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            )
        elif call in leading:
            yield (
                f"messages.{index}.content.{number}: each tool_use must have a single result. "
                f"Found multiple `tool_result` blocks with id: {call}"
            )
        elif is_leading:
            leading.add(call)
    missing = [call for call in calls if call not in leading]
    if missing:
        yield _unanswered(index - 1, missing)


def _unanswered(index: int, calls: Sequence[str]) -> str:
    return (
        f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: "
        f"{', '.join(calls)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    )
