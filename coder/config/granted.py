"""Which Markdown files of a repository grant something while they are used: rules and hooks in heads of commands and
skills. For trust to judge; must not know whether it trusts them, nor what uses such files.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from coder.config.shown import shown
from coder.core.messages import Json
from coder.frontmatter.divided import divided
from coder.frontmatter.found import File, Search
from coder.frontmatter.read import LIMIT, split

RULES, HOOKS = "allowed-tools", "hooks"


def grants(folders: Iterable[Path], cwd: Path, within: Path) -> Iterator[tuple[str, Json]]:
    """What each file below the `folders` (`.claude` and its like) grants, by its name relative to `cwd`; files without
    any are left out. What cannot be read or named plainly is left out too, and so is never trusted.
    """
    search = Search()
    for folder in folders:
        for file in _files(folder, search, within):
            data = search.read(file.path)
            name = os.path.relpath(file.path, cwd)
            if data is None or not _mentions(data) or shown(name, 1000) != name:
                continue
            meta = split(data.decode(errors="replace")).meta
            rules, hooks = _rules(meta.get(RULES)), meta.get(HOOKS)
            if rules or hooks:
                yield name, {RULES: rules, HOOKS: hooks, "sha256": hashlib.sha256(data).hexdigest()}


def _files(folder: Path, search: Search, within: Path) -> Iterator[File]:
    yield from search.skills(folder / "skills", within)
    yield from search.below(folder / "commands", within)


def _mentions(data: bytes) -> bool:
    start = data[: 2 * LIMIT]
    return b"---" in start[:200] and (RULES.encode() in start or HOOKS.encode() in start)


def _rules(value: object) -> list[object]:
    texts = value if isinstance(value, list) else [] if value is None else [value]
    return [rule for text in texts for rule in (divided(text, ", \t\n")[0] if isinstance(text, str) else [text])]
