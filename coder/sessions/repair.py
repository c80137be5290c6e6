"""Makes a loaded conversation sendable again after a crash or damage. Pure; must not know files."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from coder.agent.history import clean
from coder.agent.projection import is_thinking
from coder.core.messages import Block, Json, Message, Meta, Opaque, Text, Thinking, ToolResult, ToolUse

INTERRUPTED = (
    "The session ended before this call did: it ran in part, or whole, or not at all. Check before repeating it."
)
NOT_RUN = "This call was not run: the session ended before it was started."
LOST_START = "(The beginning of this conversation could not be read.)"

_Answers = dict[str, tuple[ToolResult, Json | None]]
Known = Callable[[ToolUse], "tuple[ToolResult, Json | None] | None"]
_NONE: Mapping[str, str] = {}
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def unknown_outcome(started: str) -> str:
    """The answer to a call that was started at that time (as transcripts write it) and has no result."""
    clock = f"{started[11:16]} UTC on {started[:10]}" if _STAMP.match(started) else "an unknown time"
    return (
        f"Unknown outcome: this call was started at {clock}, and the session ended before it did. It may have run in "
        "part or whole: check before repeating it."
    )


def cut_short(messages: Sequence[Message]) -> frozenset[str]:
    """The calls of each reply that was not answered whole."""
    answers = _answers(messages)
    groups = [[call.id for call in message.tool_uses] for message in messages]
    return frozenset(name for group in groups if not all(each in answers for each in group) for name in group)


def repair(
    messages: Sequence[Message], calls: Mapping[str, str] = _NONE, known: Known | None = None
) -> tuple[Message, ...]:
    """The same conversation with the history invariant restored: it starts with a user message, every tool call is
    answered exactly once, in order, at the head of the next message, and nothing empty or unsigned is left.

    `known` gives the result of a call that has none, where there is more to be said of it than that.
    `calls` says when calls were started, "" for one that was not; of those it does not name nothing is known.
    What was whole stays, and a valid conversation comes back unchanged. Never raises.
    """
    answers = _answers(messages)
    _answer_the_rest(messages, calls, answers, known)
    called: set[str] = set()
    repaired: list[Message] = []
    for message in messages:
        sound = _sound(message, called)
        if repaired and repaired[-1].tool_uses:
            if any(isinstance(block, ToolResult) for block in sound.content):
                repaired.append(_answering(sound, repaired[-1], answers))
                continue
            repaired.append(_results(repaired[-1], answers))
        rest = _without_results(sound)
        if rest.content:
            repaired.append(rest)
    if repaired and repaired[-1].tool_uses:
        repaired.append(_results(repaired[-1], answers))
    if repaired and repaired[0].role == "assistant":
        meta = Meta(_derived(repaired[0], "start"), "reminder", repaired[0].meta.timestamp)
        repaired.insert(0, Message("user", (Text(LOST_START),), meta))
    return tuple(repaired)


def _answers(messages: Sequence[Message]) -> _Answers:
    """The first result of every call, wherever it lies, with its structured data."""
    found: _Answers = {}
    for message in messages:
        if message.role == "user":
            results = [block for block in message.content if isinstance(block, ToolResult)]
            data = message.meta.tool_data
            for index, result in enumerate(results):
                found.setdefault(result.tool_use_id, (result, data[index] if index < len(data) else None))
    return found


def _answer_the_rest(
    messages: Sequence[Message], calls: Mapping[str, str], answers: _Answers, known: Known | None
) -> None:
    """Adds what is known of the calls that have no result."""
    for call in (call for message in messages for call in message.tool_uses):
        if call.id not in answers and known is not None and (more := known(call)) is not None:
            answers[call.id] = more
        elif call.id not in answers and (started := calls.get(call.id)) is not None:
            text = unknown_outcome(started) if started else NOT_RUN
            answers[call.id] = (ToolResult(call.id, (Text(text),), is_error=True), None)


def _sound(message: Message, called: set[str]) -> Message:
    """Without the blocks that no request may carry in this place. Adds the calls of the message to `called`."""
    content: list[Block] = []
    for block in message.content:
        if _fits(block, message.role):
            if isinstance(block, ToolUse):
                if not block.id or not block.name or block.id in called:
                    continue
                called.add(block.id)
            content.append(block)
    kept = clean(_with(message, content))
    if message.role == "assistant":
        content = list(kept.content)
        while content and is_thinking(content[-1]):
            content.pop()  # the blocks behind it were lost, and a reply may not end on thinking
        kept = _with(kept, content)
    return kept


def _fits(block: Block, role: str) -> bool:
    match block:
        case Opaque(raw=raw):
            return isinstance(raw.get("type"), str) and raw["type"] not in (
                "text",
                "thinking",
                "tool_use",
                "tool_result",
            )
        case ToolUse() | Thinking():
            return role == "assistant"
        case ToolResult():
            return role == "user"
        case _:
            return True


def _answering(message: Message, reply: Message, answers: _Answers) -> Message:
    """`message` with exactly the results `reply` waits for at its head."""
    results = _results(reply, answers)
    answered = _with(message, (*results.content, *_without_results(message).content))
    if answered is message:
        return message
    return replace(answered, meta=replace(message.meta, tool_data=results.meta.tool_data))


def _results(reply: Message, answers: _Answers) -> Message:
    """Results for every call of `reply`: those that are known, and "interrupted" for the others."""
    missing = {call.id: ToolResult(call.id, (Text(INTERRUPTED),), is_error=True) for call in reply.tool_uses}
    found = [answers.get(call.id, (missing[call.id], None)) for call in reply.tool_uses]
    data = tuple(data for _, data in found)
    meta = Meta(
        uuid=_derived(reply, "results"),
        kind="results",
        timestamp=reply.meta.timestamp,
        tool_data=data if any(item is not None for item in data) else (),
    )
    return clean(Message("user", tuple(result for result, _ in found), meta))


def _without_results(message: Message) -> Message:
    kept = _with(message, [block for block in message.content if not isinstance(block, ToolResult)])
    return kept if kept is message else replace(kept, meta=replace(kept.meta, tool_data=()))


def _with(message: Message, content: Sequence[Block]) -> Message:
    return message if tuple(content) == message.content else replace(message, content=tuple(content))


def _derived(message: Message, part: str) -> str:
    """The same uuid for the same repair, so that loading twice sends the same conversation."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{message.meta.uuid}/{part}"))
