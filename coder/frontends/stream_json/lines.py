"""Messages as lines that a reader can take: one JSON object each, no longer than readers allow; what is cut is said.
Must not know what a message means.
"""

from __future__ import annotations

from typing import Any

from coder.core.messages import Json
from coder.core.nesting import is_deeper
from coder.sessions.lines import encode_line

# A line over 1 MiB ends the reader of the Python SDK.
LIMIT = 1_000_000
_STEPS = (50_000, 8_000, 1_000, 200)  # characters of a text that are kept whole, ever fewer until the line fits
_SHOWN = 1_000
_MOST_ITEMS = 200
_DEEPEST = 60
_READ = 200  # levels: readers end at a thousand, at the latest
_MEDIA = ("image", "document")
_TOO_DEEP = "[nested too deeply, left out of this message]"


def encode(message: Json) -> bytes:
    """The line of a message, whole. Never raises."""
    try:
        line = encode_line(message)
    except RecursionError:
        return encode_line(_flat(message))
    return encode_line(_flat(message)) if is_deeper(message, line, _READ) else line


def fitted(message: Json, limit: int | None = LIMIT, where: str = "") -> bytes:
    """The line of a message, with notes in place of what is too long for one; `where` is the file that has it whole.
    Never raises."""
    line = encode(message)
    if limit is None or len(line) <= limit:
        return line
    is_result = message.get("type") == "result"
    return encode(_short_result(message, limit, where) if is_result else slimmed(message, limit, where))


def slimmed(message: Json, limit: int = LIMIT, where: str = "") -> Json:
    """The message with notes in place of pictures, documents and the ends of long texts, as many as it takes for a line
    of that length; of one with too many parts only what it is."""
    for longest in _STEPS:
        slim: Json = _slim(message, longest, where)
        if len(encode(slim)) <= limit:
            return slim
    return {key: _only(value) for key, value in list(message.items())[:_MOST_ITEMS]}


def _short_result(message: Json, limit: int, where: str) -> Json:
    """A result with as much of its text as there is room for. An answer in a form is whole, or left out."""
    text = message.get("result")
    notes = [_left_out(len(text), "characters", where)] if isinstance(text, str) else []
    made: Json = {**message, "result": ""} if isinstance(text, str) else dict(message)
    if "structured_output" in made and len(encode(made)) > limit:
        size = len(encode({"": made.pop("structured_output")}))
        notes.append(_left_out(size, "bytes of structured output", where))
    made = slimmed(made, limit, where)
    if isinstance(text, str):
        room = limit - len(encode({**made, "result": "… ".join(("", *notes))}))
        made["result"] = "… ".join((_beginning(text, room), *notes))
    return made


def _beginning(text: str, room: int) -> str:
    """As much of the text as takes `room` bytes in a line."""
    while (size := len(encode({"": text}))) > max(room, 0) and text:
        text = text[: min(len(text) - 1, len(text) * max(room, 0) // size)]
    return text


def _left_out(size: int, what: str, where: str) -> str:
    return f"[{size:,} {what}, left out of this message{f'; {where} has all of it' if where else ''}]"


def _slim(value: Any, longest: int, where: str, depth: int = 0) -> Any:
    """The value without pictures and documents, and with the beginnings of long texts."""
    match value:
        case str() if len(value) > longest:
            return f"{value[: min(_SHOWN, longest)]}… {_left_out(len(value), 'characters', where)}"
        case {"type": str(kind), "source": {"data": str(data), **rest}} if kind in _MEDIA and len(data) > longest:
            what = f"[{rest.get('media_type') or kind} of "
            return {"type": "text", "text": what + _left_out(len(data) * 3 // 4, "bytes", where)[1:]}
        case dict() | list() if depth == _READ:
            return _TOO_DEEP
        case dict():
            return {key: _slim(item, longest, where, depth + 1) for key, item in value.items()}
        case list() if len(value) > _MOST_ITEMS and longest == _STEPS[-1]:
            return [_slim(item, longest, where, depth + 1) for item in value[:_MOST_ITEMS]]
        case list():
            return [_slim(item, longest, where, depth + 1) for item in value]
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
            return _TOO_DEEP
        case dict():
            return {str(key): _flat(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_flat(item, depth + 1) for item in value]
        case _:
            return value
