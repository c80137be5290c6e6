"""What a call would touch, for whoever knows of others at work in the same place. Must not know who that is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.core.tools import Access, Reads, Writes

if TYPE_CHECKING:
    from coder.permissions.decide import Decision


@dataclass(frozen=True, slots=True)
class Visit:
    """`files` are those that a tool which names its files reads, or with `writes` changes; `touched` what a command
    writes or deletes, files and folders, as far as that can be told; `drops` the folders where git may drop work by it.
    All with every link followed. `changes`: it may change something."""

    tool: str
    files: tuple[Path, ...] = ()
    writes: bool = False
    touched: tuple[Path, ...] = ()
    drops: tuple[Path, ...] = ()
    changes: bool = False


def visit_of(tool: str, access: Access, decision: Decision) -> Visit:
    """Of a call of this tool, as it was judged."""
    if isinstance(access, Reads | Writes):
        files = tuple(place.real for place in decision.places)
        return Visit(tool, files, isinstance(access, Writes), changes=decision.changes)
    touched = [each.path for each in decision.effects if each.kind in ("writes", "deletes") and each.path is not None]
    drops = decision.drop.folders if decision.drop is not None else ()
    return Visit(tool, touched=tuple(touched), drops=drops, changes=decision.changes)
