"""Merges one commit into the branch that is checked out, whole or not at all: tried first beside the work tree, laid
onto it only where nothing uncommitted is in the way.

Runs no hook, no driver and no filter but the person's own; signs nothing. Must not know who merges, or why.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git import porcelain
from coder.git.call import Answer, Git
from coder.git.entries import Entry, index_entries, tree_entries
from coder.git.filters import ARGUMENTS, filters

_LONG = 120.0  # seconds
_MOST = 64_000_000
_DRIVERS = ("config", "--includes", "--show-scope", "-z", "--get-regexp", r"^merge\..*\.driver$")
_PERSONS = ("system", "global")
_QUIET = ("submodule.recurse=false", "core.safecrlf=warn")


@dataclass(frozen=True, slots=True)
class Trial:
    """`tree` is what the merge comes to, "" when it came to nothing: `conflicts` are then the files that both sides
    changed, or `problem` is what git says."""

    tree: str = ""
    conflicts: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """From the commit `head` to `tree`: `paths` are the files that differ. `settings` are for git as it writes them."""

    top: Path
    head: str
    tree: str
    paths: tuple[str, ...]
    settings: tuple[str, ...] = ()


def tried(git: Git, top: Path, ours: str, theirs: str) -> Trial:
    """What merging comes to; changes nothing but objects that no ref names. Blocks."""
    quiet = filters(git.answer(top, *ARGUMENTS, seconds=_LONG))
    drivers = _drivers(git.answer(top, *_DRIVERS, seconds=_LONG))
    if quiet.problem or drivers is None:
        return Trial(problem=quiet.problem or "a merge driver in its own settings cannot be switched off")
    asked = ("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs)
    answer = git.answer(top, *asked, seconds=_LONG, most=_MOST, settings=(*_QUIET, *quiet.settings, *drivers))
    if answer.code not in (0, 1):
        if "usage:" in answer.err.decode("utf-8", "replace"):
            return Trial(problem="this git is too old to try a merge; it takes git 2.38 or newer")
        return Trial(problem=answer.problem or "git could not merge them")
    tree, *names = [os.fsdecode(part) for part in answer.out.split(b"\0") if part]
    return Trial(tree) if answer.code == 0 else Trial(conflicts=tuple(dict.fromkeys(names)))


def course(git: Git, top: Path, head: str, tree: str) -> Course | str:
    """What would have to change here; or why git cannot tell. Blocks."""
    quiet = filters(git.answer(top, *ARGUMENTS, seconds=_LONG))
    asked = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", head, tree)
    listed = git.answer(top, *asked, seconds=_LONG, most=_MOST)
    if quiet.problem or not listed.ok:
        return quiet.problem or listed.problem or "git cannot compare the commits"
    paths = tuple(os.fsdecode(path) for path in listed.out.split(b"\0") if path)
    return Course(top, head, tree, paths, (*_QUIET, *quiet.settings))


def in_the_way(git: Git, there: Course) -> tuple[str, ...] | None:
    """The files that are not committed here and that the course would change. None when git cannot tell. Blocks."""
    printed = git.answer(
        there.top,
        *porcelain.ARGUMENTS,
        "--untracked-files=no",
        "--no-renames",
        seconds=_LONG,
        most=_MOST,
        settings=there.settings,
    )
    if not printed.ok:
        return None
    goal = tree_entries(git, there.top, there.tree, there.paths)
    was = tree_entries(git, there.top, there.head, there.paths)
    index = index_entries(git, there.top, there.paths)
    dirty = {change.path: change for change in porcelain.parse(printed.out).changes}
    return tuple(_obstacles(there, goal, was, {path: each.entry for path, each in index.items()}, dirty))


def _obstacles(
    there: Course,
    goal: Mapping[str, Entry],
    was: Mapping[str, Entry],
    index: Mapping[str, Entry],
    dirty: Mapping[str, porcelain.Change],
) -> Iterator[str]:
    for path in there.paths:
        change = dirty.get(path)
        is_done = index.get(path) == goal.get(path) and (change is None or not change.is_unstaged)
        if change is not None and not is_done:
            yield path
        elif path in goal and path not in was and path not in index and (lies := _lies_there(there.top, path, index)):
            yield lies


def _lies_there(top: Path, path: str, index: Collection[str]) -> str:
    """What git does not know and a new file would replace: at its place, or where its folder would have to be. git
    itself would spare it only if it did not ignore it."""
    at = ""
    for part in path.split("/"):
        at = f"{at}/{part}" if at else part
        place = top / at
        if not os.path.lexists(place):
            return ""
        if place.is_symlink() or not place.is_dir():
            return "" if at in index else at
    return ""  # a folder in the place of a file: git sees to what is in it


def laid(git: Git, there: Course) -> Answer:
    """Changes files and index along the course; all of them, or, when something is in the way after all, none. What is
    staged or changed besides stays. Blocks."""
    return _read_tree(git, there, there.head, there.tree)


def taken_back(git: Git, there: Course) -> Answer:
    """The other way. Blocks."""
    return _read_tree(git, there, there.tree, there.head)


def _read_tree(git: Git, there: Course, here: str, to: str) -> Answer:
    git.answer(there.top, "update-index", "-q", "--refresh", seconds=_LONG, settings=there.settings)
    asked = ("read-tree", "-m", "-u", "--no-recurse-submodules", here, to)
    return git.answer(there.top, *asked, seconds=_LONG, settings=there.settings)


def _drivers(answer: Answer) -> tuple[str, ...] | None:
    """Settings with which no driver runs that the repository's own settings define: what it was for is a conflict then.
    None where one cannot be switched off."""
    if answer.code == 1 and not answer.out:
        return ()
    if not answer.ok:
        return None
    records = os.fsdecode(answer.out).split("\0")
    said = [(scope, *record.partition("\n")[::2]) for scope, record in zip(records[::2], records[1::2], strict=False)]
    persons = {key: value for scope, key, value in said if scope in _PERSONS}
    own = dict.fromkeys(key for scope, key, _ in said if scope not in _PERSONS)
    if any("=" in key for key in own):
        return None
    return tuple(f"{key}={persons.get(key, 'false')}" for key in own)
