"""The questions of AskUserQuestion as a state: one at a time, options, ticks, words of one's own. Pure.

Must not know a terminal, nor how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.requests import Answers, Deny
from coder.frontends.styled import Row, foreign, row, width_of

_LEAVES = ("esc", "ctrl+c", "ctrl+d")
_PAGE = 5  # rows of a preview
_BRIEF = 32  # cells of a question that is told again whole


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    description: str
    preview: str


@dataclass(slots=True)
class Asked:
    """One question and where the person stands in it. `at` may be behind the options: on the words of their own, unless
    it `is_closed`: then an option is all that can be answered."""

    question: str
    header: str
    options: tuple[Option, ...]
    takes_many: bool
    is_closed: bool = False
    at: int = 0
    ticked: set[int] = field(default_factory=set)
    words: str = ""
    is_typing: bool = False
    answer: str = ""

    @property
    def own(self) -> int:
        """Where the words of their own stand."""
        return len(self.options)

    @property
    def last(self) -> int:
        return max(self.own - self.is_closed, 0)


class Form:
    """Total: questions of any shape can be put, and answered. `otherwise` says what comes of it when nothing is: where
    coder itself asks, and takes only one of its options."""

    def __init__(self, questions: tuple[Json, ...], otherwise: str = "") -> None:
        self.asked = [_asked(each, is_closed=bool(otherwise)) for each in questions if isinstance(each, dict)]
        self.otherwise = otherwise or "the model goes on without it"
        self.number = 0  # of the question that is put, from 0
        self.top = 0  # the first option in view; kept for who shows it
        self.preview_top = 0  # likewise the first row of a preview
        self._is_left = False

    @property
    def is_over(self) -> bool:
        return self._is_left or self.number >= len(self.asked)

    @property
    def now(self) -> Asked:
        """The question that is put. Not when it is over."""
        return self.asked[self.number]

    def press(self, key: str) -> bool:
        """Takes a key by its name. True when the form is over."""
        if not self.is_over:
            if self.now.is_typing:
                self._press_typing(key)
            elif key in _LEAVES:
                self._is_left = True
            else:
                self._press_choosing(key)
        return self.is_over

    def type(self, text: str) -> None:
        """Adds to the words of their own, as a paste does; begins them."""
        added = "".join(char for char in text.replace("\n", " ") if char.isprintable())
        if added and not self.is_over and not self.now.is_closed:
            now = self.now
            now.at, now.is_typing, now.words = now.own, True, now.words + added

    def take(self, line: str) -> bool:
        """Takes a typed line: numbers, `back`, `esc`, or words of their own. False when it is no answer."""
        line = line.strip()
        if self.is_over or not line:
            return False
        now = self.now
        numbers = line.replace(",", " ").split()
        if line == "esc":
            self._is_left = True
        elif line == "back":
            self._back()
        elif all(each.isascii() and each.isdecimal() and len(each) < 4 for each in numbers):
            picked = [int(each) - 1 for each in numbers]
            if any(not 0 <= each < now.own for each in picked) or (len(picked) > 1 and not now.takes_many):
                return False
            self._answer([now.options[each].label for each in dict.fromkeys(picked)])
        elif now.is_closed:
            return False
        else:
            now.words = line
            self._answer([line])
        return True

    def reply(self) -> Answers | Deny:
        """What the questions come to; nothing answered when the form was left."""
        if self._is_left or not self.asked or not self.is_over:
            return Deny(prompts.load("reminders/unanswered"))
        return Answers({each.question: each.answer for each in self.asked})

    def echo_row(self) -> Row:
        """What is left behind. It may be wider than a terminal."""
        if not isinstance(self.reply(), Answers):
            return row(("✗ ", "bad"), f"You answered nothing; {self.otherwise}")
        told = " · ".join(f"{_short(each)} → {foreign(each.answer) or '(no answer)'}" for each in self.asked)
        return row(("✓ ", "ok"), f"You chose: {told}")

    def _press_typing(self, key: str) -> None:
        now = self.now
        if key == "enter":
            now.is_typing = False
            now.words = now.words.strip()
            if now.words and now.takes_many:
                now.ticked.add(now.own)
            elif now.words:
                self._answer([now.words])
        elif key in ("esc", "up", "ctrl+c", "ctrl+d"):
            now.is_typing = False
            now.at = max(now.at - (key == "up"), 0)
        elif key == "backspace":
            now.words = now.words[:-1]
        elif key == "ctrl+u":
            now.words = ""
        else:
            self.type(" " if key == "space" else key if len(key) == 1 else "")
        if not now.words:
            now.ticked.discard(now.own)

    def _press_choosing(self, key: str) -> None:
        now = self.now
        moves = {"up": -1, "k": -1, "down": 1, "j": 1, "home": -now.last, "end": now.last}
        if key in moves:
            self.preview_top = 0
            now.at = min(max(now.at + moves[key], 0), now.last)
        elif key in ("pageup", "pagedown"):
            self.preview_top = max(self.preview_top + (_PAGE if key == "pagedown" else -_PAGE), 0)
        elif key in ("left", "backspace"):
            self._back()
        elif key == "space" and now.takes_many:
            self._tick(now.at)
        elif key == "enter":
            self._enter()
        elif len(key) == 1 and key in "123456789"[: now.last + 1]:
            now.at = int(key) - 1
            if now.takes_many:
                self._tick(now.at)
            else:
                self._enter()

    def _tick(self, at: int) -> None:
        if at == self.now.own and not self.now.words:
            self.now.is_typing = True
        else:
            self.now.ticked ^= {at}

    def _enter(self) -> None:
        now = self.now
        if now.at == now.own and not (now.takes_many and now.ticked):
            now.is_typing = True
            return
        chosen = sorted(now.ticked) if now.takes_many and now.ticked else [now.at]
        self._answer([now.words if each == now.own else now.options[each].label for each in chosen])

    def _answer(self, labels: list[str]) -> None:
        self.now.answer = ", ".join(labels)
        self.number += 1
        self.top = self.preview_top = 0

    def _back(self) -> None:
        self.number = max(self.number - 1, 0)
        self.top = self.preview_top = 0


def _asked(raw: Json, *, is_closed: bool) -> Asked:
    listed = raw.get("options")
    options = tuple(_options(listed if isinstance(listed, list) else []))
    return Asked(_text(raw, "question"), _text(raw, "header"), options[:8], raw.get("multiSelect") is True, is_closed)


def _options(listed: list[object]) -> Iterator[Option]:
    for each in listed:
        if isinstance(each, dict):
            yield Option(_text(each, "label"), _text(each, "description"), _text(each, "preview"))


def _text(raw: Json, name: str) -> str:
    found = raw.get(name)
    return found if isinstance(found, str) else ""


def _short(asked: Asked) -> str:
    whole = foreign(asked.question)
    return whole if width_of(row(whole)) <= _BRIEF else foreign(asked.header) or whole
