"""Reads the keys of a head by the type they should have, and says with the line where they have another.

Must not know which file the head is of, nor what its keys are for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeVar

from coder.commands.definition import Mistake
from coder.commands.suggest import near
from coder.core.dataclass import dataclass
from coder.frontmatter.divided import divided
from coder.frontmatter.read import Head
from coder.permissions.names import names

T = TypeVar("T", bound=str)
_SWITCHES = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
# What tools and collections write for themselves: no use here, and no mistake either.
_REMARKS = names(
    "version author authors license tags category categories source sources homepage repository repo metadata "
    "compatibility type icon priority difficulty estimated_time shortcut displayname display_name created "
    "created_at updated date date_added keywords aliases examples example usage risk dependencies title status "
    "capabilities expertise owner maintainer language platform requires"
)


@dataclass(slots=True)
class Fields:
    head: Head
    file: Path
    mistakes: list[Mistake] = field(default_factory=list)

    def text(self, key: str) -> str:
        """One text. A number is what was typed, and so is a list on one line, which people mean as text."""
        value = self.head.meta.get(key)
        match value:
            case None:
                return ""
            case str():
                return value.strip()
            case bool() | int() | float():
                return self.head.written.get(key, str(value)).strip("\"'")
            case list() if self.head.written.get(key, "").endswith("]"):
                return self.head.written[key]
        self._wrong(key, "must be a text on one line, not a list or an object")
        return ""

    def switch(self, key: str, default: bool) -> bool:
        value = self.head.meta.get(key)
        if value is None:
            return default
        found = _SWITCHES.get(str(value).strip().lower()) if isinstance(value, str | bool | int) else None
        if found is None:
            self._wrong(key, f"must be true or false, not {_brief(value)}")
            return default
        return found

    def rules(self, key: str) -> tuple[str, ...]:
        """Rules divided by commas or blanks, as one text or a list; what stands in parentheses is never divided."""
        found: list[str] = []
        for text in self._texts(key):
            rules, closed = divided(text, ", \t\n")
            if not closed:
                self._wrong(key, f"has a parenthesis that is never closed: {_brief(text)}")
            found += rules
        return tuple(dict.fromkeys(found))

    def listed(self, key: str) -> tuple[str, ...]:
        """Texts divided by commas, as one text or a list; what stands in braces or parentheses is never divided."""
        found = [part for text in self._texts(key) for part in divided(text, ",\n")[0]]
        return tuple(dict.fromkeys(found))

    def whole(self, key: str, least: int = 1) -> int | None:
        value = self.head.meta.get(key)
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
            value = int(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
            return value
        self._wrong(key, f"must be a whole number from {least} on, not {_brief(value)}")
        return None

    def choice(self, key: str, choices: Iterable[T]) -> T | None:
        text = self.text(key)
        for choice in choices:
            if text.lower() == choice.lower():
                return choice
        if text:
            self._wrong(key, f"must be one of {', '.join(choices)}, not {_brief(text)}")
        return None

    def object(self, key: str) -> Mapping[str, Any]:
        value = self.head.meta.get(key)
        if value is None or isinstance(value, dict):
            return value or {}
        self._wrong(key, "must be an object: `key: value` lines below it, indented")
        return {}

    def unknown(self, known: frozenset[str], of: str, also: Mapping[str, str] | None = None) -> None:
        """Warns of every key that nothing reads; `also` are foreign names with the one that is meant."""
        strays = self._strays(known)
        for key in self.head.meta.keys() - known - strays:
            meant = (also or {}).get(key) or next(iter(near(key, known, 1) if len(key) > 2 else ()), "")
            if meant:
                self.note(key, f"{_key(key)} is no key of {of}: write {meant}")
            elif key.lower() not in _REMARKS and not key.startswith("x-"):
                self.note(key, f"{_key(key)} is no key of {of}: it is ignored")

    def _strays(self, known: frozenset[str]) -> set[str]:
        """Lines of a long text that were taken for keys, for they are not indented: one mistake, not one for each."""
        lines = self.head.lines
        wrong = [key for key in self.head.meta.keys() - known if not (key.lower() in _REMARKS or near(key, known, 1))]
        is_broken = {problem.line for problem in self.head.problems} & {lines.get(key) for key in wrong}
        own = [
            key for key in known & lines.keys() if lines[key] < min((lines.get(each, 0) for each in wrong), default=0)
        ]
        if not is_broken or len(wrong) < 2 or not own:
            return set()
        whose = max(own, key=lambda key: lines[key])
        strays = {lines.get(key) for key in wrong} | {problem.line for problem in self.head.problems}
        self.mistakes[:] = [mistake for mistake in self.mistakes if mistake.line not in strays]
        self.note(
            whose, f"only the first line of {whose} counts: write {whose}: | and indent all of its lines below it"
        )
        return set(wrong)

    def note(self, key: str, text: str, level: Literal["error", "warning"] = "warning") -> None:
        self.mistakes.append(Mistake(self.file, self.head.lines.get(key, 1), text, level))

    def _texts(self, key: str) -> list[str]:
        value = self.head.meta.get(key)
        match value:
            case None:
                return []
            case str() | int() | float():
                return [self.text(key)]
            case list():
                texts = [item for item in value if isinstance(item, str)]
                if len(texts) < len(value):
                    self._wrong(key, "must be a list of texts")
                return texts
        self._wrong(key, "must be a list, or a text with commas")
        return []

    def _wrong(self, key: str, text: str) -> None:
        self.note(key, f"{key} {text}", "error")


def _brief(value: object) -> str:
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


def _key(key: str) -> str:
    return key if len(key) <= 40 else f"{key[:39]}…"
