"""Checked access to the JSON of a manifest: what is wrong is said with key, value, expectation and line.

Knows JSON objects and their keys; must not know which keys a manifest has, or what they mean.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, NoReturn

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.extensions.errors import ManifestError
from coder.extensions.located import Step, line_of

MOST_BYTES = 1024 * 1024
_MOST_ITEMS = 2000
_MOST_TEXT = 20_000
_MOST_WARNINGS = 50
_MOST_NUMBER = sys.float_info.max  # a longer whole number, an endless one and what is none are no limits
_SHOWN = 60
UNKNOWN = "is not known and does nothing"


@dataclass(slots=True)
class Source:
    """The text that is being read, and what was odd about it without being wrong."""

    text: str
    origin: str
    warnings: list[str] = field(default_factory=list)

    def refuse(self, path: tuple[Step, ...], problem: str) -> NoReturn:
        line = line_of(self.text, path)
        raise ManifestError(f"{self.origin}{f':{line}' if line and path else ''}: {problem}")

    def warn(self, warning: str) -> None:
        if len(self.warnings) < _MOST_WARNINGS:
            self.warnings.append(warning)


class Part:
    """One object of the JSON. Each key that is asked for counts as known; `finish` names the others."""

    def __init__(self, source: Source, path: tuple[Step, ...], value: Mapping[str, Any]) -> None:
        self.source = source
        self.path = path
        self._value = value
        self._known: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether there is a value; null is none."""
        self._known.add(key)
        return self._value.get(key) is not None

    def raw(self, key: str) -> Any:
        self._known.add(key)
        return self._value.get(key)

    def text(self, key: str, *, required: bool = False, default: str = "") -> str:
        value = self.raw(key)
        if value is None and not required:
            return default
        if not isinstance(value, str) or (required and not value.strip()):
            self.refuse(key, "a text that is not empty" if required else "a text")
        return self.checked(key, value)

    def checked(self, key: str, value: str, expected: str = "") -> str:
        """A text as it may be kept: bounded, and without what no program can be given."""
        if len(value) > _MOST_TEXT:
            self.refuse(key, f"at most {_MOST_TEXT:,} characters")
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            self.refuse(key, "a text without NUL and half characters")
        if expected and not value:
            self.refuse(key, expected)
        return value

    def flag(self, key: str) -> bool:
        value = self.raw(key)
        if value is None:
            return False
        if not isinstance(value, bool):
            self.refuse(key, "true or false")
        return value

    def number(self, key: str) -> float | None:
        value = self.raw(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST_NUMBER:
            self.refuse(key, "a number")
        return value

    def part(self, key: str) -> Part | None:
        value = self.raw(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(key, "an object")
        return Part(self.source, (*self.path, key), value)

    def parts(self, key: str) -> list[Part]:
        """The objects of a list."""
        items = self._list(key)
        for at, item in enumerate(items):
            if not isinstance(item, dict):
                self._wrong((*self.path, key, at), item, "an object")
        return [Part(self.source, (*self.path, key, at), item) for at, item in enumerate(items)]

    def texts(self, key: str) -> tuple[str, ...]:
        items = self._list(key)
        for at, item in enumerate(items):
            if not isinstance(item, str):
                self._wrong((*self.path, key, at), item, "a text")
        return tuple(self.checked(key, item) for item in items)

    def names(self) -> tuple[str, ...]:
        if len(self._value) > _MOST_ITEMS:
            self._wrong(self.path, len(self._value), f"at most {_MOST_ITEMS} keys")
        return tuple(self._value)

    def others(self) -> Iterator[str]:
        """The keys that nobody asked for."""
        return (key for key in self.names() if key not in self._known)

    def finish(self) -> None:
        for key in self.others():
            self.source.warn(f"{self.named(key)} {UNKNOWN}")

    def named(self, key: str = "") -> str:
        steps = (*self.path, key) if key else self.path
        return _named(steps)

    def warn(self, key: str, warning: str) -> None:
        self.source.warn(f"{self.named(key)} {warning}")

    def refuse(self, key: str, expected: str) -> NoReturn:
        self._wrong((*self.path, key), self._value.get(key), expected, missing=key not in self._value)

    def _list(self, key: str) -> Sequence[Any]:
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(key, "a list")
        if len(value) > _MOST_ITEMS:
            self.refuse(key, f"at most {_MOST_ITEMS} items")
        return value

    def _wrong(self, path: tuple[Step, ...], value: object, expected: str, *, missing: bool = False) -> NoReturn:
        if missing:
            self.source.refuse(path[:-1], f"{_named(path)} is missing; expected {expected}")
        self.source.refuse(path, f"{_named(path)} is {shown(value)}; expected {expected}")


def parse(data: bytes, origin: str) -> Part:
    """The whole manifest. Raises ManifestError for what is no bounded JSON object."""
    if len(data) > MOST_BYTES:
        raise ManifestError(f"{origin}: it is larger than {MOST_BYTES // 1024} KiB; a manifest is a short text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(f"{origin}: byte {error.start} is no UTF-8; save the file as UTF-8") from None
    source = Source(text, origin)
    try:
        value = json.loads(text, object_pairs_hook=lambda pairs: _object(pairs, source), parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ManifestError(f"{origin}:{error.lineno}: no JSON ({error.msg}, column {error.colno})") from None
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else visible_line(str(error))[:_SHOWN]
        raise ManifestError(f"{origin}: no JSON that can be read ({why})") from None
    if not isinstance(value, dict):
        raise ManifestError(f"{origin}: it is {shown(value)}; expected an object with name, version and server")
    return Part(source, (), value)


def shown(value: object) -> str:
    """A value in a message: short, on one line, every character visible."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = visible_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _object(pairs: list[tuple[str, Any]], source: Source) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            source.warn(f"{visible_line(key)[:_SHOWN]} stands twice in one object; the last one counts")
        found[key] = value
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _named(path: tuple[Step, ...]) -> str:
    name = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    text = visible_line(name)
    return text if len(text) <= 2 * _SHOWN else text[: 2 * _SHOWN] + "…"
