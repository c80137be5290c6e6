"""What a conversation becomes when it is compacted: the facts about the place, one message that tells what came before,
and the last tool pairs as they were. Pure; must not know models, or when this is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from coder.agent.history import fresh_copy
from coder.agent.records import blocks, records_of
from coder.agent.room import Keep
from coder.agent.weight import BYTES_PER_TOKEN, block_tokens, message_tokens
from coder.core import prompts
from coder.core.messages import Block, Message, Meta, Text, ToolResult, ToolUse

MOST_LINES = 200
KEEP = Keep()
_LINE = 160


def question(focus: str) -> Message:
    """Asks the model for the summary. `focus` is data in it, and goes nowhere else."""
    shown = focus.strip().replace("</focus", "<\\/focus")
    asked = f"\n\n{prompts.load('compact_focus', focus=shown)}" if shown else ""
    return Message("user", (Text(prompts.load("compact", focus=asked)),), Meta(kind="reminder"))


def compacted(messages: Sequence[Message], summary: str, archive: Path | None, keep: Keep = KEEP) -> list[Message]:
    """The conversation to go on with. Without a summary there is a line for each step in its place."""
    start = tail_start(messages, keep)
    tail = [fresh_copy(message) for message in messages[start:]]
    if tail:
        tail[-1] = _within(tail[-1], keep.tokens)
    context = [fresh_copy(message) for message in messages[:start] if message.meta.kind == "context"]
    records = records_of(messages, start)
    if not records_of(messages, len(messages)).is_waiting:
        now = "All that the person asked for is answered: nothing of it is to be done again."
    elif any(message.meta.kind in ("prompt", "steer") for message in tail):
        now = "What the person says after it is what to do now."
    else:
        now = "The last message of the person is not answered yet: go on with it from where the work stands."
    where = f"The whole of it is in {archive}: search it with Grep, read parts with Read." if archive else ""
    told = (
        Text(prompts.load("summary", now=now, archive=where)),
        *blocks(records),
        Text(
            prompts.load("summary_by_model", summary=summary.strip())
            if summary.strip()
            else prompts.load("summary_by_lines", lines="\n".join(step_lines(messages[:start])) or "- (nothing)")
        ),
    )
    return [*context, Message("user", told, Meta(kind="summary")), *tail]


def tail_start(messages: Sequence[Message], keep: Keep) -> int:
    """Where the part begins that stays as it is: at a reply or at words of the person, never between a call and its
    results."""
    start, tokens, pairs = len(messages), 0, 0
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if message.meta.kind in ("context", "summary"):
            break
        tokens += message_tokens(message)
        has_results = any(isinstance(block, ToolResult) for block in message.content)
        pairs += has_results
        if pairs > keep.pairs or (tokens > keep.tokens and start < len(messages)):
            break
        if has_results:
            continue  # its calls come with it
        if tokens <= keep.tokens or messages[-1].role == "user":
            start = index
        if tokens > keep.tokens:
            break
    return start


def step_lines(messages: Sequence[Message]) -> list[str]:
    """A line for each step, the oldest left out when there are too many."""
    made = [line for message in messages if (line := _step(message))]
    if len(made) > MOST_LINES:
        made = [f"- ({len(made) - MOST_LINES} earlier steps)", *made[-MOST_LINES:]]
    return made


def _step(message: Message) -> str:
    if message.meta.kind in ("prompt", "steer"):
        return f"- person: {_short(message.text)}"
    if message.meta.kind == "summary":
        return f"- (before that) {_short(message.text[-2_000:])}"
    if message.role != "assistant":
        return ""
    calls = ", ".join(call_line(call) for call in message.tool_uses)
    return "- " + "; ".join(part for part in (_short(message.text), calls) if part)


def call_line(call: ToolUse) -> str:
    """A call in a few words: its name and the field that says what it is about."""
    names = ("file_path", "notebook_path", "command", "pattern", "url", "query", "path", "description")
    about = next((value for name in names if isinstance(value := call.input.get(name), str)), "")
    return f"{call.name} {_short(about)}".strip()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _within(message: Message, tokens: int) -> Message:
    """The message with its texts cut, so that it weighs about `tokens` at most."""
    if message_tokens(message) <= tokens or message.role != "user":
        return message
    each = max(300, int(tokens * BYTES_PER_TOKEN / max(1, len(message.content))))
    return replace(message, content=tuple(_cut(block, each) for block in message.content))


def _cut(block: Block, most: int) -> Block:
    match block:
        case Text(text=text) if len(text) > most:
            head, tail = text[: most // 4], text[-(most - most // 4) :]
            return Text(f"{head}\n[{len(text) - most:,} characters left out]\n{tail}")
        case ToolResult(content=content):
            share = most // max(1, len(content))
            parts = tuple(_cut(part, share) for part in content)
            small = tuple(p if block_tokens(p) * BYTES_PER_TOKEN <= 2 * most else Text("[left out]") for p in parts)
            return replace(block, content=small)  # type: ignore[arg-type]  # a cut part is still one
        case _:
            return block
