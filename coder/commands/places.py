"""Where commands, skills, agents and output styles may lie, the strongest place first. Must not know what files say."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from coder.commands.definition import Origin
from coder.core import prompts
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.frontmatter.folders import REPOSITORY, STRANGERS
from coder.frontmatter.found import File, Search, levels

Kind: TypeAlias = Literal["skills", "commands", "agents", "output-styles"]
KINDS: tuple[Kind, ...] = ("skills", "commands", "agents", "output-styles")
_SKILLS_ONLY = ".agents"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that may be there. `within` bounds its links, None: they lead anywhere. `prefix` is the namespace of
    what lies in it, `plugin` the folder of the plugin. `single`: it is one skill itself, or one file.
    `data` is where its plugin may keep things, `options` what its texts may name of what the person set for it.
    """

    folder: Path
    kind: Kind
    origin: Origin
    within: Path | None = None
    prefix: str = ""
    plugin: Path | None = None
    single: bool = False
    data: Path | None = None
    options: tuple[tuple[str, str], ...] = ()


def places_of(config: Config, managed: Path, plugins: Iterable[Place] = ()) -> tuple[Place, ...]:
    """Those of a session. `managed` is the administrator's folder, `plugins` the places of plugins in use."""
    guidance = config.guidance
    plugins = (*plugins, *_of_plugins(config))
    user_home = Path(home) if (home := config.env.get("HOME", "")).startswith("/") else None
    found = places(
        config.cwd,
        config.home,
        user_home=user_home,
        managed=managed,
        add_dirs=config.add_dirs,
        plugins=plugins,
        sources=guidance.sources,
        bundled=guidance.bundled,
    )
    return found if guidance.commands else tuple(place for place in found if place.kind not in {"skills", "commands"})


def places(
    cwd: Path,
    home: Path,
    *,
    user_home: Path | None = None,
    managed: Path | None = None,
    add_dirs: Iterable[Path] = (),
    plugins: Iterable[Place] = (),
    sources: Collection[str] = ("user", "project"),
    bundled: bool = True,
) -> tuple[Place, ...]:
    """`home` is where we write; the person's `~/.claude` and `~/.agents` count beside it where that is `~/.coder`.

    A folder of the person's that lies in the repository of `cwd` comes from the repository, and counts as its own.
    """
    every = levels(cwd)
    own = [home]
    if user_home is not None and home == user_home / ".coder":
        own += [user_home / ".claude", user_home / ".agents"]
    is_repository = len(every) > 1 or os.path.lexists(every[-1] / ".git")
    brought = {folder for folder in own if is_repository and _is_below(folder, every[-1])}
    found: list[Place] = []
    if managed is not None:
        found += _kinds(managed / ".claude", "managed", None)
    if "user" in sources:
        for folder in own:
            if folder not in brought:
                found += _kinds(folder, "yours", None)
    taken = {os.path.realpath(place.folder) for place in found}
    if "project" in sources:
        for level in every:
            for name in REPOSITORY:
                found += _new(_kinds(level / name, "project", every[-1]), taken)
        for folder in brought:
            found += _new(_kinds(folder, "project", every[-1]), taken)
    for folder in add_dirs:
        for name in REPOSITORY:
            found += _new(_kinds(folder / name, "added", folder), taken)
    found += plugins
    if bundled:
        found.append(Place(prompts.folder() / "commands", "commands", "built-in"))
    return tuple(found)


def _of_plugins(config: Config) -> Iterator[Place]:
    for plugin in config.plugins.loaded if config.plugins is not None else ():
        for each in plugin.places:
            prefix = f"{plugin.name}:"
            own = (plugin.root, each.single, plugin.data, plugin.options)
            yield Place(each.folder, each.kind, "plugin", plugin.root, prefix, *own)


def nested_places(folder: Path, cwd: Path) -> tuple[Place, ...]:
    """The skills of a folder below `cwd`, and of those between, for when something in it was touched: the deepest
    first. Each is called `sub/dir:name`. Ends where somebody else's code begins, at a repository of its own or at
    installed packages, and at a folder whose name could not stand in such a name.
    """
    if not folder.is_relative_to(cwd):
        return ()
    found: list[Place] = []
    level = cwd
    for part in folder.relative_to(cwd).parts:
        level = level / part
        if part in STRANGERS or os.path.lexists(level / ".git") or not _can_be_told(part):
            break
        prefix = f"{level.relative_to(cwd).as_posix()}:"
        places = [Place(level / name / "skills", "skills", "project", levels(cwd)[-1], prefix) for name in REPOSITORY]
        found = places + found
    return tuple(found)


def files_in(place: Place, search: Search) -> Iterator[File]:
    """The files of a place, by name."""
    if place.single:
        path = place.folder / "SKILL.md" if place.kind == "skills" else place.folder
        return iter((File(path, (place.folder.name.removesuffix(".md"),)),))
    if place.kind == "skills":
        return search.skills(place.folder, place.within)
    return search.below(place.folder, place.within)


def _can_be_told(part: str) -> bool:
    """Whether the name of a folder stays a name in a list of names."""
    return visible_line(part) == part and not set(part) & set(":<>")


def _kinds(folder: Path, origin: Origin, within: Path | None) -> Iterator[Place]:
    kinds = KINDS if folder.name != _SKILLS_ONLY else KINDS[:1]
    return (Place(folder / kind, kind, origin, within) for kind in kinds)


def _new(found: Iterable[Place], taken: set[str]) -> Iterator[Place]:
    """One folder is one place, whatever links lead to it."""
    for place in found:
        if (real := os.path.realpath(place.folder)) not in taken:
            taken.add(real)
            yield place


def _is_below(folder: Path, top: Path) -> bool:
    return Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(top))
