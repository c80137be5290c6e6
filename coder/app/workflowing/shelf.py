"""Which workflows a session may be asked for: what is typed, and what stands beside it in a menu. Must not know how one
runs, so that a list of what there is loads nothing of that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from coder.app.commanding.expanded import Offered
from coder.app.commanding.rows import places_here
from coder.app.workflowing import places
from coder.core.config import Config
from coder.permissions.rules import Rules
from coder.workflows.library import Library
from coder.workflows.workflow import Workflow

_MOST_FOLDERS = 500  # below one place


class Shelf:
    """`reserved` are the names of the session's own commands, `rules` those of the moment."""

    def __init__(self, config: Config, reserved: Collection[str], rules: Callable[[], Rules]) -> None:
        self._config = config
        self._reserved = reserved
        self._rules = rules
        self._offered: tuple[Hashable, tuple[Offered, ...]] | None = None

    def library(self) -> Library:
        """Blocks while it reads."""
        return places.library_here(self._config, self._reserved, self._rules())

    def has(self, name: str) -> bool:
        return self.library().find(name) is not None

    def offered(self) -> tuple[Offered, ...]:
        """Read anew only when a file is there, gone or changed: it is asked for with every key of a line."""
        now = self._stamp()
        if self._offered is None or self._offered[0] != now:
            library = places.library(self._config, reserved=self._reserved)  # which agents there are matters to a run
            entries = [(entry, entry.workflow) for entry in library.entries if not entry.note]
            offered = (
                Offered(entry.name, found.description, _hint(found), entry.origin, "workflow")
                for entry, found in entries
                if found is not None
            )
            self._offered = now, tuple(offered)
        return self._offered[1]

    def _stamp(self) -> Hashable:
        """Which files there are, how long, and when they were written; also of commands, which may come first."""
        roots = [folder.path for folder in places.workflow_folders(self._config)]
        roots += [place.folder for place in places_here(self._config) if place.kind in {"commands", "skills"}]
        return tuple(_stamps(roots))


def _stamps(roots: Iterable[Path]) -> Iterator[tuple[str, int, int]]:
    for root in roots:
        left = [str(root)]
        for _ in range(_MOST_FOLDERS):
            if not left:
                break
            with suppress(OSError), os.scandir(left.pop()) as entries:
                for entry in entries:
                    if entry.is_dir():
                        left.append(entry.path)
                    elif entry.name.endswith(".md"):
                        found = entry.stat()
                        yield entry.path, found.st_size, found.st_mtime_ns


def _hint(workflow: Workflow) -> str:
    return " ".join(f"<{each.name}>" if each.required else f"[{each.name}]" for each in workflow.arguments)
