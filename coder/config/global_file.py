"""`.claude.json` in the config home: the person's servers, and what they chose for each project, as it counts here.
Must not know what an entry of a server means, nor write.

    {"mcpServers": {…}, "projects": {"/abs/path": {"mcpServers": {…}, "disabledMcpServers": ["name"]}}}
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.config.jsonfile import read_object
from coder.config.paths import doubts, global_files, is_brought, main_folder
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError

if TYPE_CHECKING:
    from coder.core.messages import Json

MOST = 32 * 1024 * 1024  # Claude Code keeps its whole history there


@dataclass(frozen=True, slots=True, repr=False)
class Own:
    """What one such file says for a folder. `local` are the servers by the project they stand under, the nearest first;
    `off` and `on` the names that were turned off there, and on."""

    path: Path
    user: Mapping[str, Any] = field(default_factory=dict)
    local: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    off: frozenset[str] = frozenset()
    on: frozenset[str] = frozenset()


def owned(home: Path, env: Mapping[str, str], start: Path) -> tuple[tuple[Own, ...], tuple[str, ...]]:
    """What the person's files say for the folder `start`, the strongest first, and warnings about what is not used.

    Never raises for what stands in them.
    """
    found: list[Own] = []
    warnings: list[str] = []
    for path in filter(os.path.lexists, global_files(home, env)):
        if is_brought(path.parent, start):
            warnings.append(f"{path} lies in the repository you work in, so none of its MCP servers is used.")
            continue
        doubt = doubts(path)
        if doubt is not None and doubt.foreign:
            warnings.append(f"{doubt.text} {path} is not used.")
            continue
        try:
            parsed = read_object(path, MOST)
        except ConfigError as error:
            warnings.append(f"{error} None of its MCP servers is used.")
            continue
        if parsed is None:
            continue
        one = _said(path, parsed.value, start, warnings)
        if doubt is not None:
            warnings.append(f"{doubt.text} None of the MCP servers in {path} is used.")
            one = Own(path, off=one.off)
        found.append(one)
    return tuple(found), tuple(warnings)


def project_of(start: Path) -> str:
    """The key of the project that `start` is in: the top of its repository, or of the main checkout of it."""
    return list(projects(start))[-1]


def projects(start: Path) -> Iterator[str]:
    """The keys that count for a folder, the nearest first."""
    real = Path(os.path.realpath(start))
    top = next((place for place in (real, *real.parents) if os.path.lexists(place / ".git")), real)
    above = [place for place in (real, *real.parents) if place.is_relative_to(top)]
    main = main_folder(top)
    yield from dict.fromkeys(map(str, (start, *above, *([] if main is None else [os.path.realpath(main)]))))


def _said(path: Path, value: Json, start: Path, warnings: list[str]) -> Own:
    every = _object(value, "projects", path, "", warnings)
    local: list[tuple[str, Mapping[str, Any]]] = []
    off: set[str] = set()
    on: set[str] = set()
    for key in projects(start):
        if key not in every:
            continue
        entry = _object(every, key, path, "projects.", warnings)
        where = f"projects.{key}."
        if servers := _object(entry, "mcpServers", path, where, warnings):
            local.append((key, servers))
        off |= _names(entry, "disabledMcpServers", path, where, warnings)
        on |= _names(entry, "enabledMcpServers", path, where, warnings)
    return Own(path, _object(value, "mcpServers", path, "", warnings), tuple(local), frozenset(off), frozenset(on))


def _object(within: Mapping[str, Any], key: str, path: Path, where: str, warnings: list[str]) -> Mapping[str, Any]:
    value = within.get(key)
    if value is not None and not isinstance(value, dict):
        warnings.append(f"{path}: {where}{key} must be an object. It is not used.")
    return value if isinstance(value, dict) else {}


def _names(within: Mapping[str, Any], key: str, path: Path, where: str, warnings: list[str]) -> set[str]:
    value = within.get(key)
    if value is not None and not isinstance(value, list):
        warnings.append(f"{path}: {where}{key} must be a list of names. It is not used.")
    return {name for name in (value if isinstance(value, list) else ()) if isinstance(name, str)}
