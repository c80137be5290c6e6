"""Where memory files may be, in the order in which they count. Lists folders; must not know what stands in a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.frontmatter.folders import STRANGERS
from coder.memory.files import MOST_FILES, Ground, Whose
from coder.memory.looking import is_folder

NAME = "CLAUDE.md"
LOCAL = "CLAUDE.local.md"
AGENTS = "AGENTS.md"
_FOLDERS = (".claude", ".coder")
SHARED = (NAME, *(f"{folder}/{NAME}" for folder in _FOLDERS), AGENTS)
_DEEPEST = 16
_ENTRIES = 20_000  # names that are looked at in one folder of rules


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Place:
    """A file that may be there. What it imports from outside `root` is not the project's own; `base` anchors the paths
    of a rule. `is_near`: it lies in the repository."""

    path: Path
    whose: Whose
    root: Path
    base: Path
    is_rule: bool = False
    is_near: bool = True


def at_start(ground: Ground) -> Iterator[Place]:
    """Those of the administrator, of the person, and of each folder from the outermost to the one we work in."""
    managed, top = ground.managed, ground.top
    yield Place(managed / NAME, "managed", managed, ground.cwd, is_near=False)
    yield from _rules(managed / ".claude", "managed", managed, ground.cwd, is_near=False)
    if "user" in ground.sources:
        for folder in ground.own:
            yield from _of_own(folder, "yours", ground)
    if "project" in ground.sources:
        for folder in ground.brought:
            yield from _of_own(folder, "project", ground)
    outside, twice = ground.home.parents, _checkout_round(top)
    for folder in (*reversed(ground.cwd.parents), ground.cwd):
        if folder in twice:  # the worktree has the shared ones itself, as its branch wants them
            yield from (place for place in of_folder(folder, ground, top) if place.whose == "only you")
        elif folder not in outside:  # nobody keeps the memory of a project above people's homes
            yield from of_folder(folder, ground, top)
    for folder in ground.more:
        if not ground.cwd.is_relative_to(folder):
            yield from of_folder(folder, ground, top)


def _checkout_round(top: Path) -> tuple[Path, ...]:
    """The folders of the main checkout that a worktree of coder's lies in."""
    if top.parent.parts[-2:] != (".claude", "worktrees") or not (top / ".git").is_file():
        return ()
    return tuple(top.parents[:3]) if os.path.lexists(top.parents[2] / ".git") else ()


def of_folder(folder: Path, ground: Ground, top: Path) -> Iterator[Place]:
    """Those of one folder: shared, rules, and the person's own. `top` is that of the repository."""
    is_near = folder.is_relative_to(top)
    root = top if is_near else folder
    if "project" in ground.sources:
        inner = [folder / name for name in _FOLDERS if is_folder(folder / name)]
        if inner:
            theirs = {os.path.realpath(each) for each in (*ground.own, *(ground.home / name for name in _FOLDERS))}
            theirs -= {os.path.realpath(each) for each in ground.brought}
            inner = [each for each in inner if os.path.realpath(each) not in theirs]
        for path in (folder / NAME, *(each / NAME for each in inner), folder / AGENTS):
            yield Place(path, "project", root, folder, is_near=is_near)
        for each in inner:
            yield from _rules(each, "project", root, folder, is_near=is_near)
    if "local" in ground.sources:
        yield Place(folder / LOCAL, "only you", root, folder, is_near=is_near)


def folders_to(touched: Path, ground: Ground) -> Iterator[Path]:
    """The folders of the repository between those read at the start and a path in it, that folder included. Stops
    where somebody else's code begins: at a repository of its own, at installed packages."""
    top = ground.top
    inside = Path(os.path.normpath(touched if is_folder(touched) else touched.parent))
    if not inside.is_relative_to(top):
        real, real_top = Path(os.path.realpath(inside)), os.path.realpath(top)
        if not real.is_relative_to(real_top):
            return
        inside = top / real.relative_to(real_top)
    folder = top
    for part in inside.relative_to(top).parts:
        folder = folder / part
        if part in STRANGERS or is_folder(folder / ".git"):
            return
        if not ground.cwd.is_relative_to(folder):
            yield folder


def _of_own(folder: Path, whose: Whose, ground: Ground) -> Iterator[Place]:
    root = ground.top if whose == "project" else Path("/")
    is_near = whose == "project"
    for name in (NAME, AGENTS):
        yield Place(folder / name, whose, root, ground.cwd, is_near=is_near)
    yield from _rules(folder, whose, root, ground.cwd, is_near=is_near)


def _rules(folder: Path, whose: Whose, root: Path, base: Path, *, is_near: bool) -> Iterator[Place]:
    for path in markdown_below(folder / "rules"):
        yield Place(path, whose, root, base, is_rule=True, is_near=is_near)


def markdown_below(folder: Path) -> list[Path]:
    """The `.md` files in a folder and its folders, links followed, each folder once; by name. Never raises."""
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[Path, int]] = [(folder, 0)]
    looked = 0
    while waiting and len(found) <= MOST_FILES and looked <= _ENTRIES:
        here, depth = waiting.pop()
        try:
            facts = here.stat()
            if not stat.S_ISDIR(facts.st_mode) or (facts.st_dev, facts.st_ino) in seen:
                continue
            seen.add((facts.st_dev, facts.st_ino))
            names = sorted(_some(here, _ENTRIES - looked))
        except (OSError, ValueError):
            continue
        looked += len(names)
        below: list[tuple[Path, int]] = []
        for name in names:
            path = here / name
            if name.endswith(".md") and not is_folder(path):
                found.append(path)
            elif depth < _DEEPEST and is_folder(path):
                below.append((path, depth + 1))
        waiting += reversed(below)
    return sorted(found[: MOST_FILES + 1])


def _some(folder: Path, most: int) -> Iterable[str]:
    with os.scandir(folder) as entries:
        for count, entry in enumerate(entries):
            if count > most:
                return
            yield entry.name
