"""Takes away sessions, and what is left of sessions that are gone. Never one that is open. Must not know entries."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.sessions.load import counted, side_folder
from coder.sessions.locate import everywhere, is_session_id, project_folders
from coder.sessions.lock import held, is_open, note_of

QUOTA = 2_000_000_000  # bytes
_DAY = 86400
_HISTORY = "file-history"
_KEPT = re.compile(r"\.bak\d*")
_HALF_WRITTEN = ("*/.*.tmp", "*/subagents/.*.tmp", "*/blobs/.*.tmp")


@dataclass(frozen=True, slots=True)
class Waste:
    """What may go: `paths` together, `size` in bytes on disk, and why. `session` is the transcript, if it is one."""

    paths: tuple[Path, ...]
    size: int
    why: str
    session: Path | None = None


def belongings(home: Path, transcript: Path) -> tuple[Path, ...]:
    """Everything a session has on disk, the transcript first, with the originals that repairs have kept of it."""
    kept = (path for path in _listed(transcript.parent) if path.name.startswith(f"{transcript.name}.bak"))
    rest = (side_folder(transcript), note_of(transcript), home / _HISTORY / transcript.stem, *kept)
    return (transcript, *(path for path in rest if os.path.lexists(path)))


def size_of(paths: Iterable[Path]) -> int:
    """Bytes of files, and of all files in folders. Links are not followed; never raises."""
    return sum(_size(path) for path in paths)


def remove(home: Path, transcript: Path) -> int:
    """Removes a session with everything it has; the bytes that frees. Raises SessionError when it is open, or stays."""
    try:
        with held(transcript):
            paths = belongings(home, transcript)
            size = size_of(paths)
            for path in paths:
                _take_away(path)
    except OSError as error:
        raise SessionError(f"Session {transcript.stem} cannot be removed: {error.strerror or error}.") from error
    return size


def waste(home: Path, now: float, quota: int = QUOTA, older_than: float | None = None) -> Iterator[Waste]:
    """What a clean-up would take, the leftovers first, then the oldest sessions over the quota.

    `now` in seconds since 1970, `quota` in bytes, `older_than` in seconds: by age only when it is given. What is open
    stays. Blocks while it looks; never raises.
    """
    yield from _leftovers(home, now)
    sessions = everywhere(home)
    sizes = {path: size_of(belongings(home, path)) for path in sessions}
    total = sum(sizes.values())
    for path in reversed(sessions):
        age = now - _modified(path)
        if older_than is not None and age > older_than:
            days = int(age // _DAY)
            why = f"not used for {counted(days, 'day')}" if days else "used less than a day ago"
        elif total > quota:
            why = "oldest over the quota"
        else:
            continue
        if not is_open(path):
            total -= sizes[path]
            yield Waste(belongings(home, path), sizes[path], why, path)


def clean_up(home: Path, found: Iterable[Waste]) -> list[str]:
    """Removes it all. What could not be removed stays, and is said in the lines that come back."""
    problems: list[str] = []
    for each in found:
        try:
            if each.session is not None:
                remove(home, each.session)
            else:
                for path in each.paths:
                    _take_away(path)
        except SessionError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{each.paths[0]} cannot be removed: {error.strerror or error}.")
    return problems


def _leftovers(home: Path, now: float) -> Iterator[Waste]:
    known: set[str] = set()
    for folder in project_folders(home):
        names = _listed(folder)
        known |= {path.stem for path in names if path.suffix == ".jsonl"}
        for path in names:
            name = path.name.partition(".")[0]
            if not is_session_id(name):
                continue
            transcript = folder / f"{name}.jsonl"
            is_rest = _KEPT.fullmatch(path.suffix) or (path.suffix == "" and path.is_dir())
            if path.suffix == ".pid" and not is_open(transcript):
                yield Waste((path,), _size(path), "left by a process that is gone")
            elif is_rest and not transcript.exists() and _is_old(path, now):
                yield Waste((path,), _size(path), "belongs to a session that is gone")
        for path in (made for pattern in _HALF_WRITTEN for made in folder.glob(pattern)):
            if _is_old(path, now):
                yield Waste((path,), _size(path), "half written")
        for path in folder.glob("*/subagents/*.pid"):
            if _is_old(path, now) and not is_open(path.with_suffix(".jsonl")):
                yield Waste((path,), _size(path), "left by a process that is gone")
    for path in (home / "ledger" / "heads").glob(".*"):
        if _is_old(path, now):
            yield Waste((path,), _size(path), "half written")
    for path in _listed(home / _HISTORY):
        if is_session_id(path.name) and path.name not in known and _is_old(path, now):
            yield Waste((path,), _size(path), "belongs to a session that is gone")


def _is_old(path: Path, now: float) -> bool:
    """What is younger than a day may belong to a session that is about to be stored."""
    return now - _modified(path) > _DAY


def _take_away(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _modified(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return float("inf")


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return found.st_size
        return sum(_size(each) for each in path.iterdir())
    return 0
