"""A plugin that lies in the repository is the repository's, whoever names it: what it would run and grant is shown and
approved like the rest of it, content by content. Must not know what becomes of that.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from coder.commands.plugins import MANIFEST
from coder.config.granted import grants
from coder.config.trust import judge
from coder.core.config import Config
from coder.core.messages import Json
from coder.core.trust import Trust
from coder.frontmatter.found import levels
from coder.git.repository import Repository, repository_of


def is_brought(path: Path, cwd: Path) -> bool:
    """Whether it lies in the folder or the repository that coder works in, or in any work tree of that. A link in there
    is the repository's wherever it leads."""
    here = Path(os.path.realpath(cwd))
    tops = [levels(here)[-1]]
    if (found := repository_of(here)) is not None and found.shared.name == ".git":
        tops.append(Path(os.path.realpath(found.shared.parent)))
    on_the_way = [Path(os.path.realpath(each)) for each in (path, *path.parents)]
    if any(each.is_relative_to(top) for each in on_the_way for top in tops):
        return True
    shared = _shared(found)
    return shared is not None and any(_shared(repository_of(each)) == shared for each in on_the_way)


def _shared(found: Repository | None) -> str | None:
    return None if found is None else os.path.realpath(found.shared)


def file_of(path: Path, cwd: Path) -> str:
    """What its contents are called among those of the folder: one name for all that it runs."""
    return f"{os.path.relpath(os.path.realpath(path), os.path.realpath(cwd))}/{MANIFEST}"


def trusting(config: Config, path: Path, root: Path, content: Json) -> Trust | None:
    """What of the folder counts, with this plugin in it. `content` is what the plugin would run."""
    here = Path(os.path.realpath(config.cwd))
    contents: dict[str, Json] = dict(grants((root,), here, root))
    if content:
        contents[file_of(path, config.cwd)] = content
    before = config.trust
    if not contents:
        return before
    judged = judge(contents, config.home, config.cwd, once=before is not None and before.once)
    judged = replace(judged, approved=_approved(judged, contents, config.home, path))
    own = {item.file for item in before.brought} if before is not None else set()
    plugins = frozenset(contents).difference(own)
    if before is None:
        return replace(judged, plugins=plugins)
    approved = None
    if before.approved is not None or judged.approved is not None:
        approved = {**(before.approved or {}), **(judged.approved or {})}
    brought = (*before.brought, *judged.brought)
    return replace(before, brought=brought, approved=approved, plugins=before.plugins | plugins)


def _approved(
    judged: Trust, contents: Mapping[str, Json], home: Path, path: Path
) -> Mapping[str, Mapping[str, str]] | None:
    """Also what is approved of the plugin where it lies, as seen from another work tree of its repository: the same
    content needs no other yes."""
    base = Path(os.path.realpath(path))
    names = {os.path.relpath(judged.here / name, base): name for name in contents}
    there = judge({name: contents[own] for name, own in names.items()}, home, base).approved
    if there is None:
        return judged.approved
    every = dict(judged.approved or {})
    for name, own in names.items():
        every[own] = {**every.get(own, {}), **there.get(name, {})}
    return every
