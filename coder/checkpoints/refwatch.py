"""Watches where the names of repositories point, round each command: HEAD, branches, the stash, work trees.

Where they pointed last lies in a file of the session, so that after a crash it is known what the command moved that was
cut off. Must not know commands, nor fail one: what cannot be told is left out.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from coder.checkpoints.contents import private_folder
from coder.checkpoints.entries import path_from_json, path_to_json
from coder.checkpoints.refmoves import MOST_STEPS, Cause, RefMoves
from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary
from coder.git.call import Git
from coder.git.reflog import Step, log_size, steps_of
from coder.git.refs import Names, RefMove, RefReader, moved
from coder.git.repository import Repository, repository_of

_Compared: TypeAlias = tuple[tuple[RefMove, ...], tuple[Step, ...]]
_MOST_SAVED = 64_000_000
_MOST_BESIDE = 200  # entries of a working folder that is no repository which are looked at for some
_MOST_WATCHED = 20


@dataclass(slots=True)
class _Seen:
    """`log` is which file HEAD's log was and how long."""

    names: Names
    log: tuple[int, int]
    when: float


class RefWatch:
    """The repositories of the working folders of one session, whose journal lies in `folder`. Nothing here raises."""

    def __init__(self, folder: Path, roots: Iterable[Path], git: Git) -> None:
        self._folder = folder
        self._without = list(roots)  # that lie in no repository yet
        self._git = git
        self._readers: dict[Path, RefReader] = {}
        self._seen: dict[Path, _Seen] = {}
        self._written: dict[Path, _Seen] = {}
        self._since = 0.0

    def add(self, repository: Repository) -> None:
        """Watches this one too from now on."""
        if repository.folder not in self._readers and len(self._readers) < _MOST_WATCHED:
            self._readers[repository.folder] = RefReader(repository, self._git)

    def look(self, id: str, what: str, cause: Cause, now: float) -> list[RefMoves]:
        """What moved since the last look. A repository that another brought along has not moved; one that came to be
        in a working folder since has."""
        self._find(new=bool(self._since))
        found: list[RefMoves] = []
        for place, reader in list(self._readers.items()):
            names = reader.look()
            if names is None and place.is_dir():  # it cannot be read just now
                continue
            seen = _Seen(names or {}, log_size(place / "logs" / "HEAD"), now)
            before = self._seen.get(place)
            if before is not None and (compared := _compared(reader.repository, before, seen)) is not None:
                found.append(_record(id, cause, what, reader.repository, compared, before, seen))
            self._seen[place] = seen
            if names is None:
                self._gone(place, reader.repository)
        self._since = now
        return found

    def save(self) -> None:
        """Where everything points now is known after a crash."""
        if not self._written:
            self._clear(self._folder.glob("refs-*.json"))  # of a process that was killed
        for place, seen in self._seen.items():
            written = self._written.get(place)
            if written is not None and written.names is seen.names and written.log == seen.log:
                continue
            with suppress(OSError):
                _write(self._file(place), _to_json(self._readers[place].repository, seen))
                self._written[place] = seen

    def recover(self, id: str, what: str, now: float, known: Iterable[RefMoves]) -> list[RefMoves]:
        """What moved since it was saved, which was before a command that was cut off. `known` is journalled already."""
        noted = {(each.id, each.top) for each in known}
        found: list[RefMoves] = []
        for file in sorted(self._folder.glob("refs-*.json")):
            saved = _saved(file)
            if saved is None:
                continue
            repository, before = saved
            names = RefReader(repository, self._git).look()
            if (id, str(repository.top)) in noted or (names is None and repository.folder.is_dir()):
                continue
            seen = _Seen(names or {}, log_size(repository.folder / "logs" / "HEAD"), now)
            if (compared := _compared(repository, before, seen)) is not None:
                found.append(_record(id, "command", what, repository, compared, before, seen))
        return found

    def close(self) -> None:
        """Nothing is under way any more. What another process of this session saved stays."""
        self._clear(map(self._file, self._written))
        self._written.clear()

    def _find(self, *, new: bool) -> None:
        """The repositories that the working folders lie in; where there is none, at first those right below."""
        for root in list(self._without):
            repository = repository_of(root)
            if repository is not None:
                self._without.remove(root)
                self.add(repository)
                if new:
                    self._seen[repository.folder] = _Seen({}, (0, 0), self._since)
            elif not new:
                for below in _below(root):
                    self.add(below)

    def _gone(self, place: Path, repository: Repository) -> None:
        del self._readers[place], self._seen[place]
        self._clear([self._file(place)] if self._written.pop(place, None) else [])
        self._without.append(repository.top)

    def _clear(self, files: Iterable[Path]) -> None:
        for file in list(files):
            with suppress(OSError):
                file.unlink()

    def _file(self, place: Path) -> Path:
        return self._folder / f"refs-{hashlib.sha256(os.fsencode(place)).hexdigest()[:24]}.json"


def _below(root: Path) -> Iterator[Repository]:
    with suppress(OSError), os.scandir(root) as entries:
        for entry in islice(entries, _MOST_BESIDE):
            if os.path.lexists(f"{entry.path}/.git") and (found := repository_of(Path(entry.path))) is not None:
                yield found


def _compared(repository: Repository, before: _Seen, seen: _Seen) -> _Compared | None:
    """None when nothing is different."""
    moves = moved(before.names, seen.names)
    grown = before.log[0] in (0, seen.log[0]) and seen.log[1] > before.log[1]
    steps = steps_of(repository.folder / "logs" / "HEAD", before.log[1]) if grown else ()
    return (moves, steps[-MOST_STEPS:]) if moves or steps else None


def _record(
    id: str,
    cause: Cause,
    what: str,
    repository: Repository,
    compared: _Compared,
    before: _Seen,
    seen: _Seen,
) -> RefMoves:
    places = (str(repository.shared), str(repository.top))
    return RefMoves(id, cause, what, *places, *compared, before.when, seen.when, seen.names.get(("on", ""), ""))


def _write(file: Path, raw: object) -> None:
    private_folder(file.parent)
    draft = file.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(json.dumps(raw, separators=(",", ":")).encode("ascii"))
    draft.replace(file)


def _to_json(repository: Repository, seen: _Seen) -> object:
    places = [path_to_json(str(each)) for each in (repository.top, repository.folder, repository.shared)]
    names = [[kind, name, value] for (kind, name), value in seen.names.items()]
    return {"places": places, "log": seen.log, "when": seen.when, "names": names}


def _saved(file: Path) -> tuple[Repository, _Seen] | None:
    try:
        raw = json.loads(read_ordinary(file, _MOST_SAVED))
        top, folder, shared = (Path(path_from_json(each)) for each in raw["places"])
        inode, size = map(int, raw["log"])
        names: Names = {(kind, str(name)): str(value) for kind, name, value in raw["names"]}
        return Repository(top, folder, shared), _Seen(names, (inode, size), float(raw["when"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
