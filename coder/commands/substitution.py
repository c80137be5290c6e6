"""Puts what was typed behind a command into its body: `$ARGUMENTS`, `$0`, `$name`, `${CODER_SESSION_ID}`. Pure, total.

What is put in is never looked at again. Must not know shells, files, or who typed it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from typing import TypeAlias

from coder.core.dataclass import dataclass

_NUMBERED = re.compile(r"(?<!\\)\$(\d+)(?!\w)")
_FROM_ZERO = re.compile(r"(?<!\\)(?:\$0(?!\w)|\$ARGUMENTS\[\d+\])")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a text, and the words that go there; `raw` is what stands there where words do not matter."""

    start: int
    end: int
    values: tuple[str, ...]
    raw: str
    is_arguments: bool = True


Put: TypeAlias = Callable[[Slot], str]
"""What stands in the result for a slot."""


@dataclass(frozen=True)
class Given:
    """What was typed behind the command, the names its file has for the words of it, and facts by their names:
    `SESSION_ID` stands for `${CLAUDE_SESSION_ID}` and `${CODER_SESSION_ID}`. `first` is the number of the first word.
    """

    arguments: str = ""
    names: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    first: int = 0

    @cached_property
    def words(self) -> tuple[str, ...]:
        return split(self.arguments)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        names = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True) if name)
        named = rf"|(?P<name>{names})(?!\w)" if names else ""
        return re.compile(
            r"(?P<escape>\\)?\$(?:ARGUMENTS(?:\[(?P<index>\d+)\]|(?P<all>(?!\w)))|(?P<number>\d+)(?!\w)"
            rf"|\{{(?:CLAUDE|CODER)_(?P<fact>[A-Z_]+)\}}{named})"
        )


def split(arguments: str) -> tuple[str, ...]:
    """The words, as a shell takes them apart; a quote that is never closed is a letter like any other."""
    try:
        return tuple(shlex.split(arguments))
    except ValueError:
        return tuple(arguments.split())


def first_number(body: str) -> int:
    """What `$N` counts from: 0, but 1 in a body that names `$1` and nothing that only counting from 0 could mean.

    Files from before the words were counted from 0 are like that, and one that skips its first word would be odd.
    """
    numbers = {int(number) for number in _NUMBERED.findall(body) if len(number) < 4}
    return 1 if 1 in numbers and _FROM_ZERO.search(body) is None else 0


def slots(text: str, given: Given) -> Iterator[Slot | tuple[int, int]]:
    """Where something is to be put, in order; a pair is a backslash that only kept a slot from being one."""
    for found in given.pattern.finditer(text):
        if found["escape"] and (found["fact"] is None or found["fact"] in given.facts):
            yield found.start(), found.start() + 1
        elif (slot := _slot(found, given)) is not None:
            yield slot


def names_fact(text: str, name: str) -> bool:
    """Whether there may be a place for this fact."""
    return f"${{CODER_{name}}}" in text or f"${{CLAUDE_{name}}}" in text


def fill(text: str, given: Given, put: Put = lambda slot: slot.raw) -> tuple[str, bool]:
    """The text with its slots filled, and whether any of them took arguments."""
    parts: list[str] = []
    at, takes = 0, False
    for slot in slots(text, given):
        start, end, filled = (*slot, "") if isinstance(slot, tuple) else (slot.start, slot.end, put(slot))
        parts += [text[at:start], filled]
        at = end
        takes = takes or (isinstance(slot, Slot) and slot.is_arguments)
    return "".join([*parts, text[at:]]), takes


def with_arguments(text: str, given: Given) -> str:
    """What was typed stands behind a body that has no place for it."""
    return f"{text.rstrip()}\n\nARGUMENTS: {given.arguments}" if given.arguments.strip() else text


def _slot(found: re.Match[str], given: Given) -> Slot | None:
    """None for what is left as it is written."""
    where = (found.start(), found.end())
    if found["all"] is not None:
        return Slot(*where, given.words, given.arguments)
    if (name := found["fact"]) is not None:
        fact = given.facts.get(name)
        return None if fact is None else Slot(*where, (fact,) if fact else (), fact, is_arguments=False)
    if (name := found.groupdict().get("name")) is not None:
        word = _word(given.words, given.names.index(name))
        return Slot(*where, () if word is None else (word,), word or "")
    index, number = found["index"], found["number"]
    word = _word(given.words, _at(index) if index is not None else _at(number) - given.first)
    return None if word is None else Slot(*where, (word,), word)


def _at(digits: str) -> int:
    return int(digits) if len(digits) < 6 else -1


def _word(words: tuple[str, ...], at: int) -> str | None:
    return words[at] if 0 <= at < len(words) else None
