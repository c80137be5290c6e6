"""Changes one value in the text of a JSON object and leaves every other character as it was: key order, indentation,
spelling of numbers. Pure; must not know files, or what the keys mean. The text is known to be a valid JSON object.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from coder.core.dataclass import dataclass

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\n\r]*")
_INDENT = re.compile(r"^([ \t]+)\S", re.MULTILINE)


class MisplacedError(Exception):
    """Something else stands where an object or a list is needed. `keys` lead there; it begins at `at` in the text."""

    def __init__(self, keys: Sequence[str], expected: str, at: int) -> None:
        super().__init__(f"{'.'.join(keys)} must be {expected}")
        self.at = at


@dataclass(frozen=True, slots=True)
class _Part:
    """A member of an object or an item of a list, from `start` to `end`. Its value begins at `at`."""

    key: str | None
    start: int
    at: int
    end: int


@dataclass(frozen=True, slots=True)
class _Container:
    start: int
    parts: tuple[_Part, ...]
    end: int  # where its closing bracket stands


def with_value(text: str, keys: Sequence[str], value: object) -> str:
    """Sets the value, with the objects that lead to it. Raises MisplacedError."""
    at, left = _reach(text, keys)
    if left:
        container = _container(text, at)
        for key in reversed(left[1:]):
            value = {key: value}
        return _inserted(text, container, value, left[0])
    _, end = _DECODER.raw_decode(text, at)
    return text[:at] + _dumped(text, value, _indentation(text, at)) + text[end:]


def without_value(text: str, keys: Sequence[str]) -> str:
    """Takes the value out. The text itself when it is not there. Raises MisplacedError."""
    at, left = _reach(text, keys[:-1])
    if left:
        return text
    container = _container(text, _checked(text, at, "{", keys[:-1], "an object"))
    return next((_cut(text, container, i) for i, part in enumerate(container.parts) if part.key == keys[-1]), text)


def has(text: str, keys: Sequence[str]) -> bool:
    """Whether there is a value. Raises MisplacedError."""
    return not _reach(text, keys)[1]


def with_item(text: str, keys: Sequence[str], item: object) -> str:
    """Appends to the list. The text itself when the item stands there already. Raises MisplacedError."""
    at, left = _reach(text, keys)
    if left:
        return with_value(text, keys, [item])
    container = _container(text, _checked(text, at, "[", keys, "a list"))
    return text if _positions(text, container, item) else _inserted(text, container, item)


def without_item(text: str, keys: Sequence[str], item: object) -> str:
    """Takes the item out of the list, each time it stands there. Raises MisplacedError."""
    at, left = _reach(text, keys)
    if left:
        return text
    container = _container(text, _checked(text, at, "[", keys, "a list"))
    for position in reversed(_positions(text, container, item)):
        text = _cut(text, container, position)
        container = _container(text, at)
    return text


def offset(text: str, keys: Sequence[str | int]) -> int:
    """Where the value begins, or the innermost one on the way that exists. A number is a place in a list."""
    at = _skip(text, 0)
    for key in keys:
        parts = _container(text, at).parts if text[at] in "{[" else ()
        found = [part.at for i, part in enumerate(parts) if key == (i if isinstance(key, int) else part.key)]
        if not found:
            break
        at = found[-1]
    return at


def place(text: str, at: int) -> str:
    """`line 3, column 14`."""
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"


def _reach(text: str, keys: Sequence[str]) -> tuple[int, Sequence[str]]:
    """Where the value begins and no keys; or the last object on the way and the keys that are missing below it."""
    at = _skip(text, 0)
    for depth, key in enumerate(keys):
        _checked(text, at, "{", keys[:depth], "an object")
        found = [part.at for part in _container(text, at).parts if part.key == key]
        if not found:
            return at, keys[depth:]
        at = found[-1]
    return at, ()


def _checked(text: str, at: int, bracket: str, keys: Sequence[str], expected: str) -> int:
    if text[at] != bracket:
        raise MisplacedError(keys, expected, at)
    return at


def _container(text: str, start: int) -> _Container:
    parts: list[_Part] = []
    at = _skip(text, start + 1)
    while text[at] not in "}]":
        key, begin = None, at
        if text[start] == "{":
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        parts.append(_Part(key, begin, at, end))
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)
    return _Container(start, tuple(parts), at)


def _positions(text: str, container: _Container, item: object) -> list[int]:
    """Compared as JSON, where 1 is not true."""
    wanted = json.dumps(item)
    return [i for i, part in enumerate(container.parts) if json.dumps(json.loads(text[part.at : part.end])) == wanted]


def _cut(text: str, container: _Container, position: int) -> str:
    parts = container.parts
    if len(parts) == 1:
        return text[: container.start + 1] + text[container.end :]
    if position + 1 < len(parts):
        return text[: parts[position].start] + text[parts[position + 1].start :]
    return text[: parts[position - 1].end] + text[parts[position].end :]


def _inserted(text: str, container: _Container, value: object, key: str | None = None) -> str:
    name = "" if key is None else f"{_plain(key)}: "
    if not container.parts:
        outer = _indentation(text, container.start)
        if _is_one_line(text):
            return text[: container.start + 1] + name + _plain(value) + text[container.end :]
        inner = outer + _unit(text)
        piece = f"{inner}{name}{_dumped(text, value, inner)}{outer}"
        return text[: container.start + 1] + piece + text[container.end :]
    last = container.parts[-1]
    if "\n" not in text[container.start : last.start]:
        return f"{text[: last.end]}, {name}{_plain(value)}{text[last.end :]}"
    indentation = _indentation(text, last.start)
    return f"{text[: last.end]},{indentation}{name}{_dumped(text, value, indentation)}{text[last.end :]}"


def _plain(value: object) -> str:
    dumped = json.dumps(value, ensure_ascii=False)
    try:
        dumped.encode()
    except UnicodeEncodeError:  # half of a surrogate pair can only be written as an escape
        return json.dumps(value)
    return dumped


def _dumped(text: str, value: object, indentation: str) -> str:
    """In the manner of the text; `indentation` is the line break and the blanks of the line it starts on."""
    if _is_one_line(text) or not isinstance(value, dict | list) or not value:
        return _plain(value)
    inner = indentation + _unit(text)
    if isinstance(value, dict):
        items = [f"{_plain(key)}: {_dumped(text, item, inner)}" for key, item in value.items()]
    else:
        items = [_dumped(text, item, inner) for item in value]
    left, right = "{}" if isinstance(value, dict) else "[]"
    return f"{left}{inner}{f',{inner}'.join(items)}{indentation}{right}"


def _indentation(text: str, at: int) -> str:
    """The line break of the text and the blanks at the start of the line in which `at` lies."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return ("\r\n" if "\r\n" in text else "\n") + line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    found = _INDENT.search(text)
    return found[1] if found else "  "


def _is_one_line(text: str) -> bool:
    stripped = text.strip()
    return "\n" not in stripped and stripped != "{}"


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at
