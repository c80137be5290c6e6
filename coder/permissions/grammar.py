"""How a command's flags are read, getopt fashion: only what is listed passes. Must not know which commands exist.

A flag list reads like getopt's: `n:` takes a value, `f@` a file that is read, `C?` a value only when attached. Long
options are names, with `=`, `@` or `?` behind them. Abbreviated long options are not accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.permissions.command import Word

_KINDS = ":@?="
_COUNT = re.compile(r"-\d+\Z")


@dataclass(frozen=True, slots=True)
class Effects:
    """What a known command touches. `writes` is empty for the read-only ones.

    `content` means the bytes of `reads` are looked at, not only their names, and `quiet` that none of them are shown
    all the same (`grep -l`); `sweeps` that it reads whole folders, and `hidden` whether that includes the files whose
    names begin with a dot; `follows` that it goes through the links it finds there. With `in_folders` it does so only
    where one of `reads` is a folder.

    Of a command that writes, `reads` are the folders it takes as a whole, and `into` what would be written instead of
    the last of `writes` if that is a folder.
    """

    reads: tuple[Word, ...] = ()
    writes: tuple[Word, ...] = ()
    into: tuple[Word, ...] = ()
    moves: Word | None = None
    content: bool = False
    quiet: bool = False
    sweeps: bool = False
    hidden: bool = True
    follows: bool = False
    fed: Literal["", "whole", "pieces"] = ""  # it reads what a command has listed: by whole names, or taken apart
    in_folders: bool = False

    @property
    def shows(self) -> bool:
        return self.content and not self.quiet


@dataclass(frozen=True, slots=True)
class Call:
    """The words after the command name, sorted: options with their values, operands, files named by options.

    `loose` are the operands that no `--` keeps from being options, `apart` the values that are words of their own.
    """

    options: tuple[tuple[str, str], ...]
    operands: tuple[Word, ...]
    files: tuple[Word, ...]
    loose: tuple[Word, ...]
    apart: tuple[str, ...]

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.options)


Operands: TypeAlias = Literal["paths", "text", "pattern", "none"]
Check: TypeAlias = Callable[[Call], bool]


@dataclass(frozen=True, slots=True)
class Grammar:
    """`operands`: file names, plain text, a pattern and then file names, or none at all. `most` limits their number.

    `free`: no flag, and no number of operands, could do harm, so that words nobody knows before it runs are allowed:
    wildcards and variables.
    """

    short: str = ""
    long: str = ""
    operands: Operands = "paths"
    most: int | None = None
    free: bool = False
    counts: bool = False  # `-20`
    whole: bool = False  # `-ps` is one option, not two
    ordered: bool = False  # options end at the first operand
    content: bool = False
    quiet: str = ""  # options that make it show names or counts only, or "always"
    sweeps: str = ""  # options that make it read whole folders, or "always", or "folders" for where it is given some
    hidden: str = "always"  # options that make it read files whose names begin with a dot
    follows: str = ""  # options that make it follow links in the folders it reads, or "folders"
    pattern_options: str = ""  # options that stand for the pattern operand
    check: Check | None = None

    def effects(self, words: tuple[Word, ...]) -> Effects | None:
        """What these words (without the command name) touch; None when a word is not in the grammar."""
        call = self.read(words)
        if call is None or (self.check and not self.check(call)):
            return None
        if self.most is not None and len(call.operands) > self.most:
            return None
        operands = call.operands
        match self.operands:
            case "none" if operands:
                return None
            case "none" | "text":
                operands = ()
            case "pattern" if not call.has(*self.pattern_options.split()) and operands and _is_one(operands[0]):
                if operands[0] in call.loose and _may_be_option(operands[0]):
                    return None
                operands = operands[1:]
            case _:
                pass
        wild = any(word.glob and _may_be_option(word) for word in call.loose)  # a file may be called `-R`
        return Effects(
            (*operands, *call.files),
            content=self.content,
            quiet=_is_set(self.quiet, call),
            sweeps=_is_set(self.sweeps, call) or (wild and bool(self.sweeps)),
            hidden=_is_set(self.hidden, call),
            follows=_is_set(self.follows, call) or (wild and bool(self.follows)),
            in_folders=self.sweeps == "folders" or (wild and not _is_set(self.sweeps, call)),
        )

    def read(self, words: tuple[Word, ...]) -> Call | None:
        if not self.free and any(word.glob or word.dynamic for word in words):
            return None
        reader = _Reader(words)
        return reader.call() if reader.sort(self) else None


def _is_set(options: str, call: Call) -> bool:
    return options in ("always", "folders") or (bool(options) and call.has(*options.split()))


def _may_be_option(word: Word) -> bool:
    """Whether its beginning is not known, so that it may be a dash."""
    return (word.dynamic and word.text[:1] in ("$", "`", "")) or (word.glob and word.text[:1] in ("*", "?", "["))


def _is_one(word: Word) -> bool:
    """Whether the program gets one word for it, not as many as a variable or a wildcard stands for."""
    return word.single and not word.glob


class _Reader:
    def __init__(self, words: tuple[Word, ...]) -> None:
        self.words = list(reversed(words))
        self.options: list[tuple[str, str]] = []
        self.operands: list[Word] = []
        self.files: list[Word] = []
        self.loose: list[Word] = []
        self.apart: list[str] = []

    def call(self) -> Call:
        return Call(tuple(self.options), tuple(self.operands), tuple(self.files), tuple(self.loose), tuple(self.apart))

    def sort(self, grammar: Grammar) -> bool:
        short, long = _kinds(grammar.short), _long_kinds(grammar.long)
        while self.words:
            word = self.words.pop()
            text = word.text
            if text == "--":
                self.operands += reversed(self.words)
                return True
            if text.startswith("--"):
                known = self._long(word, long)
            elif grammar.counts and _COUNT.match(text):
                self.options.append(("-n", text[1:]))
                known = True
            elif text.startswith("-") and text != "-":
                known = self._whole(text, long) if grammar.whole else self._bundle(word, short)
            elif grammar.ordered:
                self.operands += (word, *reversed(self.words))
                return True
            else:
                self.operands.append(word)
                self.loose.append(word)
                known = True
            if not known:
                return False
        return True

    def _long(self, word: Word, kinds: dict[str, str]) -> bool:
        name, attached, value = word.text[2:].partition("=")
        kind = kinds.get(name)
        if kind is None or (attached and kind == ""):
            return False
        return self._take("--" + name, kind, replace(word, raw=value, text=value) if attached else None)

    def _whole(self, text: str, kinds: dict[str, str]) -> bool:
        kind = kinds.get(text[1:])
        return kind is not None and self._take(text, kind, None)

    def _bundle(self, word: Word, kinds: dict[str, str]) -> bool:
        text = word.text
        for index, letter in enumerate(text[1:], 2):
            kind = kinds.get(letter)
            if kind is None:
                return False
            if kind:
                value = replace(word, raw=text[index:], text=text[index:]) if index < len(text) else None
                return self._take("-" + letter, kind, value)
            self.options.append(("-" + letter, ""))
        return True

    def _take(self, name: str, kind: str, attached: Word | None) -> bool:
        """Records an option and, where its kind wants one, the value attached to it or the next word."""
        value = attached
        if value is None and kind in ("@", "=", ":"):
            if not self.words:
                return False
            value = self.words.pop()
            self.apart.append(value.text)
        self.options.append((name, value.text if value else ""))
        # What comes after the value of several words is file names; names that begin alike are the same option again.
        if value and (kind == "@" or not value.single or (value.glob and not attached)):
            self.files.append(value)
        return True


@lru_cache(maxsize=512)
def _kinds(short: str) -> dict[str, str]:
    kinds: dict[str, str] = {}
    letter = ""
    for char in short:
        if char in _KINDS and letter:
            kinds[letter] = char
        else:
            letter = char
            kinds[letter] = ""
    return kinds


@lru_cache(maxsize=512)
def _long_kinds(long: str) -> dict[str, str]:
    kinds = (entry[-1] if entry[-1] in _KINDS else "" for entry in long.split())
    return {entry.rstrip(_KINDS): kind for entry, kind in zip(long.split(), kinds, strict=True)}
