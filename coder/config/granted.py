"""Which Markdown files of a repository grant something while they are used: rules and hooks in heads of commands and
skills, the mode, hooks, servers and the person's folder in those of agents. For trust to judge; must not know whether
it trusts them, nor what uses such files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from coder.config.shown import shown
from coder.core.agent_servers import described, entries_of
from coder.core.messages import Json
from coder.frontmatter.divided import divided
from coder.frontmatter.found import File, Search
from coder.frontmatter.read import LIMIT, split

RULES, HOOKS, MODE, MEMORY, SERVERS = "allowed-tools", "hooks", "permissionMode", "memory", "mcpServers"
_LOOSE_MODE, _YOURS = "acceptEdits", "user"


def grants(folders: Iterable[Path], cwd: Path, within: Path) -> Iterator[tuple[str, Json]]:
    """What each file below the `folders` (`.claude` and its like) grants, by its name relative to `cwd`; files without
    any are left out. What cannot be read or named plainly is left out too, and so is never trusted.
    """
    search = Search()
    for folder in folders:
        for file, is_agent in _files(folder, search, within):
            data = search.read(file.path)
            name = os.path.relpath(file.path, cwd)
            if data is None or not _mentions(data) or shown(name, 1000) != name:
                continue
            meta = split(data.decode(errors="replace")).meta
            found = _of_agent(meta) if is_agent else {RULES: _rules(meta.get(RULES)), HOOKS: meta.get(HOOKS)}
            if any(found.values()):
                yield name, {**found, "sha256": hashlib.sha256(data).hexdigest()}


def _files(folder: Path, search: Search, within: Path) -> Iterator[tuple[File, bool]]:
    """Each with whether it is an agent."""
    yield from ((file, False) for file in search.skills(folder / "skills", within))
    yield from ((file, False) for file in search.below(folder / "commands", within))
    yield from ((file, True) for file in search.below(folder / "agents", within))


def _of_agent(meta: Mapping[str, object]) -> Json:
    mode, memory = (str(meta.get(key, "")).strip().lower() for key in (MODE, MEMORY))
    return {
        HOOKS: meta.get(HOOKS),
        MODE: _LOOSE_MODE if mode == _LOOSE_MODE.lower() else "",
        MEMORY: _YOURS if memory == _YOURS else "",
        SERVERS: described(entries_of(meta.get(SERVERS))),
    }


def _mentions(data: bytes) -> bool:
    start = data[: 2 * LIMIT]
    return b"---" in start[:200] and any(key.encode() in start for key in (RULES, HOOKS, MODE, MEMORY, SERVERS))


def _rules(value: object) -> list[object]:
    texts = value if isinstance(value, list) else [] if value is None else [value]
    return [rule for text in texts for rule in (divided(text, ", \t\n")[0] if isinstance(text, str) else [text])]
