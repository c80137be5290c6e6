"""Keywords of JSON schemas that come to an end: a schema may refer to itself so often that no computer gets through.

Must not know what a schema is for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

STEPS = 100_000
"""Keywords that are looked at for one value."""

Keyword: TypeAlias = Callable[[Any, Any, Any, Any], "Iterator[Any] | None"]


class TooMuch(Exception):
    """It takes more steps than are taken."""


class TooLong(Exception):
    """Patterns might take more steps than there is room for."""


class Room:
    """How many steps patterns may take for one value. Begun anew for each."""

    def __init__(self) -> None:
        self._left: int | None = None

    def begin(self, steps: int | None) -> None:
        self._left = steps

    def take(self, steps: int | None) -> None:
        """`steps` None: nobody knows how many. Raises TooLong."""
        if self._left is None:
            return
        if steps is None or steps > self._left:
            raise TooLong
        self._left -= steps


class Steps:
    """How many are left. Begun anew for each value."""

    def __init__(self, most: int) -> None:
        self.left = self._most = most

    def begin(self) -> None:
        self.left = self._most

    def counted(self, keywords: Mapping[str, Keyword]) -> dict[str, Keyword]:
        """The same keywords, each of which raises TooMuch when no step is left."""
        return {name: self._counted(keyword) for name, keyword in keywords.items()}

    def _counted(self, keyword: Keyword) -> Keyword:
        def step(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
            self.left -= 1
            if self.left < 0:
                raise TooMuch
            yield from keyword(validator, wanted, value, schema) or ()

        return step


def are_unique(values: list[Any]) -> bool:
    """In time in proportion to what there is, where comparing each with each would not end."""
    return len({_spelled(each) for each in values}) == len(values)


def _spelled(value: Any) -> str:
    """Equal for values that JSON Schema takes for equal: 1 and 1.0 are, 1 and true are not."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
