"""What was written to a transcript, for a host that keeps a copy: whole entries, in order, in lines that it can read.
Must not know what an entry means.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from coder.frontends.stream_json.lines import LIMIT, encode

_LONGEST = LIMIT - 4096  # bytes of the entries of a frame
_MOST_TEXT, _LEAST_TEXT = 400_000, 1000  # characters of one text, where its entry is too long for a frame


def frames(path: Path, entries: Sequence[Json]) -> Iterator[Json]:
    """The frames of entries that were added to the transcript at `path`. One entry that no frame can hold is told
    without its pictures, then without the ends of its longest texts, and says so where they were."""
    held: list[Json] = []
    size = 0
    for entry in entries:
        length = len(encode(entry))
        if length > _LONGEST:
            entry, length = _fitting(entry)
        if held and size + length > _LONGEST:
            yield _frame(path, held)
            held, size = [], 0
        held.append(entry)
        size += length
    if held:
        yield _frame(path, held)


def _frame(path: Path, entries: list[Json]) -> Json:
    return {"type": "transcript_mirror", "filePath": str(path), "entries": entries}


def _fitting(entry: Json) -> tuple[Json, int]:
    without = _walked(entry, 0)
    most = _MOST_TEXT
    while (length := len(encode(without))) > _LONGEST and most >= _LEAST_TEXT:
        without = _walked(without, most)
        most //= 4
    if length > _LONGEST:  # too many parts: the chain of the conversation stays whole
        without = {key: value for key, value in entry.items() if _is_small(value)}
        kind = entry.get("type")
        if kind in ("user", "assistant"):
            message = entry.get("message")
            role = message.get("role") if isinstance(message, dict) else kind
            note = f"[an entry of {len(encode(entry)):,} bytes, left out of this copy]"
            without["message"] = {"role": role or kind, "content": [{"type": "text", "text": note}]}
        length = len(encode(without))
    return without, length


def _is_small(value: object) -> bool:
    return value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < 4096)


def _walked(value: Any, most: int) -> Any:
    """The value without its pictures and documents; with `most`, of longer texts only so much."""
    match value:
        case {"type": "image" | "document" as kind, "source": {"data": str(data), **rest}} if len(data) > 1000:
            what = rest.get("media_type") or kind
            return {"type": "text", "text": f"[{what} of {len(data) * 3 // 4:,} bytes, left out of this copy]"}
        case str() if most and len(value) > most:
            return f"{value[:most]}… [{len(value):,} characters, left out of this copy]"
        case dict():
            return {key: _walked(item, most) for key, item in value.items()}
        case list():
            return [_walked(item, most) for item in value]
        case _:
            return value
