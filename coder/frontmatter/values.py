"""Plain values from YAML text: texts, numbers, booleans, lists, objects. Bounded in depth, size and repetition.

Must not know files, or which keys mean what.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    import yaml
else:  # most heads are simple lines that need no parser
    yaml = LazyModule("yaml")

DEPTH = 20
WEIGHT = 10_000  # values in one head, long texts as several, what aliases repeat included
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})(?:[eE][-+]?[0-9]{1,2})?\Z")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Unreadable(Exception):
    """The text is no YAML that is read here. `line` is 0-based within the text; `str()` says why."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Read:
    """The object of the text. `lines` of its top keys, 0-based; `repeated` keys with the line of the later one."""

    value: dict[str, Any]
    lines: dict[str, int]
    repeated: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Open:
    """A list or object whose end has not come yet. `key` waits for its value."""

    value: list[Any] | dict[str, Any]
    anchor: str | None
    start: int  # the weight before it
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    weight: int = 0
    lines: dict[str, int] = field(default_factory=dict)
    repeated: list[tuple[str, int]] = field(default_factory=list)
    done: bool = False
    root: Any = None

    def take(self, event: Any) -> None:
        line = event.start_mark.line
        match event:
            case yaml.ScalarEvent():
                value = event.value if _is_text(event) else plain(event.value)
                self._put(value, line, event.anchor, 1 + len(event.value) // 100)
            case yaml.SequenceStartEvent():
                self._open([], event.anchor, line)
            case yaml.MappingStartEvent():
                self._open({}, event.anchor, line)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                closed = self.stack.pop()
                weight = self.weight - closed.start
                self.weight = closed.start
                self._put(closed.value, line, closed.anchor, weight)
            case yaml.AliasEvent():
                if event.anchor not in self.anchors:
                    raise Unreadable(
                        f"*{event.anchor} stands for nothing: put a text that begins with * in quotes", line
                    )
                value, weight = self.anchors[event.anchor]
                self._put(value, line, None, weight)
            case yaml.DocumentStartEvent() if self.done:
                raise Unreadable("it holds more than one document", line)

    def _open(self, value: list[Any] | dict[str, Any], anchor: str | None, line: int) -> None:
        if len(self.stack) >= DEPTH:
            raise Unreadable(f"it is nested more than {DEPTH} deep", line)
        if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
            raise Unreadable("a list or object cannot be a key", line)
        self.stack.append(_Open(value, anchor, self.weight))

    def _put(self, value: Any, line: int, anchor: str | None, weight: int) -> None:
        self.weight += weight
        if self.weight > WEIGHT:
            raise Unreadable(f"it holds more than {WEIGHT:,} values", line)
        if anchor:
            self.anchors[anchor] = (value, weight)
        if not self.stack:
            self.root, self.done = value, True
            return
        holder = self.stack[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is None:
            self._name(holder, value, line)
        else:
            holder.value[holder.key] = value
            holder.key = None

    def _name(self, holder: _Open, value: Any, line: int) -> None:
        if isinstance(value, list | dict):
            raise Unreadable("a list or object cannot be a key", line)
        assert isinstance(holder.value, dict)
        holder.key = value if isinstance(value, str) else _spelled(value)
        if holder.key in holder.value:
            self.repeated.append((holder.key, line))
        if len(self.stack) == 1:
            self.lines[holder.key] = line


def read(text: str) -> Read:
    """The object that `text` holds; an empty text is an empty object. Raises Unreadable for everything else."""
    builder = _Builder()
    loader = getattr(yaml, "CSafeLoader", None) or yaml.SafeLoader
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        raise Unreadable(_why(error, text.split("\n")[line:]), line) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable("it holds characters that are no text") from error
    if builder.root is None:
        return Read({}, {})
    if not isinstance(builder.root, dict):
        raise Unreadable("it holds no `key: value` lines")
    return Read(builder.root, builder.lines, tuple(builder.repeated))


def plain(text: str) -> str | int | float | bool | None:
    """What an unquoted text stands for. `yes`, `on` and dates stay text: who reads a switch knows them."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    return float(text) if _NUMBER.match(text) else text


def _is_text(event: Any) -> bool:
    return bool(event.style in {"'", '"', "|", ">"} or not event.implicit[0])


def _spelled(value: object) -> str:
    """A key that is no text, as YAML writes it."""
    return "null" if value is None else str(value).lower()


def _why(error: Any, rest: list[str]) -> str:
    if rest and "\t" in rest[0][: len(rest[0]) - len(rest[0].lstrip())]:
        return "a tab cannot indent, use spaces"
    problem = str(error.problem or error.context or "not valid YAML")
    if problem.startswith("mapping values are not allowed"):
        return "a text with `: ` in it needs quotes"
    return f"not valid YAML ({problem})"
