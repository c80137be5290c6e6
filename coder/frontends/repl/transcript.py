"""What was said and done in this process, whole, for the pager. Must not know how any of it was printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.events import ToolFinished
from coder.frontends.desk import Shown
from coder.frontends.styled import Row

Kind: TypeAlias = Literal["prompt", "thought", "answer", "call", "agent"]


@dataclass(frozen=True, slots=True)
class Told:
    number: int
    kind: Kind
    text: str = ""
    seconds: float = 0.0
    finished: ToolFinished | None = None
    head: Row = ()  # of what an agent was told, or has reported


class Transcript:
    """Every item has a number; the calls among them are what `/show N` prints."""

    def __init__(self) -> None:
        self._items: list[Told] = []

    def prompt(self, text: str) -> None:
        self._add("prompt", text)

    def thought(self, text: str, seconds: float = 0.0) -> None:
        self._add("thought", text, seconds)

    def answer(self, text: str) -> None:
        if text.strip():
            self._add("answer", text)

    def call(self, finished: ToolFinished) -> Shown:
        self._items.append(Told(len(self._items) + 1, "call", finished=finished))
        return Shown(len(self._items), finished)

    def agent(self, head: Row, text: str) -> None:
        """What one was told, when it began; what it has reported, when it ended."""
        self._items.append(Told(len(self._items) + 1, "agent", text, head=head))

    @property
    def items(self) -> tuple[Told, ...]:
        return tuple(self._items)

    @property
    def calls(self) -> tuple[Shown, ...]:
        return tuple(Shown(each.number, each.finished) for each in self._items if each.finished is not None)

    def text(self, draw: Callable[[Told], str]) -> str:
        return "\n".join(map(draw, self._items))

    def _add(self, kind: Kind, text: str, seconds: float = 0.0) -> None:
        self._items.append(Told(len(self._items) + 1, kind, text, seconds))
