"""One line of JSONL: an object to bytes and back, whatever is in it. Must not know what the objects mean."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from coder.core.messages import Json

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)
_DECODER = json.JSONDecoder()
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def encode_line(entry: Json) -> bytes:
    """One line of JSONL with its newline, valid UTF-8 and strict JSON whatever the values are.

    Raises RecursionError for an object nested beyond all reason.
    """
    try:
        text = _ENCODER.encode(entry)
    except (ValueError, TypeError):  # not a number, or a key that is no text
        text = _ENCODER.encode(_finite(entry))
    return (_one_line(scrubbed(text)) + "\n").encode("utf-8")


def _one_line(text: str) -> str:
    """Escapes what some readers take for the end of a line."""
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def decode_line(line: bytes) -> Json | None:
    """The object of one line; None when it is not one whole JSON object. Lone surrogates are replaced. Never raises."""
    try:
        found = _DECODER.decode(line.decode("utf-8"))
        if isinstance(found, dict) and _SURROGATE_ESCAPE.search(line):
            found = _DECODER.decode(scrubbed(_ENCODER.encode(_finite(found))))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def scrubbed(text: str) -> str:
    """Lone surrogates become U+FFFD; halves that belong together become their character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _finite(value: Any) -> Any:
    match value:
        case float() if not math.isfinite(value):
            return None
        case dict():
            return {str(key): _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case _:
            return value
