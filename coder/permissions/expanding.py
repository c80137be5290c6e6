"""What lies on this disk behind a shell wildcard, or behind the links in a folder. Reads folders, opens no file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeAlias

Match: TypeAlias = tuple[Path, Path]  # as written, and with every link followed

_MOST_MATCHES = 1_000
_MOST_SEEN = 20_000
_MOST_FOLLOWED = 2_500
# A name that begins with one dot and then something else: `.[!.]*`, `.[a-z]*`.
_NO_DOTS = re.compile(r"\.(?:[^*?\[.]|\[(?:[!^]\.|(?:[A-Za-z0-9](?:-[A-Za-z0-9])?)+)\])")


class TooMany(Exception):
    """More than can be looked at one by one."""


def expand(pattern: str, folder: Path, resolve: Callable[[Path], Path]) -> tuple[Match, ...] | None:
    """The paths that `pattern`, relative to `folder` unless absolute, matches; None when there are too many to tell."""
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    wild = next((index for index, part in enumerate(parts) if _is_wild(part)), len(parts))
    if ".." in parts[wild:]:
        return None  # behind a link it leads elsewhere than it seems
    base = Path("/") if pattern.startswith("/") else folder
    written = Path(os.path.normpath(base.joinpath(*parts[:wild])))
    real = resolve(resolve(base).joinpath(*parts[:wild]))  # `..` after a link leaves the folder the link leads to
    budget = [_MOST_SEEN]
    try:
        found = list(_below((written, real), parts[wild:], resolve, budget))
    except TooMany:
        return None
    return tuple(found) if len(found) <= _MOST_MATCHES else None


def below(folder: Path) -> tuple[Path, ...] | None:
    """Everything in a folder, links not followed; None when there is too much to see."""
    found = _entries(folder)
    return None if found is None else tuple(Path(entry.path) for entry in found)


def leads_out(folder: Path, roots: tuple[Path, ...], resolve: Callable[[Path], Path]) -> bool | None:
    """Whether a link below `folder` leads out of `roots` (which are real paths); None when there is too much to see."""
    found = _entries(folder)
    if found is None:
        return None
    targets = (resolve(Path(entry.path)) for entry in found if entry.is_symlink())
    return any(not any(target.is_relative_to(root) for root in roots) for target in targets)


def _entries(folder: Path) -> list[os.DirEntry[str]] | None:
    found: list[os.DirEntry[str]] = []
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    found.append(entry)
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except (OSError, ValueError):  # a NUL in the name: no such folder can be
            continue
        if len(found) > _MOST_FOLLOWED:
            return None
    return found


def _below(place: Match, parts: list[str], resolve: Callable[[Path], Path], budget: list[int]) -> Iterator[Match]:
    if not parts:
        yield place
        return
    written, real = place
    if not _is_wild(parts[0]):
        if os.path.lexists(real / parts[0]):
            yield from _below((written / parts[0], resolve(real / parts[0])), parts[1:], resolve, budget)
        return
    try:
        with os.scandir(real) as entries:
            for entry in entries:
                budget[0] -= 1
                if budget[0] < 0:
                    raise TooMany
                if _matches(entry.name, parts[0]):
                    target = resolve(real / entry.name) if entry.is_symlink() else real / entry.name
                    yield from _below((written / entry.name, target), parts[1:], resolve, budget)
        # Before bash 5.2 `.*` stands for these two as well.
        for name in (".", ".."):
            if _matches(name, parts[0]) and not _NO_DOTS.match(parts[0]):
                around = Path(os.path.normpath(written / name))
                yield from _below((around, resolve(real / name)), parts[1:], resolve, budget)
    except (OSError, ValueError):  # a NUL in the name: no such folder can exist
        return


def _is_wild(part: str) -> bool:
    return not {"*", "?", "["}.isdisjoint(part)


def _matches(name: str, part: str) -> bool:
    """A set in brackets may match more here than in bash: it stands for anything from there on."""
    if name.startswith(".") and not part.startswith("."):
        return False
    if "[" in part:
        part = part[: part.index("[")] + "*"
    return fnmatchcase(name, part)
