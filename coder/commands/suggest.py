"""The nearest of known names to a mistyped one. Must not know what the names are of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    import difflib
else:  # only a mistake needs it
    difflib = LazyModule("difflib")

_JOINTS = re.compile(r"[-_ .:]+")


def near(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The likeliest first. What differs only in case, dashes or a missing namespace comes before what is similar."""
    names = sorted(set(known))
    bare = _bare(name[:64])
    same = [found for found in names if _bare(found) == bare or _bare(found.rpartition(":")[2]) == bare]
    begins = [found for found in names if bare and _bare(found).startswith(bare) and found not in same]
    by_bare: dict[str, str] = {}
    for found in names:
        by_bare.setdefault(_bare(found), found)
    letters = sorted(bare)
    swapped = [found for found in names if len(bare) > 2 and sorted(_bare(found)) == letters]
    similar = [by_bare[found] for found in difflib.get_close_matches(bare, by_bare, n=most, cutoff=0.7)]
    return tuple(dict.fromkeys((*same, *swapped, *similar, *sorted(begins, key=len))))[:most]


def _bare(name: str) -> str:
    return _JOINTS.sub("", name).lower()
