"""Adds MCP servers to the file of a scope, takes them out, and turns them off for a project: one entry at a time, under
a lock, whole or not at all, with every other character left as it was. Must not know what an entry means.

All functions block on the disk. They raise ConfigError, and nothing is changed then.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.config import splice
from coder.config.global_file import MOST, project_of, projects
from coder.config.jsonfile import read_object, read_text
from coder.config.paths import global_files
from coder.config.replace import locked, replace
from coder.config.servers import MCP_FILE
from coder.config.trust import approve_part
from coder.config.write import changed
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.private import made_private

Scope: TypeAlias = Literal["local", "project", "user"]
SCOPES: tuple[Scope, ...] = ("local", "project", "user")
_SERVERS = "mcpServers"
_OFF, _ON = "disabledMcpServers", "enabledMcpServers"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the servers of a scope stand: the keys that lead there in a file. `folder` is that of the project."""

    scope: Scope
    path: Path
    keys: tuple[str, ...]
    folder: Path


def spot_of(scope: Scope, home: Path, start: Path) -> Spot:
    """Where a new server of a scope goes."""
    own = global_files(home, {})[0]
    match scope:
        case "local":
            return Spot(scope, own, ("projects", project_of(start), _SERVERS), start)
        case "project":
            return Spot(scope, start / MCP_FILE, (_SERVERS,), start)
        case "user":
            return Spot(scope, own, (_SERVERS,), start)


def spots(home: Path, start: Path) -> tuple[Spot, ...]:
    """Everywhere that we write a server which counts in `start`, the strongest first."""
    own = global_files(home, {})[0]
    local = tuple(Spot("local", own, ("projects", key, _SERVERS), start) for key in projects(start))
    return (*local, spot_of("project", home, start), spot_of("user", home, start))


def entries(spot: Spot) -> Mapping[str, Any]:
    """The entries that stand there, as written."""
    parsed = read_object(spot.path, MOST)
    value: object = {} if parsed is None else parsed.value
    for key in spot.keys:
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return value if isinstance(value, dict) else {}


def add(spot: Spot, name: str, entry: Mapping[str, Any], home: Path) -> None:
    """Adds a server that is not there yet. One of a project counts as approved as it is: the person has said it."""
    keys = (*spot.keys, name)

    def put(text: str) -> str:
        if splice.has(text, keys):
            where = f"coder mcp remove {name} --scope {spot.scope}"
            raise ConfigError(f"MCP server {name} already exists in {spot.scope} config. To change it, first: {where}")
        return splice.with_value(text, keys, dict(entry))

    if spot.scope == "project":
        approve_part(home, spot.folder, MCP_FILE, {_SERVERS: {name: dict(entry)}}, lambda: _edit(spot, keys, put))
    else:
        _edit(spot, keys, put)


def remove(spot: Spot, name: str) -> bool:
    """Whether it stood there."""
    keys = (*spot.keys, name)
    return _edit(spot, keys, lambda text: splice.without_value(text, keys))


def turn(home: Path, start: Path, name: str, *, is_on: bool) -> bool:
    """Turns a server on or off in the project that `start` is in, for sessions to come. Whether that is a change."""
    spot = spot_of("local", home, start)
    changes = False
    for key in dict.fromkeys((spot.keys[1], *projects(start))):
        at = Spot("local", spot.path, ("projects", key), start)
        here = key == spot.keys[1]
        for which, wanted in ((_OFF, not is_on and here), (_ON, is_on and here)):
            changes |= _edit(at, (*at.keys, which), _toggled((*at.keys, which), name, wanted))
    return changes


def _toggled(keys: tuple[str, ...], name: str, wanted: bool) -> Callable[[str], str]:
    change = splice.with_item if wanted else splice.without_item
    return lambda text: change(text, keys, name)


def _edit(spot: Spot, keys: tuple[str, ...], change: Callable[[str], str]) -> bool:
    """Whether the file had to change."""
    is_private = spot.scope != "project"
    path = spot.path
    if not os.path.lexists(path) and change("{}\n") == "{}\n":
        return False
    try:
        if is_private:
            made_private(path.parent)
        target = Path(os.path.realpath(path))
        if not is_private and target.parent != Path(os.path.realpath(path.parent)):
            raise ConfigError(f"{path} leads out of the project, to {target}. Nothing was changed.")
        with locked(target.parent) as alone:
            old = read_text(target, MOST)
            new = changed(path, "{}\n" if old is None else old, keys, change)
            if new == old:
                return False
            if is_private and old is not None:
                _make_private(target)
            replace(target, new.encode(), 0o600 if is_private else 0o666, locked=alone)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}. Nothing was changed.") from error
    return True


def _make_private(path: Path) -> None:
    """Entries hold keys of the person's."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        path.chmod(mode & 0o700)
