"""On which line of a JSON text a value stands. Pure and linear. Must not know what the text is about."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

Step: TypeAlias = str | int
_KEY = -1  # in an object, before its key is known
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def line_of(text: str, path: tuple[Step, ...]) -> int | None:
    """The line of the value at `path` in a text that json.loads takes; where a key stands twice, of its last value.

    None when there is no such value.
    """
    if not path:
        return 1
    at: list[Step] = []
    key: str | None = None
    found: int | None = None
    line, seen = 1, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        line += text.count("\n", seen, match.start())
        seen = match.start()
        inside = bool(at)
        if token in "}]" and inside:
            at.pop()
        elif token == ",":
            _next(at)
        elif token == ":" and inside:
            at[-1] = key or ""
        elif token not in "}]":
            key = _string(token) if token[0] == '"' else None
            if tuple(at) == path:
                found = line
            if token in "{[":
                at.append(_KEY if token == "{" else 0)
    return found


def _next(at: list[Step]) -> None:
    if at:
        last = at[-1]
        at[-1] = last + 1 if isinstance(last, int) else _KEY


def _string(token: str) -> str:
    try:
        return str(json.loads(token, strict=False))
    except ValueError:
        return ""
