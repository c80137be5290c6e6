"""Messages as lines that a reader can take: one JSON object each, no longer than readers allow; what is cut is said.
Must not know what a message means.
"""

from __future__ import annotations

from typing import Any

from coder.core.messages import Json
from coder.sessions.lines import encode_line

# A line over 1 MiB ends the reader of the Python SDK.
LIMIT = 1_000_000
_STEPS = (50_000, 8_000, 1_000, 200)  # characters of a text that are kept whole, ever fewer until the line fits
_SHOWN = 1_000
_MOST_ITEMS = 200
_DEEPEST = 60
_MEDIA = ("image", "document")


def encode(message: Json) -> bytes:
    """The line of a message, whole. Never raises."""
    try:
        return encode_line(message)
    except RecursionError:  # what no reader would unnest
        return encode_line(_flat(message))


def fitted(message: Json, limit: int = LIMIT) -> bytes:
    """The line of a message, with notes in place of what is too long for one. Never raises."""
    line = encode(message)
    return line if len(line) <= limit else encode(slimmed(message, limit))


def slimmed(message: Json, limit: int = LIMIT) -> Json:
    """The message with notes in place of pictures, documents and the ends of long texts, as many as it takes for a line
    of that length; of one with too many parts only what it is."""
    for longest in _STEPS:
        slim: Json = _slim(message, longest)
        if len(encode(slim)) <= limit:
            return slim
    return {key: _only(value) for key, value in list(message.items())[:_MOST_ITEMS]}


def _slim(value: Any, longest: int) -> Any:
    """The value without pictures and documents, and with the beginnings of long texts."""
    match value:
        case str() if len(value) > longest:
            return f"{value[: min(_SHOWN, longest)]}… [{len(value):,} characters, left out of this message]"
        case {"type": str(kind), "source": {"data": str(data), **rest}} if kind in _MEDIA and len(data) > longest:
            what = rest.get("media_type") or kind
            return {"type": "text", "text": f"[{what} of {len(data) * 3 // 4:,} bytes, left out of this message]"}
        case dict():
            return {key: _slim(item, longest) for key, item in value.items()}
        case list() if len(value) > _MOST_ITEMS and longest == _STEPS[-1]:
            return [_slim(item, longest) for item in value[:_MOST_ITEMS]]
        case list():
            return [_slim(item, longest) for item in value]
        case _:
            return value


def _only(value: Any) -> Any:
    """What can be told of a value whose parts are too many."""
    match value:
        case {"role": role, **rest}:
            kept = {
                key: item for key, item in rest.items() if isinstance(item, str | None) and len(item or "") < _SHOWN
            }
            return {**kept, "role": role, "content": [{"type": "text", "text": "[too long, left out of this message]"}]}
        case dict():
            return {}
        case list():
            return []
        case str():
            return value[:_SHOWN]
        case _:
            return value


def _flat(value: Any, depth: int = 0) -> Any:
    match value:
        case dict() | list() if depth == _DEEPEST:
            return "[nested too deeply, left out of this message]"
        case dict():
            return {str(key): _flat(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_flat(item, depth + 1) for item in value]
        case _:
            return value
