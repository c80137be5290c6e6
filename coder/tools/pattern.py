"""Reads a regular expression into a tree. Takes only what every dialect reads alike; refuses the rest with a reason.

Must not know files, tools or how the tree is written for an engine.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.tools import charset
from coder.tools.charset import Ranges

_DEEPEST = 40
_MOST_REPEATS = 1000
_QUANTIFIER = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FLAGS = re.compile(r"\(\?([A-Za-z]*)(?:-([A-Za-z]+))?([:)])")
_LOOSE_BRACE = re.compile(r"(\\.)|\{(?!\d+(?:,\d*)?\})", re.DOTALL)
_CLASSES = {"d": charset.DIGIT, "s": charset.SPACE, "w": charset.WORD}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_POSIX = {
    "alpha": "A-Za-z",
    "digit": "0-9",
    "alnum": "0-9A-Za-z",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
    "blank": r" \t",
}


class Refused(Exception):
    """The pattern cannot be searched for; the text says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class LineStart:
    pass


@dataclass(frozen=True, slots=True)
class LineEnd:
    pass


@dataclass(frozen=True, slots=True)
class WordEdge:
    pass


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`high` None is without end."""

    item: Node
    low: int
    high: int | None
    lazy: bool


Node: TypeAlias = Chars | LineStart | LineEnd | WordEdge | Sequence | Choice | Repeat


@dataclass(frozen=True, slots=True)
class _Flags:
    ignore_case: bool
    dot_newline: bool


def parse(text: str, *, ignore_case: bool, multiline: bool) -> Node:
    """The tree of a pattern. In `multiline` a `.` takes newlines too. Raises Refused."""
    return _Reader(text, multiline).whole(_Flags(ignore_case, dot_newline=multiline))


class _Reader:
    def __init__(self, text: str, multiline: bool) -> None:
        self.text = text
        self.multiline = multiline
        self.at = 0
        self.names: set[str] = set()

    def whole(self, flags: _Flags) -> Node:
        lead = _FLAGS.match(self.text)
        if lead and lead[3] == ")":
            self.at = lead.end()
            flags = self._switch(flags, lead)
        node = self._choice(flags, 0)
        if self.at < len(self.text):
            raise Refused("it closes a `)` that was never opened. Write `\\)` for the character itself.")
        return node

    def _peek(self, count: int = 1) -> str:
        return self.text[self.at : self.at + count]

    def _take(self, expected: str) -> bool:
        found = self.text.startswith(expected, self.at)
        if found:
            self.at += len(expected)
        return found

    def _choice(self, flags: _Flags, depth: int) -> Node:
        if depth > _DEEPEST:
            raise Refused(f"its groups are nested more than {_DEEPEST} deep.")
        options = [self._sequence(flags, depth)]
        while self._take("|"):
            options.append(self._sequence(flags, depth))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self, flags: _Flags, depth: int) -> Node:
        items: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            items.append(self._repeated(self._item(flags, depth)))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _item(self, flags: _Flags, depth: int) -> Node:
        match self._peek():
            case "(":
                return self._group(flags, depth)
            case "[":
                return Chars(self._set(flags))
            case "\\":
                return self._escape(flags)
            case "^":
                self.at += 1
                return LineStart()
            case "$":
                self.at += 1
                return LineEnd()
            case ".":
                self.at += 1
                return Chars(charset.ANY if flags.dot_newline else charset.without(charset.ANY, charset.NEWLINE))
            case "{":
                raise self._brace()
            case "*" | "+" | "?" as mark:
                raise Refused(f"`{mark}` has nothing to repeat. Write `\\{mark}` for the character itself.")
            case char:
                self.at += 1
                return self._literal(char, flags)

    def _literal(self, char: str, flags: _Flags) -> Node:
        if char == "\n" and not self.multiline:
            raise Refused("it contains a newline, and lines are searched one by one. Set `multiline` to true.")
        if 0xD800 <= ord(char) <= 0xDFFF:
            raise Refused("it contains half of a surrogate pair, which is no character.")
        found = charset.cases(char) if flags.ignore_case else {char}
        return Chars(charset.union([((ord(each), ord(each)),) for each in found]))

    def _repeated(self, item: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return item
        low, high = bounds
        if isinstance(item, LineStart | LineEnd | WordEdge):
            raise Refused("it repeats `^`, `$` or `\\b`, which some dialects refuse. Leave the repetition out.")
        lazy = self._take("?")
        if self._peek() == "+" and not lazy:
            raise Refused(
                "`*+`, `++`, `?+` and `}+` never give back in one dialect and repeat twice in the other. "
                "Leave the last `+` out."
            )
        if self._peek() in ("*", "+", "?") or _QUANTIFIER.match(self.text, self.at):
            raise Refused("it repeats a repetition, which some dialects refuse. Put `(?:` and `)` round the inner one.")
        return Repeat(item, low, high, lazy)

    def _bounds(self) -> tuple[int, int | None] | None:
        for mark, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._take(mark):
                return bounds
        if self._peek() != "{":
            return None
        found = _QUANTIFIER.match(self.text, self.at)
        if found is None:
            raise self._brace()
        self.at = found.end()
        low = int(found[1])
        high = low if found[2] is None else int(found[3]) if found[3] else None
        if max(low, high or 0) > _MOST_REPEATS:
            raise Refused(f"`{found[0]}` repeats more than {_MOST_REPEATS} times. Use `*` or `+`.")
        if high is not None and high < low:
            raise Refused(f"`{found[0]}` has its numbers in the wrong order.")
        return low, high

    def _brace(self) -> Refused:
        if re.match(r"\{,\d+\}", self.text[self.at :]):
            return Refused("`{,n}` counts from 0 in one dialect and is plain text in the other. Write `{0,n}`.")
        plain = _LOOSE_BRACE.sub(lambda found: found[1] or r"\{", self.text)
        return Refused(f"a bare `{{` is plain text in one dialect and an error in the other. Write it as {plain}")

    def _group(self, flags: _Flags, depth: int) -> Node:
        self.at += 1
        if self._peek() == "?":
            flags = self._group_kind(flags)
        node = self._choice(flags, depth + 1)
        if not self._take(")"):
            raise Refused("a `(` is never closed. Write `\\(` for the character itself.")
        return node

    def _group_kind(self, flags: _Flags) -> _Flags:
        if self._take("?:"):
            return flags
        if self._peek(3) in ("?<=", "?<!") or self._peek(2) in ("?=", "?!"):
            raise Refused(
                "it looks ahead or behind with `(?=`, `(?!`, `(?<=` or `(?<!`, which ripgrep does not have. "
                "Search for the plain part and pick the lines you need."
            )
        if self._peek(3) == "?P=":
            raise _back_reference()
        if self._take("?P<") or self._take("?<"):
            self._name()
            return flags
        switch = _FLAGS.match(self.text, self.at - 1)
        if switch and switch[3] == ":":
            self.at = switch.end()
            return self._switch(flags, switch)
        if switch:
            raise Refused("flags such as `(?i)` stand at the very start, or round a part: `(?i:part)`.")
        shown = self.text[self.at - 1 : self.at + 2]
        raise Refused(f"`{shown}` opens a kind of group that only some dialects have. Use `(?:` and `)`.")

    def _name(self) -> None:
        found = _NAME.match(self.text, self.at)
        name = found[0] if found else ""
        self.at += len(name)
        if not name or not self._take(">") or name in self.names:
            raise Refused("a group's name is missing, doubled or not a plain word. Use `(?:` and `)`.")
        self.names.add(name)

    def _switch(self, flags: _Flags, found: re.Match[str]) -> _Flags:
        on, off = found[1], found[2] or ""
        wrong = next((flag for flag in on + off if flag not in "ism"), "")
        if wrong or "m" in off or not on + off or len(set(on + off)) < len(on + off):
            raise Refused(f"the flags `{found[0]}` are not read alike everywhere. Use `i` alone, as in `(?i)`.")
        if "i" in on + off:
            flags = replace(flags, ignore_case="i" in on)
        return replace(flags, dot_newline="s" in on and self.multiline) if "s" in on + off else flags

    def _escape(self, flags: _Flags) -> Node:
        char = self.text[self.at + 1 : self.at + 2]
        if char == "b":
            self.at += 2
            if self._peek() == "{":
                raise Refused("`\\b{` is a kind of word boundary in one dialect only. Use `\\b`.")
            return WordEdge()
        found = self._escaped()
        if isinstance(found, str):
            return self._literal(found, flags)
        return Chars(found if self.multiline else charset.without(found, charset.NEWLINE))

    def _escaped(self) -> str | Ranges:
        """The character or class that an escape stands for, outside or inside a set."""
        char = self.text[self.at + 1 : self.at + 2]
        self.at += 2
        if char.lower() in _CLASSES and char:
            ranges = _CLASSES[char.lower()]
            return ranges if char.islower() else charset.complement(ranges)
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in ("x", "u", "U"):
            return self._code_point({"x": 2, "u": 4, "U": 8}[char])
        if char.isascii() and char.isprintable() and char and not char.isalnum() and char not in "<>":
            return char
        raise _unknown_escape(char)

    def _code_point(self, width: int) -> str:
        digits = self._peek(width)
        if re.fullmatch(rf"[0-9A-Fa-f]{{{width}}}", digits) is None:
            raise Refused("a code point is written `\\xHH`, `\\uHHHH` or `\\UHHHHHHHH`, always with all its digits.")
        self.at += width
        point = int(digits, 16)
        if point > charset.LAST or charset.SURROGATES[0] <= point <= charset.SURROGATES[1]:
            raise Refused(f"there is no character with the number {digits}.")
        return chr(point)

    def _set(self, flags: _Flags) -> Ranges:
        self.at += 1
        negated = self._take("^")
        parts: list[Ranges] = []
        while parts == [] or self._peek() != "]":
            parts.append(self._set_part(flags))
        self.at += 1
        ranges = charset.union(parts)
        ranges = charset.complement(ranges) if negated else ranges
        kept = ranges if self.multiline else charset.without(ranges, charset.NEWLINE)
        if not kept:
            why = "it looks for a newline in single lines: set `multiline` to true" if ranges else "one set is empty"
            raise Refused(f"{why}.")
        return kept

    def _set_part(self, flags: _Flags) -> Ranges:
        low = self._set_member()
        if self._peek() != "-" or self._peek(2) == "-]":
            return low if not isinstance(low, str) else self._folded(((ord(low), ord(low)),), flags)
        if self._peek(2) == "--":
            raise _set_operation("--")
        self.at += 1
        high = self._set_member()
        if not isinstance(low, str) or not isinstance(high, str):
            raise Refused("a set has `-` beside a class such as `\\w`. Put the `-` last, or write `\\-`.")
        if ord(high) < ord(low):
            raise Refused(f"the range `{low}-{high}` runs backwards.")
        return self._folded(charset.without(((ord(low), ord(high)),), ()), flags)

    def _set_member(self) -> str | Ranges:
        char = self._peek()
        if char == "":
            raise Refused("a `[` is never closed. Write `\\[` for the character itself.")
        if char == "\\":
            if self._peek(2) == "\\b":
                raise Refused("`\\b` in a set is a backspace in one dialect and an error in the other. Write `\\x08`.")
            return self._escaped()
        if char == "[":
            raise self._inner_bracket()
        if self._peek(2) in ("&&", "~~", "--"):
            raise _set_operation(self._peek(2))
        if 0xD800 <= ord(char) <= 0xDFFF:
            raise Refused("it contains half of a surrogate pair, which is no character.")
        self.at += 1
        return char

    def _inner_bracket(self) -> Refused:
        posix = re.match(r"\[:(\^?)([a-z]+):\]", self.text[self.at :])
        if posix and posix[2] in _POSIX and not posix[1]:
            return Refused(f"only some dialects know `{posix[0]}`. Write `{_POSIX[posix[2]]}` in its place.")
        return Refused("a `[` inside `[...]` opens a nested set in one dialect and is plain text in the other: `\\[`.")

    def _folded(self, ranges: Ranges, flags: _Flags) -> Ranges:
        if not flags.ignore_case:
            return ranges
        folded = charset.fold(ranges)
        if folded is None:
            raise Refused("a set is too wide to be searched in both cases. Turn `-i` off or narrow the set.")
        return folded


def _back_reference() -> Refused:
    return Refused(
        "it refers back to a group (`\\1`, `(?P=name)`), which ripgrep does not have. Write the repeated text out."
    )


def _set_operation(sign: str) -> Refused:
    escaped = "".join(f"\\{char}" for char in sign)
    return Refused(f"`{sign}` in a set is an operation in one dialect and plain text in the other: `{escaped}`.")


def _unknown_escape(char: str) -> Refused:
    match char:
        case "":
            return Refused("it ends in a single `\\`. Write `\\\\` for a backslash.")
        case "A" | "z" | "Z" | "G":
            return Refused(
                f"`\\{char}` is not read alike everywhere. Use `^` and `$`, which mean a line's start and end."
            )
        case "<" | ">":
            return Refused(
                f"`\\{char}` is a word edge in one dialect and plain text in the other. Use `\\b` or `{char}`."
            )
        case "B":
            return Refused("`\\B` is not read alike everywhere. Name the characters you expect, such as `\\w`.")
        case "p" | "P":
            return Refused(
                "Unicode classes such as `\\p{L}` are in one dialect only. Name the characters: `[A-Za-zÀ-ÿ]`."
            )
        case "0":
            return Refused("`\\0` is octal in one dialect and an error in the other. Write `\\x00`.")
        case _ if char.isdigit():
            return _back_reference()
        case _:
            return Refused(
                f"`\\{char}` means nothing, or not the same everywhere. Write `{char}` without the backslash."
            )
