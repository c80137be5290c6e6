"""Pages that were read a moment ago. In memory, bounded in number, size and age. Must not know HTTP."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.messages import Document, Image
from coder.tools.web.page import Page

LIFE = 15 * 60.0  # seconds
MOST_PAGES = 32
MOST_CHARACTERS = 16 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A page as it was read: its address in the end, how large it was, and the answer's status."""

    url: str
    size: int
    code: int
    code_text: str
    page: Page

    @property
    def weight(self) -> int:
        block = self.page.block
        return len(self.page.text) + (len(block.data) if isinstance(block, Document | Image) else 0)


@dataclass(slots=True)
class Cache:
    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[str, tuple[float, Kept]] = field(default_factory=OrderedDict, init=False)

    def get(self, url: str) -> Kept | None:
        self._drop()
        found = self._kept.get(url)
        return found[1] if found else None

    def texts(self) -> dict[str, str]:
        """By address, that which was asked for and that which answered."""
        self._drop()
        return {url: kept.page.text for asked, (_, kept) in self._kept.items() for url in (asked, kept.url)}

    def keep(self, url: str, kept: Kept) -> None:
        self._kept.pop(url, None)
        self._kept[url] = (self.clock() + LIFE, kept)
        self._drop()

    def _drop(self) -> None:
        """What is too old, then the oldest of what is too much. All live equally long, so the first is the oldest."""
        weight = sum(kept.weight for _, kept in self._kept.values())
        while self._kept:
            ends, first = next(iter(self._kept.values()))
            if ends > self.clock() and len(self._kept) <= MOST_PAGES and weight <= MOST_CHARACTERS:
                return
            weight -= first.weight
            self._kept.popitem(last=False)
