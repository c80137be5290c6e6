"""Walking back through earlier prompts, and searching them. Must not know keys, the screen or the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Recall(Generic[T]):
    """Place 0 is the draft, 1 the newest earlier prompt. `read` is asked when somebody first goes back; what changed
    meanwhile at a place is kept until something is sent."""

    def __init__(self, read: Callable[[], Iterator[T]]) -> None:
        self._read = read
        self.reset()

    def reset(self) -> None:
        """Back to the draft; the next walk reads again."""
        self._place = 0
        self._source: Iterator[T] | None = None
        self._earlier: list[T] = []
        self._changed: dict[int, str] = {}

    def older(self, draft: str, show: Callable[[T], str]) -> str | None:
        """The next earlier prompt as a draft; None when there is none."""
        return self._go(self._place + 1, draft, show)

    def newer(self, draft: str, show: Callable[[T], str]) -> str | None:
        return self._go(self._place - 1, draft, show) if self._place else None

    def all(self, most: int = 5_000) -> list[T]:
        self._reach(most)
        return self._earlier[:most]

    def _go(self, place: int, draft: str, show: Callable[[T], str]) -> str | None:
        if not self._reach(place):
            return None
        self._changed[self._place] = draft
        self._place = place
        kept = self._changed.get(place)
        return kept if kept is not None else show(self._earlier[place - 1]) if place else ""

    def _reach(self, place: int) -> bool:
        if self._source is None:
            self._source = self._read()
        while len(self._earlier) < place:
            earlier = next(self._source, None)
            if earlier is None:
                return False
            self._earlier.append(earlier)
        return True
