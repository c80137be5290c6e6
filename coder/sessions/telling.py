"""A conversation as people read it: who said what, in pieces. Must not know where or how it is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import (
    Block,
    Document,
    Image,
    Json,
    Message,
    Opaque,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    meant,
)
from coder.sessions.codec import messages_of
from coder.sessions.load import assembled, unstowed
from coder.sessions.reading import read

Voice: TypeAlias = Literal["you", "coder", "thinking", "tool", "result", "failed", "summary", "note"]
_KINDS: dict[str, Voice] = {"summary": "summary", "context": "note", "reminder": "note"}
_MAIN = ("command", "file_path", "path", "pattern", "url", "description", "prompt", "query")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece. `head` is a line about it (the tool and what it was called with), `when` a time as transcripts write
    it, `image` a picture in place of words."""

    voice: Voice
    text: str
    head: str = ""
    when: str = ""
    image: Image | None = None


def conversation(path: Path, *, everything: bool = False) -> tuple[Message, ...]:
    """The messages of a session as it goes on; with `everything` also what was compacted or left behind by a rewind, in
    the order in which it was said. Blocks while it reads. Raises SessionError."""
    reading = read(path)
    if not everything:
        return assembled(reading, path).messages
    found: dict[str, Message] = {}
    for message in messages_of(unstowed(reading.tree.entries, path)):
        found.setdefault(message.meta.uuid, message)
    return tuple(found.values())


def parts(messages: Iterable[Message]) -> Iterator[Part]:
    """The pieces of a conversation, in order."""
    for message in messages:
        for block in message.content:
            yield from _parts(block, message)


def _parts(block: Block, message: Message) -> Iterator[Part]:
    when = message.meta.timestamp
    match block:
        case Text(text=text):
            mine: Voice = "coder" if message.role == "assistant" else _KINDS.get(message.meta.kind, "you")
            yield Part(mine, text, when=when)
        case Thinking(thinking=text):
            yield Part("thinking", text, when=when)
        case ToolUse():
            call, given = meant(block), meant(block).input
            about = f"{call.name} {_main(given)}".strip()
            yield Part("tool", json.dumps(given, ensure_ascii=False, indent=2), about, when)
        case ToolResult(content=content, is_error=failed):
            voice: Voice = "failed" if failed else "result"
            text = "\n".join(part.text for part in content if isinstance(part, Text))
            yield Part(voice, text, when=when)
            for part in content:
                if not isinstance(part, Text):
                    yield _media(part, voice, when)
        case Image() | Document():
            yield _media(block, "coder" if message.role == "assistant" else "you", when)
        case Opaque(raw=raw):
            yield Part("note", f"[{raw.get('type', 'unknown block')}]", when=when)


def _media(block: Image | Document, voice: Voice, when: str) -> Part:
    size = len(block.data) * 3 // 4
    what = "picture" if isinstance(block, Image) else "document"
    return Part(
        voice, f"[{what}, {block.media_type}, {size} bytes]", "", when, block if isinstance(block, Image) else None
    )


def _main(given: Json) -> str:
    """What a call is mostly about, on one line."""
    for name in _MAIN:
        if isinstance(value := given.get(name), str) and value.strip():
            return value.strip().split("\n")[0]
    return ""
