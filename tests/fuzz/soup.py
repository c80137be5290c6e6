"""Random command lines: mostly plain, with something in them that might not be. Must not know who judges them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.fuzz import pantry
from tests.fuzz.pantry import Pantry

_MARK = re.compile("«(.)»")
_WORD_START = re.compile(r"(?<=\s)(?=\S)")
_OPERATOR = re.compile(r"&&|\|\||\|&|;|\||&|\n|>>|<<<|<<-?|>|<")
_OPERATORS = ["&&", "||", "|", "|&", ";", "&", "\n", ">", "<", ">>", "<<", "<<<", ";;", "&>", ">|", "<>"]
_BLANKS = ["  ", "\t", "\n", "\\\n", " \\\n", "\r", "\x0b", "\x0c", "\xa0", "\u3000", "", "${IFS}", "$IFS", " \\\n "]
_MOST = 4_000


class Soup:
    def __init__(self, rng: random.Random, words: Pantry) -> None:
        self.rng = rng
        self.words = words

    def command(self) -> str:
        chance = self.rng.random()
        if self.words.corpus and chance < 0.3:
            text = self.rng.choice(self.words.corpus)
            times = self.rng.choice((0, 1, 1, 2, 2, 3))
        elif chance < 0.65:
            text = self.chain()
            times = self.rng.choice((0, 1, 1, 1, 2, 2, 3))
        else:
            text = self.form(self.rng.choice((1, 1, 2)))
            times = self.rng.choice((0, 0, 0, 1, 1, 2))
        for _ in range(times):
            text = self.mutated(text)
        return text[:_MOST]

    # --- cooking

    def simple(self) -> str:
        if self.words.spice and self.rng.random() < 0.25:
            return self.rng.choice(self.words.spice)
        return self.rng.choice(self.words.risky if self.rng.random() < 0.2 else self.words.plain)

    def chain(self) -> str:
        parts = [self.simple()]
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 3))):
            parts += [self.rng.choice(pantry.JOINS), self.simple()]
        return "".join(parts)

    def form(self, depth: int) -> str:
        return self._filled(self.rng.choice(pantry.FORMS), depth)

    def piece(self) -> str:
        if self.words.spice and self.rng.random() < 0.3:
            return self.rng.choice(self.words.spice)
        return self.rng.choice(self.words.payloads)

    def _filled(self, form: str, depth: int) -> str:
        return _MARK.sub(lambda mark: self._filling(mark[1], depth), form)

    def _filling(self, mark: str, depth: int) -> str:
        rng = self.rng
        match mark:
            case "c" if depth and rng.random() < 0.15:
                return self.form(depth - 1)
            case "c":
                return self.simple()
            case "p":
                return self.piece()
            case "v":
                return rng.choice(pantry.VALUES)
            case "u":
                return rng.choice(pantry.USES)
            case "w":
                return rng.choice(pantry.LOOPED)
            case "d":
                return rng.choice(pantry.ENDS)
            case "f":
                return rng.choice(pantry.FILES)
            case _:
                return rng.choice(pantry.TEXT)

    # --- spoiling

    def mutated(self, text: str) -> str:
        ways: list[Callable[[str], str]] = [self._insert, self._insert, self._insert, self._splice, self._splice]
        ways += [self._drop, self._drop_word, self._double_word, self._operator, self._blank, self._quote, self._nest]
        ways += [self._continue, self._blend]
        return self.rng.choice(ways)(text)

    def _insert(self, text: str) -> str:
        piece = self.piece() if self.rng.random() < 0.45 else self.rng.choice(pantry.GLUE)
        if self.rng.random() < 0.5:
            piece = f"{self.rng.choice(pantry.GLUE)}{piece}"
        if self.rng.random() < 0.4:
            piece = f" {piece} "
        at = self.rng.randrange(len(text) + 1)
        return text[:at] + piece + text[at:]

    def _splice(self, text: str) -> str:
        """A payload as a word of its own."""
        at = self.rng.choice([*(found.start() for found in _WORD_START.finditer(text)), len(text)])
        return f"{text[:at]}{'' if at < len(text) else ' '}{self.piece()} {text[at:]}"

    def _drop(self, text: str) -> str:
        at = self.rng.randrange(len(text)) if text else 0
        return text[:at] + text[at + 1 :]

    def _word(self, text: str) -> tuple[str, str, str]:
        found = list(re.finditer(r"\S+", text))
        if not found:
            return text, "", ""
        word = self.rng.choice(found)
        return text[: word.start()], word[0], text[word.end() :]

    def _drop_word(self, text: str) -> str:
        before, _, after = self._word(text)
        return before + after

    def _double_word(self, text: str) -> str:
        before, word, after = self._word(text)
        return f"{before}{word} {word}{after}"

    def _operator(self, text: str) -> str:
        found = list(_OPERATOR.finditer(text))
        if not found:
            return text + self.rng.choice(pantry.JOINS) + self.simple()
        operator = self.rng.choice(found)
        return text[: operator.start()] + self.rng.choice(_OPERATORS) + text[operator.end() :]

    def _blank(self, text: str) -> str:
        found = list(re.finditer(r"\s+", text))
        if not found:
            return text
        blank = self.rng.choice(found)
        return text[: blank.start()] + self.rng.choice(_BLANKS) + text[blank.end() :]

    def _quote(self, text: str) -> str:
        before, word, after = self._word(text)
        open_, close = self.rng.choice(
            [("'", "'"), ('"', '"'), ("$'", "'"), ("\\", ""), ("''", ""), ('"$x"', ""), ("`", "`")]
        )
        at = self.rng.randrange(len(word) + 1) if self.rng.random() < 0.5 else 0
        return f"{before}{word[:at]}{open_}{word[at:]}{close}{after}"

    def _continue(self, text: str) -> str:
        at = self.rng.randrange(len(text) + 1)
        return text[:at] + "\\\n" + text[at:]

    def _nest(self, text: str) -> str:
        whole = self.rng.choice(["«c»", "echo $(«c»)", "(«c»)", "{ «c»; }", self.rng.choice(pantry.FORMS)])
        return self._filled(whole.replace("«c»", "\0", 1), 0).replace("\0", text)

    def _blend(self, text: str) -> str:
        """The beginning of one command and the end of another."""
        other = self.chain()
        return text[: self.rng.randrange(len(text) + 1)] + other[self.rng.randrange(len(other) + 1) :]
