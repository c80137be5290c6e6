"""Reads the values of a block by the type each should have, and says with the line where one has another.

Must not know what the keys are for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal

from coder.core.dataclass import dataclass
from coder.workflows.naming import near
from coder.workflows.workflow import Problem


@dataclass(slots=True)
class Notes:
    """What is wrong in a file, as it is found."""

    file: Path
    found: list[Problem] = field(default_factory=list)

    def note(self, line: int, text: str, level: Literal["error", "warning"] = "error") -> None:
        self.found.append(Problem(self.file, line, text, level))


@dataclass(frozen=True, slots=True)
class Keys:
    """An object of a block. `name` is what messages call it, "" for the block itself; `lines` are those of its keys."""

    values: Mapping[str, Any]
    notes: Notes
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)
    name: str = ""

    def wrong(self, key: str, text: str, level: Literal["error", "warning"] = "error") -> None:
        self.notes.note(self.lines.get(key, self.line), text, level)

    def called(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def unknown(self, known: Collection[str], meant: Mapping[str, str] | None = None) -> None:
        for key in self.values:
            if key in known:
                continue
            said = (meant or {}).get(key)
            close = near(key, known)
            hint = said or (f"did you mean {close}?" if close else f"there are {', '.join(known)}")
            self.wrong(key, f"{self.called(key)[:80]} is no key here: {hint}")

    def text(self, key: str) -> str:
        """A number is what it looks like; true and false are no text."""
        value = self.values.get(key)
        match value:
            case None:
                return ""
            case bool() | list() | dict():
                self.wrong(key, f"{self.called(key)} must be a text")
                return ""
        return str(value).strip()

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.wrong(key, f"{self.called(key)} must be a whole number from {least} to {most:,}")
            return default
        return value

    def number(self, key: str, default: float | None, most: float) -> float | None:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            self.wrong(key, f"{self.called(key)} must be a number above 0, up to {most:,g}")
            return default
        return float(value)

    def word(self, key: str, words: tuple[str, ...], default: str = "") -> str:
        value = self.text(key)
        if not value or value in words:
            return value or default
        close = near(value, words)
        hint = f"did you mean {close}?" if close else f"there is {' and '.join(words)}"
        self.wrong(key, f"{self.called(key)} cannot be {value[:40]!r}: {hint}")
        return default

    def inner(self, key: str, example: str) -> Keys | None:
        """The object behind a key; None, and told, for anything else. None alone when there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.wrong(key, f"{self.called(key)} must be an object, such as {example}")
            return None
        line = self.lines.get(key, self.line)
        return Keys(value, self.notes, line, {}, self.called(key))
