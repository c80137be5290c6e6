"""What there is to check in a file or folder: a project, a plugin, a marketplace, or a loose collection of such files.

Must not know what a mistake is in any of them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from coder.commands.definition import Mistake
from coder.commands.places import KINDS, Kind, Place
from coder.commands.plugins import MANIFEST, MARKET, Plugin, load_plugin, market_plugins
from coder.frontmatter.folders import REPOSITORY

_MOST_FOLDERS = 20_000


def targets(path: Path, mistakes: list[Mistake]) -> tuple[tuple[Place, ...], tuple[Plugin, ...]]:
    """What there is to check in a file or folder."""
    if path.is_file():
        return (_place_of(path),), ()
    if not path.is_dir():
        mistakes.append(Mistake(path, 0, "there is no such file or folder"))
        return (), ()
    plugins: list[Plugin] = []
    if (path / MARKET).is_file():
        listed, wrong = market_plugins(path)
        plugins += listed
        mistakes += wrong
    if (path / MANIFEST).is_file():
        plugins = [plugin for plugin in plugins if plugin.root != path] + [load_plugin(path)]
    covered = {place.folder for plugin in plugins for place in plugin.places}
    places = [place for place in _folders(path, plugins) if place.folder not in covered]
    return tuple(places), tuple(plugins)


def _place_of(path: Path) -> Place:
    """What a single file is, by where it lies."""
    above = [folder.name for folder in path.parents]
    if path.name == "SKILL.md":
        return Place(path.parent, "skills", "project", single=True)
    kind: Kind = next((_kind(Path(name)) for name in above if name in KINDS[1:]), "commands")
    return Place(path, kind, "project", single=True)


def _folders(root: Path, plugins: Iterable[Plugin]) -> Iterator[Place]:
    """Every folder below that is called like one that holds such files; the folder itself when there is none."""
    if root.name in KINDS and not _is_whole(root, plugins):
        yield Place(root, _kind(root), "project", root)
        return
    owned = {plugin.root for plugin in plugins} - {root}
    found = bool(plugins)
    waiting, looked = deque([root]), 0
    while waiting and looked < _MOST_FOLDERS:
        folder, looked = waiting.popleft(), looked + 1
        if folder != root and (folder / MANIFEST).is_file():
            yield from load_plugin(folder).places
            found = True
            continue
        for entry in _inner(folder):
            if entry.name in KINDS or _holds_skills(entry):
                found = True
                yield Place(entry, _kind(entry), "project", root, _prefix(entry.parent, root))
            elif entry not in owned and not (entry / "SKILL.md").is_file():
                waiting.append(entry)
            if entry.name == "skills":  # those of a category lie a folder deeper
                waiting.append(entry)
    if not found:
        single = (root / "SKILL.md").is_file()
        yield Place(root, "skills" if single else "commands", "project", root, single=single)


def _is_whole(root: Path, plugins: Iterable[Plugin]) -> bool:
    """A repository, plugin or marketplace that only happens to be called like a folder in one."""
    return bool(tuple(plugins)) or os.path.lexists(root / ".git") or any((root / name).is_dir() for name in REPOSITORY)


def _kind(folder: Path) -> Kind:
    return next((kind for kind in KINDS if kind == folder.name), "skills")


def _inner(folder: Path) -> list[Path]:
    try:
        inner = sorted((entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()), key=_rank)
    except OSError:
        return []
    return [
        entry
        for entry in inner
        if entry.name != "node_modules" and (not entry.name.startswith(".") or entry.name in REPOSITORY)
    ]


def _rank(folder: Path) -> tuple[int, str]:
    """Where two have one name, the one that counts in a session comes first."""
    return (REPOSITORY.index(folder.name) if folder.name in REPOSITORY else len(REPOSITORY), folder.name)


def _holds_skills(folder: Path) -> bool:
    """A category: a folder of skill folders."""
    return folder.parent.name == "skills" and any((entry / "SKILL.md").is_file() for entry in _inner(folder))


def _prefix(folder: Path, root: Path) -> str:
    """Files of different folders of a collection do not shadow one another."""
    names = [name for name in folder.relative_to(root).parts if name not in REPOSITORY]
    return "".join(f"{name}:" for name in names)
