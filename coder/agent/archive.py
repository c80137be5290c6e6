"""A conversation as plain Markdown, for the model to search once it no longer sees it. Must not know why."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from coder.agent.media import description
from coder.core.messages import Block, Document, Image, Message, Opaque, Text, Thinking, ToolResult, ToolUse
from coder.core.private import made_private

WIDTH = 500  # characters of a line: what Grep and Read show whole
_TRIES = 10_000


def save(folder: Path, messages: Sequence[Message]) -> Path | None:
    """Writes `conversation-N.md`, N being free, for its owner alone. None when it cannot be written. Blocks."""
    try:
        made_private(folder)
        for number in range(1, _TRIES):
            path = folder / f"conversation-{number}.md"
            try:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(fd, "w", encoding="utf-8", errors="replace", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines(messages))
            return path
    except OSError:
        return None
    return None


def lines(messages: Iterable[Message]) -> Iterator[str]:
    """The conversation, no line longer than `WIDTH`; a longer one goes on in the next, which `↳` begins."""
    for message in messages:
        yield f"## {_title(message)}"
        for block in message.content:
            for line in _text(block).split("\n"):
                yield from _folded(line)
            yield ""


def _folded(line: str) -> Iterator[str]:
    yield line[:WIDTH]
    for start in range(WIDTH, len(line), WIDTH - 2):
        yield f"↳ {line[start : start + WIDTH - 2]}"


def _title(message: Message) -> str:
    who = {
        "prompt": "The person",
        "steer": "The person, during the run",
        "shell": "A command of the person",
        "results": "Results",
        "reply": "The model",
    }
    name = who.get(message.meta.kind) or message.meta.kind or message.role
    return f"{name} {message.meta.timestamp}".strip()


def _text(block: Block) -> str:
    match block:
        case Text(text=text):
            return text
        case Thinking(thinking=text):
            return f"(thinking) {text}"
        case Image() | Document():
            return f"[{description(block)}]"
        case ToolUse(name=name, input=raw, id=own):
            return f"### {name} ({own})\n{_input(raw)}"
        case ToolResult(tool_use_id=own, content=content, is_error=failed):
            return "\n".join([f"### {'Error' if failed else 'Result'} ({own})", *map(_text, content)])
        case Opaque(raw=raw):
            return f"[a block of type {raw.get('type')}]"


def _input(raw: dict[str, object]) -> str:
    """Each field by itself, its text as it is, so that code in it can be searched."""
    parts = []
    for name, value in raw.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        parts.append(f"{name}: {text}" if "\n" not in text else f"{name}:\n{textwrap.indent(text, '    ')}")
    return "\n".join(parts)
