"""What transcripts say of the sessions that are named: titles, forks, and those of which it is not known what they did.

Must not know journals.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from coder.app.who.values import Gap
from coder.core.ordinary import read_ordinary
from coder.sessions.glimpse import glimpse
from coder.sessions.locate import everywhere, is_session_id, project_folders, project_key

_MOST_LOOKED_AT = 300  # transcripts, the latest
_MOST_BYTES = 16_000_000
_HEAD = 256 * 1024
_WRITES = re.compile(rb'"name":\s*"(?:Edit|MultiEdit|Write|NotebookEdit)"')
_FORKED = re.compile(rb'"forkedFrom":\s*\{\s*"sessionId":\s*"([0-9a-fA-F-]{36})"')
_DEEPEST = 20


class Transcripts:
    """Those below `home`, found by their ids. Nothing here raises."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folders: list[Path] | None = None

    def titles(self, sessions: Iterable[str]) -> dict[str, str]:
        """Of those that are still there."""
        found: dict[str, str] = {}
        for session in dict.fromkeys(sessions):
            path = self._path(session)
            seen = glimpse(path) if path is not None else None
            if seen is not None:
                found[session] = seen.title
        return found

    def depth(self, session: str) -> int:
        """0 for a session that began by itself, 1 for a fork of one, and so on."""
        depth = 0
        while depth < _DEEPEST and (path := self._path(session)) is not None:
            data = b""
            with suppress(OSError):
                data = read_ordinary(path, _HEAD)
            match = _FORKED.search(data)
            if match is None:
                break
            session, depth = match[1].decode("ascii"), depth + 1
        return depth

    def gaps(self, place: Path, known: Collection[str], dropped: Collection[str], name: str = "") -> tuple[Gap, ...]:
        """Sessions of folders that hold `place`, or that it holds, which wrote files and have no journal."""
        found: list[Gap] = []
        for path in self._around(place):
            if path.stem in known:
                continue
            data = b""
            with suppress(OSError):
                data = read_ordinary(path, _MOST_BYTES)
            if path.stem not in dropped and not _WRITES.search(data):
                continue
            seen = glimpse(path)
            if seen is None or seen.is_sidechain or not seen.cwd or not _related(Path(seen.cwd), place):
                continue
            names_it = bool(name) and name.encode("utf-8", "surrogateescape") in data
            found.append(Gap(path.stem, seen.title, seen.modified, names_it))
        return tuple(sorted(found, key=lambda gap: (not gap.names_it, -gap.when)))

    def _around(self, place: Path) -> Iterator[Path]:
        key = project_key(place)
        looked = 0
        for path in everywhere(self._home):
            folder = path.parent.name
            if looked < _MOST_LOOKED_AT and (key.startswith(folder) or folder.startswith(key)):
                looked += 1
                yield path

    def _path(self, session: str) -> Path | None:
        if not is_session_id(session):
            return None
        if self._folders is None:
            self._folders = list(project_folders(self._home))
        with suppress(OSError):
            return next((path for folder in self._folders if (path := folder / f"{session}.jsonl").is_file()), None)
        return None


def _related(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)
