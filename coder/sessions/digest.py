"""What searches and lists need of a whole transcript: sayings, prompts, tokens. Must not know SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.messages import Json, Usage, usage_from_api
from coder.sessions.glimpse import prompt_of
from coder.sessions.lines import decode_line

_LONGEST = 100_000  # characters of one saying that are kept
_LONGEST_RESULT = 2_000  # tool results are many and long: their beginnings
_LONGEST_INPUT = 500


@dataclass(frozen=True, slots=True)
class Said:
    """One saying. `role` is user, assistant, tool (a call) or result."""

    uuid: str
    role: str
    text: str


@dataclass(slots=True)
class Digest:
    """`replies` holds model and usage of each API response by its id, `end` is how far was read, in bytes."""

    said: list[Said] = field(default_factory=list)
    prompts: int = 0
    replies: dict[str, tuple[str, Usage]] = field(default_factory=dict)
    end: int = 0


def digest(path: Path, start: int = 0) -> Digest:
    """What a transcript says from byte `start` on. A last line without its end is left for the next time.

    Raises OSError; never for what is in the file.
    """
    found = Digest(end=start)
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                break
            found.end += len(line)
            if b'"message"' in line and (raw := decode_line(line.strip(b" \t\r\n\0"))) is not None:
                _add(found, raw)
    return found


def _add(found: Digest, raw: Json) -> None:
    kind, message, name = raw.get("type"), raw.get("message"), raw.get("uuid")
    if kind not in ("user", "assistant") or not isinstance(message, dict) or raw.get("isSidechain") is True:
        return
    if kind == "assistant" and isinstance(message.get("id"), str) and "forkedFrom" not in raw:
        found.replies[message["id"]] = (str(message.get("model")), usage_from_api(message.get("usage")))
    if kind == "user" and prompt_of(raw) and not _is_copied(raw):
        found.prompts += 1
    for role, text in _sayings(str(kind), message.get("content")):
        if raw.get("isMeta") is not True and text.strip():
            found.said.append(Said(str(name or ""), role, text[:_LONGEST]))


def _is_copied(raw: Json) -> bool:
    """Whether the entry repeats a message behind a compaction."""
    own = raw.get("coder")
    return isinstance(own, dict) and own.get("message", raw.get("uuid")) != raw.get("uuid")


def _sayings(role: str, content: Any) -> Iterator[tuple[str, str]]:
    if isinstance(content, str):
        yield role, content
        return
    for block in content if isinstance(content, list) else ():
        match block:
            case {"type": "text", "text": str(text)}:
                yield role, text
            case {"type": "tool_use", "name": str(name), "input": dict(given)}:
                values = " ".join(str(value)[:_LONGEST_INPUT] for value in given.values())
                yield "tool", f"{name} {values}"
            case {"type": "tool_result", "content": inner}:
                text = inner if isinstance(inner, str) else " ".join(text for _, text in _sayings("", inner))
                yield "result", text[:_LONGEST_RESULT]
