"""Keeps the store of checkpoints within bounds: drops what no session needs, then the oldest sessions' checkpoints.

Must not know what sessions are; whoever calls says which are gone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from coder.checkpoints.changelog import NAME, Begun, ChangeSet, is_running, read_log
from coder.checkpoints.contents import Contents
from coder.checkpoints.dropped import note_dropped
from coder.checkpoints.entries import Entry
from coder.checkpoints.held import drop_of
from coder.checkpoints.limits import MOST_STORED_BYTES
from coder.core.dataclass import dataclass

_ROOTS = "roots"


@dataclass(frozen=True, slots=True)
class Freed:
    """`sessions` whose checkpoints went, how many contents, and the bytes they took."""

    sessions: tuple[str, ...]
    contents: int
    bytes: int


def collect(base: Path, gone: Collection[str] = (), *, most: int = MOST_STORED_BYTES, dry_run: bool = False) -> Freed:
    """Drops the checkpoints of the sessions that are `gone`, of the oldest others while more than `most` bytes are
    stored, and every content that is then needed no more. Running sessions keep theirs. Blocks; raises CheckpointError.
    """
    contents = Contents(base)
    try:
        sizes = contents.sizes()
        needed = {folder: _needed(folder) for folder in _sessions(base)}
        dropped = [folder for folder in needed if folder.name in gone and not is_running(folder)]
        kept = [folder for folder in needed if folder not in dropped]
        caches = list(_files(base / _ROOTS))
        shared = {content for cache in caches for content in _of_rows(cache)}
        while kept and _total(sizes, shared.union(*(needed[folder] for folder in kept))) > most:
            if caches:  # these only spare a first look
                shared, unlinked = set(), caches
                caches = []
                if not dry_run:
                    for cache in unlinked:
                        cache.unlink(missing_ok=True)
                continue
            oldest = next((folder for folder in kept if not is_running(folder)), None)
            if oldest is None:
                break
            kept.remove(oldest)
            dropped.append(oldest)
        if not dry_run:
            note_dropped(base, (folder.name for folder in dropped if folder.name not in gone))
            for folder in dropped:
                shutil.rmtree(folder, ignore_errors=True)
            for session in {*gone, *(folder.name for folder in dropped)}:
                if not is_running(base / session):
                    drop_of(base, session)
        count, size = contents.keep_only(shared.union(*(needed[folder] for folder in kept)), dry_run=dry_run)
        return Freed(tuple(folder.name for folder in dropped), count, size)
    finally:
        contents.close()


def stored_bytes(base: Path) -> int:
    """What the store takes on disk."""
    total = 0
    for file in _files(base):
        with suppress(OSError):
            total += file.stat().st_size
    return total


def _sessions(base: Path) -> list[Path]:
    """Those with a journal, the oldest first."""
    found: list[tuple[float, Path]] = []
    try:
        with os.scandir(base) as entries:
            for entry in entries:
                with suppress(OSError):
                    found.append(((Path(entry.path) / NAME).stat().st_mtime, Path(entry.path)))
    except OSError:
        return []
    return [folder for _, folder in sorted(found)]


def _files(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from [each for each in folder.iterdir() if each.is_file()]


def _needed(folder: Path) -> set[str]:
    found: set[str] = set()
    for record in read_log(folder):
        if isinstance(record, ChangeSet):
            for change in record.changes:
                found |= _ids(change.before) | _ids(change.after)
        elif isinstance(record, Begun):
            for _, entry in record.named:
                found |= _ids(entry)
    for file in _files(folder):
        if file.name.startswith("rows-"):
            found |= _of_rows(file)
    return found


def _ids(entry: Entry | None) -> set[str]:
    return {entry.content} if entry is not None and entry.kind == "file" else set()


def _of_rows(file: Path) -> set[str]:
    found: set[str] = set()
    with suppress(OSError, ValueError, KeyError, TypeError), file.open("rb") as stream:
        for line in stream:
            found |= {row[5] for row in json.loads(line)["set"].values() if str(row[5]).startswith("b:")}
    return found


def _total(sizes: dict[str, int], contents: Collection[str]) -> int:
    return sum(sizes.get(content, 0) for content in contents)
