"""Checks of ours that a gate of a workflow may name. Must not know steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.evidence import cited
else:  # for workflows with such a gate
    cited = LazyModule("coder.evidence.cited")


@dataclass(frozen=True, slots=True, eq=False)
class Citations:
    """Whether every place in a file that a text names is there, with the words it quotes. What it quotes from a page is
    looked up where that page is still known; an address has to stand in what this session `met`, None: not known."""

    roots: Callable[[], tuple[Path, ...]]
    may_read: Callable[[Path], bool]
    pages: Callable[[], Mapping[str, str]] = dict
    met: Callable[[], Sequence[str]] | None = None

    async def __call__(self, text: str) -> str:
        met = await asyncio.to_thread(self.met) if self.met is not None and "://" in text else ()
        return await cited.checked(
            text, self.roots(), self.may_read, self.pages(), has_all=self.met is not None, met=met
        )
