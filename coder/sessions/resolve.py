"""Finds the session somebody means: by id, the beginning of one, its title, or words of it. Must not open any."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from coder.core.errors import SessionError, UnknownSession
from coder.core.visible import visible_line
from coder.sessions.age import age
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.locate import everywhere, find, is_session_id, of_folders
from coder.sessions.repository import related_folders

_SHORTEST_PREFIX = 6
_OFFERED = 10
_TITLE = 40
_SHOWN = 200  # characters of what was looked for
_ID = 8  # characters of an id, as lists of sessions show them
_ALL = "All there are: coder sessions list --all. Of an id at least six characters are needed."


def resolve(home: Path, cwd: Path, handle: str) -> Path:
    """The transcript that `handle` means: an id, at least six characters one begins with, the whole title of a session
    of this folder or its git work trees, or words that only one title or first prompt holds; then the same elsewhere.

    Raises UnknownSession, or SessionError that lists the candidates when there are several.
    """
    handle = handle.strip()
    if is_session_id(handle):
        return find(home, cwd, handle.lower())
    all_paths = everywhere(home)
    if len(handle) >= _SHORTEST_PREFIX and (found := [p for p in all_paths if p.stem.startswith(handle.lower())]):
        return _only(handle, list(_glimpses(found)))
    here = list(_glimpses(of_folders(home, related_folders(cwd))))
    seen = {each.path for each in here}
    for candidates in (here, list(_glimpses(path for path in all_paths if path not in seen))):
        if named := [each for each in candidates if handle and each.title == handle]:
            return _only(handle, named)
        if said := [each for each in candidates if handle and _says(each, handle.casefold())]:
            return _only(handle, said)
    shown = visible_line(handle)
    shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
    raise UnknownSession(f"No conversation found with session ID: {shown}. {_ALL}")


def offer(home: Path, cwd: Path) -> str:
    """The sessions that could be resumed here, for somebody who did not say which; "" when there is none."""
    return _listed(list(islice(_glimpses(of_folders(home, [cwd])), _OFFERED)), "coder -p -r ")


def _only(handle: str, found: Sequence[Glimpse]) -> Path:
    if len(found) == 1:
        return found[0].path
    more = f"\n  … and {len(found) - _OFFERED} more" if len(found) > _OFFERED else ""
    raise SessionError(
        f"{len(found)} sessions fit {visible_line(handle)!r}. Say which one by its id:\n"
        f"{_listed(found[:_OFFERED])}{more}"
    )


def _listed(found: Sequence[Glimpse], command: str = "") -> str:
    """One line of at most 80 characters for each; ids are cut where that leaves them apart."""
    now = time.time()
    shown = {each.id[:_ID] for each in found}
    size = _ID if len(shown) == len(found) else None
    return "\n".join(
        f"  {command}{each.id[:size]}  {age(each.modified, now):>12}  {short_title(each, _TITLE)}" for each in found
    )


def short_title(found: Glimpse, width: int) -> str:
    """The title on one line of at most `width` characters."""
    title = visible_line(found.title) or "(no title)"
    return title if len(title) <= width else title[: width - 1].rstrip() + "…"


def _glimpses(paths: Iterable[Path]) -> Iterable[Glimpse]:
    return (found for path in paths if (found := glimpse(path)) is not None and not found.is_sidechain)


def _says(found: Glimpse, words: str) -> bool:
    return words in found.title.casefold() or words in found.prompt.casefold()
