"""One object of a settings file, read key by key: what has the wrong form is dropped with a warning that names its
place. Must not know which keys there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.config import splice
    from coder.core.messages import Json
else:
    splice = LazyModule("coder.config.splice")

LONGEST_IDLE = 3600


class Section:
    """`keys` lead to it; `strict`: what cannot be read raises ConfigError instead."""

    def __init__(
        self, raw: Json, text: str, origin: str, keys: tuple[str, ...] = (), warnings: list[str] | None = None
    ) -> None:
        self.raw = raw
        self._text = text
        self.origin = origin
        self._keys = keys
        self.warnings: list[str] = [] if warnings is None else warnings

    def section(self, key: str, *, strict: bool = False) -> Section:
        value = self.raw.get(key)
        if value is not None and not isinstance(value, dict):
            self._refuse(key, "an object", value, strict=strict)
        raw = value if isinstance(value, dict) else {}
        return Section(raw, self._text, self.origin, (*self._keys, key), self.warnings)

    def text(self, key: str, *, needed: bool = False) -> str | None:
        value = self.raw.get(key)
        if (value is None and not needed) or (isinstance(value, str) and value.strip()):
            return value
        self._refuse(key, "a text that is not empty", value)
        return None

    def any_text(self, section: str, key: str) -> str | None:
        """A text one object deeper, which may be empty."""
        below = self.section(section)
        value = below.raw.get(key)
        if value is None or isinstance(value, str):
            return value
        below._refuse(key, "a text", value)
        return None

    def share(self, key: str) -> float | None:
        value = self.raw.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
        self._refuse(key, "a number from 0 to 1", value)
        return None

    def switch(self, key: str) -> bool | None:
        value = self.raw.get(key)
        if value is None or isinstance(value, bool):
            return value
        self._refuse(key, "true or false", value)
        return None

    def seconds(self, key: str, lowest: float = 0) -> float | None:
        value = self.raw.get(key)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and 0 < value <= LONGEST_IDLE and value >= lowest:
            return float(value)
        span = f"from {lowest:g} to {LONGEST_IDLE}" if lowest else f"up to {LONGEST_IDLE}"
        self._refuse(key, f"a number of seconds {span}", value)
        return None

    def whole(self, key: str, lowest: int, highest: int) -> int | None:
        value = self.raw.get(key)
        if value is None or (type(value) is int and lowest <= value <= highest):
            return value
        self._refuse(key, f"a whole number from {lowest} to {highest}", value)
        return None

    def choice(self, key: str, choices: Mapping[str, Any]) -> Any:
        value = self.raw.get(key)
        if isinstance(value, str) and value in choices:
            return choices[value]
        if value is not None:
            self._refuse(key, "one of " + ", ".join(choices), value)
        return None

    def choices(self, key: str, choices: tuple[str, ...]) -> dict[str, str]:
        """An object in which each name has one of few values."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, dict):
            self._refuse(key, "an object", value)
        found: dict[str, str] = {}
        for name, item in (value if isinstance(value, dict) else {}).items():
            if isinstance(item, str) and item in choices:
                found[name] = item
            else:
                self._refuse(key, "one of " + ", ".join(choices), item, name)
        return found

    def texts(self, key: str, *, strict: bool = False) -> tuple[str, ...]:
        value = self.raw.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            self._refuse(key, "a list of texts", value, strict=strict)
            return ()
        for index, item in enumerate(value):
            if not isinstance(item, str):
                self._refuse(key, "a text", item, index, strict=strict)
        return tuple(item for item in value if isinstance(item, str))

    def objects(self, key: str) -> tuple[Mapping[str, Any], ...]:
        value = self.raw.get(key)
        if value is not None and not isinstance(value, list):
            self._refuse(key, "a list of objects", value)
        items = value if isinstance(value, list) else []
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                self._refuse(key, "an object", item, index)
        return tuple(item for item in items if isinstance(item, dict))

    def strings(self, key: str) -> dict[str, str]:
        """An object of texts; a whole number is taken as its digits."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, dict):
            self._refuse(key, "an object of texts", value)
        found: dict[str, str] = {}
        for name, item in (value if isinstance(value, dict) else {}).items():
            if not isinstance(item, str | int) or isinstance(item, bool) or "\0" in str(item):
                self._refuse(key, "a text", None if isinstance(item, str) else item, name)
            elif not name or "=" in name or "\0" in name:
                self._refuse(key, "a variable name without '='", None, name)
            else:
                found[name] = str(item)
        return found

    def _refuse(
        self, key: str, expected: str, value: object, below: str | int | None = None, *, strict: bool = False
    ) -> None:
        """`below` is the name or the place of what is wrong inside of the key."""
        keys: tuple[str | int, ...] = (*self._keys, key) if below is None else (*self._keys, key, below)
        where = self.origin
        if self._text:
            where += f", {splice.place(self._text, splice.offset(self._text, keys))}"
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in keys)[1:]
        message = f"{where}: {name} must be {expected}{'' if value is None else f', not {_shown(value)}'}."
        if strict:
            raise ConfigError(message)
        self.warnings.append(f"{message} It is not used.")


def _shown(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= 40 else value[:40] + "…")
        case int() | float():
            return str(value)[:40]
        case list():
            return "a list"
        case _:
            return "an object"
