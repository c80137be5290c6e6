"""Pastes and pictures in a draft: each is one character of the buffer, shown as `[Pasted 84 lines]` or `[Image 1]`.

One character, so that it is deleted, moved over and undone as one. Must not know keys or the screen.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.frontends.repl.entry import Clip

MOST_LINES = 10  # a longer paste is shown as a token
MOST_CHARACTERS = 1_000
_FIRST, _LAST = 0x10F000, 0x10FFFD  # of the private use area, where hardly a font has anything
_TOKEN = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")


@dataclass(frozen=True, slots=True)
class Paste:
    text: str

    @property
    def label(self) -> str:
        lines = count_lines(self.text)
        return f"[Pasted {lines:,} lines]" if lines > MOST_LINES else f"[Pasted {len(self.text):,} characters]"


@dataclass(frozen=True, slots=True)
class Picture:
    number: int
    source: Path | Clip

    @property
    def label(self) -> str:
        return f"[Image {self.number}]"


class Tokens:
    """Those of one session; what a character stands for never changes, so that undo brings back the same."""

    def __init__(self) -> None:
        self._held: dict[str, Paste | Picture] = {}

    def paste(self, text: str) -> str:
        """The character that stands for a pasted text."""
        return self._add(Paste(text))

    def picture(self, source: Path | Clip, draft: str) -> str:
        """The character that stands for a picture, numbered on from those in the draft."""
        taken = [held.number for held in self.held(draft) if isinstance(held, Picture)]
        return self._add(Picture(max(taken, default=0) + 1, source))

    def at(self, char: str) -> Paste | Picture | None:
        return self._held.get(char)

    def held(self, draft: str) -> list[Paste | Picture]:
        """What the tokens of a draft stand for, in order."""
        return [held for char in _TOKEN.findall(draft) if (held := self._held.get(char)) is not None]

    def expanded(self, draft: str) -> str:
        """The draft as it is sent: pastes in full."""
        return self.replaced(draft, lambda held: held.text if isinstance(held, Paste) else held.label)

    def labelled(self, draft: str) -> str:
        """The draft as it is shown."""
        return self.replaced(draft, lambda held: held.label)

    def pictures(self, draft: str) -> tuple[Path | Clip, ...]:
        return tuple(held.source for held in self.held(draft) if isinstance(held, Picture))

    def replaced(self, draft: str, by: Callable[[Paste | Picture], str]) -> str:
        """The draft with another text for each token."""

        def text(match: re.Match[str]) -> str:
            held = self._held.get(match[0])
            return match[0] if held is None else by(held)

        return _TOKEN.sub(text, draft)

    def _add(self, held: Paste | Picture) -> str:
        char = chr(_FIRST + len(self._held) % (_LAST - _FIRST + 1))
        self._held[char] = held
        return char


def count_lines(text: str) -> int:
    return text.removesuffix("\n").count("\n") + 1


def is_long(text: str) -> bool:
    """Whether a paste is shown as a token."""
    return len(text) > MOST_CHARACTERS or count_lines(text) > MOST_LINES


def typed(text: str) -> str:
    """A text that may go into a draft: line ends as the buffer has them, and nothing that could pass for a token."""
    return _TOKEN.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))
