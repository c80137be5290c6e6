"""Strict reading of parsed files: keys are asked for by type, errors name the place. Must not know scripts."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from coder.core.errors import ConfigError
from coder.core.messages import Json

T = TypeVar("T")
NAMES: dict[type, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a mapping",
    list: "a list",
}


def fail(where: str, problem: str) -> NoReturn:
    """Raises ConfigError for a place in a file."""
    raise ConfigError(f"{where}: {problem}")


def expected(where: str, wanted: str, got: object) -> NoReturn:
    shown = repr(got)
    fail(where, f"expected {wanted}, got {shown if len(shown) <= 80 else shown[:77] + '...'}")


def typed(value: object, kind: type[T], where: str) -> T:
    """`value` as `kind`; a whole number passes as a number, true and false never do. Raises ConfigError."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)  # type: ignore[return-value]  # T is float here; mypy cannot narrow a type variable by value
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    expected(where, NAMES[kind], value)


class Fields:
    """A mapping that is read once, key by key. `done` complains about keys nobody asked for."""

    def __init__(self, raw: object, where: str) -> None:
        self.raw: Json = typed(raw, dict, where.rstrip(":"))
        self.where = where
        self._asked: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self.where}.{key}" if "[" in self.where or not self.where.endswith(":") else f"{self.where} {key}"

    def has(self, key: str) -> bool:
        self._asked.add(key)
        return key in self.raw

    def get(self, key: str, kind: type[T], default: T) -> T:
        return typed(self.raw[key], kind, self.at(key)) if self.has(key) else default

    def maybe(self, key: str, kind: type[T]) -> T | None:
        return typed(self.raw[key], kind, self.at(key)) if self.has(key) and self.raw[key] is not None else None

    def need(self, key: str, kind: type[T]) -> T:
        if not self.has(key):
            fail(self.at(key), f"missing; expected {NAMES[kind]}")
        return typed(self.raw[key], kind, self.at(key))

    def items(self, key: str) -> list[tuple[str, Any]]:
        """The items of a list, each with its place; an absent key is an empty list."""
        return [(f"{self.at(key)}[{index}]", item) for index, item in enumerate(self.get(key, list, []))]

    def done(self) -> None:
        unknown = [key for key in self.raw if key not in self._asked]
        if unknown:
            known = ", ".join(sorted(self._asked))
            fail(self.at(str(unknown[0])), f"unknown key; expected one of {known}")
