"""How a command's flags are read, getopt fashion: only what is listed passes. Must not know which commands exist.

A flag list reads like getopt's: `n:` takes a value, `f@` a file that is read, `C?` a value only when attached. Long
options are names, with `=`, `@` or `?` behind them. Abbreviated long options are not accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from coder.permissions.command import Word

_KINDS = ":@?="
_COUNT = re.compile(r"-\d+\Z")


@dataclass(frozen=True, slots=True)
class Effects:
    """What a known command touches. `writes` is empty for the read-only ones.

    `content` means the bytes of `reads` are looked at, not only their names, and `quiet` that none of them are shown
    all the same (`grep -l`); `sweeps` that it reads whole folders, and `hidden` whether that includes the files whose
    names begin with a dot; `follows` that it goes through the links it finds there.
    """

    reads: tuple[Word, ...] = ()
    writes: tuple[Word, ...] = ()
    moves: Word | None = None
    content: bool = False
    quiet: bool = False
    sweeps: bool = False
    hidden: bool = True
    follows: bool = False
    fed: Literal["", "whole", "pieces"] = ""  # it reads what a command has listed: by whole names, or taken apart

    @property
    def shows(self) -> bool:
        return self.content and not self.quiet


@dataclass(frozen=True, slots=True)
class Call:
    """The words after the command name, sorted: options with their values, operands, files named by options."""

    options: tuple[tuple[str, str], ...]
    operands: tuple[Word, ...]
    files: tuple[Word, ...]

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
    content: bool = False
    quiet: str = ""  # options that make it show names or counts only, or "always"
    sweeps: str = ""  # option letters that make it read whole folders
    follows: str = ""  # options that make it follow links in the folders it reads
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
                operands = operands[1:]
            case _:
                pass
        sweeps = call.has(*self.sweeps.split()) if self.sweeps else False
        quiet = self.quiet == "always" or (call.has(*self.quiet.split()) if self.quiet else False)
        follows = call.has(*self.follows.split()) if self.follows else False
        return Effects((*operands, *call.files), content=self.content, quiet=quiet, sweeps=sweeps, follows=follows)

    def read(self, words: tuple[Word, ...]) -> Call | None:
        if not self.free and any(word.glob or word.dynamic for word in words):
            return None
        reader = _Reader(words)
        return reader.call() if reader.sort(self) else None


def _is_one(word: Word) -> bool:
    """Whether the program gets one word for it, not as many as a variable or a wildcard stands for."""
    return word.single and not word.glob


class _Reader:
    def __init__(self, words: tuple[Word, ...]) -> None:
        self.words = list(reversed(words))
        self.options: list[tuple[str, str]] = []
        self.operands: list[Word] = []
        self.files: list[Word] = []

    def call(self) -> Call:
        return Call(tuple(self.options), tuple(self.operands), tuple(self.files))

    def sort(self, grammar: Grammar) -> bool:
        short, long = _kinds(grammar.short), _long_kinds(grammar.long)
        while self.words:
            word = self.words.pop()
            text = word.text
            if text == "--":
                self.operands += reversed(self.words)
                return True
            if text.startswith("--"):
                known = self._long(text, long)
            elif grammar.counts and _COUNT.match(text):
                self.options.append(("-n", text[1:]))
                known = True
            elif text.startswith("-") and text != "-":
                known = self._bundle(text, short)
            else:
                self.operands.append(word)
                known = True
            if not known:
                return False
        return True

    def _long(self, text: str, kinds: dict[str, str]) -> bool:
        name, attached, value = text[2:].partition("=")
        kind = kinds.get(name)
        if kind is None or (attached and kind == ""):
            return False
        return self._take("--" + name, kind, value, bool(attached))

    def _bundle(self, text: str, kinds: dict[str, str]) -> bool:
        for index, letter in enumerate(text[1:], 2):
            kind = kinds.get(letter)
            if kind is None:
                return False
            if kind:
                return self._take("-" + letter, kind, text[index:], index < len(text))
            self.options.append(("-" + letter, ""))
        return True

    def _take(self, name: str, kind: str, value: str, attached: bool) -> bool:
        """Records an option and, where its kind wants one, the value attached to it or the next word."""
        if not attached and kind in ("@", "=", ":"):
            if not self.words:
                return False
            word = self.words.pop()
        else:
            word = Word(value, value)
        self.options.append((name, word.text))
        if kind == "@" or not _is_one(word):  # what comes after the value is file names
            self.files.append(word)
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
