"""Which paths must not, or need not, be put into a commit: git ignores them, or the repository would run something to
take them in. Must not know who wants to commit.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git.call import Git
from coder.git.filters import ARGUMENTS, filters

_LONG = 30.0  # seconds


def ignored(
    git: Git, top: Path, paths: Collection[str], env: Mapping[str, str] | None = None, seconds: float = _LONG
) -> frozenset[str] | None:
    """Those that git ignores and does not track. None when it cannot tell. Blocks."""
    if not paths:
        return frozenset()
    answer = git.answer(top, "check-ignore", "-z", "--stdin", stdin=_listed(paths), seconds=seconds, env=env)
    if answer.code not in (0, 1):
        return None
    return frozenset(os.fsdecode(name) for name in answer.out.split(b"\0") if name)


@dataclass(frozen=True, slots=True)
class Foreign:
    """`paths` are those whose content would go through a filter that only the repository's own settings define, and its
    name: to take such a file in, git would run what the repository says. With `settings` it runs nothing of it."""

    paths: Mapping[str, str]
    settings: tuple[str, ...] = ()


def foreign_filters(git: Git, top: Path, paths: Collection[str]) -> Foreign | None:
    """None when it cannot tell. Blocks."""
    found = filters(git.answer(top, *ARGUMENTS, seconds=_LONG))
    if found.problem:
        return None
    empty = set(found.settings)
    off = {name for name in found.names if {f"filter.{name}.clean=", f"filter.{name}.process="} & empty}
    if not off or not paths:
        return Foreign({}, found.settings)
    listed = git.answer(top, "check-attr", "-z", "--stdin", "filter", stdin=_listed(paths), seconds=_LONG)
    fields = [os.fsdecode(part) for part in listed.out.split(b"\0")]
    # A filter may be called `unset`: whatever git prints counts as its name.
    rows = zip(fields[::3], fields[2::3], strict=False)
    return Foreign({path: name for path, name in rows if name in off}, found.settings) if listed.ok else None


def _listed(paths: Collection[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
