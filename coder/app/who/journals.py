"""The change journals of all sessions, read for what they say of one thing: each record with the turn it belongs to.

Must not know what is asked. A fork begins with the journal of another session: what both have is the other's.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from coder.app.who.values import Turn
from coder.checkpoints.changelog import NAME, Begun, ChangeSet, Mark, record_of
from coder.checkpoints.entries import path_to_json
from coder.checkpoints.refmoves import RefMoves
from coder.core.dataclass import dataclass

_PROMPT = 2000  # characters
# How `ChangeLog` begins and ends its lines. In a text of JSON no quote stands alone.
_HEAD = re.compile(rb'\{"t":"([a-z]+)","id":"([^"\\]*)"')
_MESSAGE = b'"why":""}'
_WATCHED = b'"refs":true}'


@dataclass(frozen=True, slots=True)
class Told:
    """`began` is when the call began, as far as that is known. `watched`: what it moved in repositories was noted."""

    record: ChangeSet | RefMoves
    turn: Turn
    began: float
    roots: tuple[str, ...] = ()
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Journal:
    session: str
    told: tuple[Told, ...]


def journals(base: Path, depth: Callable[[str], int], texts: Sequence[str], *, refs: bool = False) -> list[Journal]:
    """What they say of paths that hold one of the texts; with `refs` what moved in repositories instead. `depth` tells
    how often a session was forked. Never raises."""
    wanted = [json.dumps(path_to_json(text))[1:-1].encode("ascii") for text in texts]
    read: list[Journal] = []
    for folder in _folders(base):
        told = tuple(_told(folder, wanted, refs=refs))
        if told:
            read.append(Journal(folder.name, told))
    holders = Counter(_key(told) for each in read for told in each.told)
    shared = {key for key, count in holders.items() if count > 1}
    if not shared:
        return read
    read.sort(key=lambda each: depth(each.session) if any(_key(told) in shared for told in each.told) else 0)
    seen: set[tuple[str, float]] = set()
    found: list[Journal] = []
    for each in read:
        own = tuple(told for told in each.told if _key(told) not in seen)
        seen |= {_key(told) for told in own} & shared
        found.append(Journal(each.session, own))
    return found


def with_journals(base: Path) -> set[str]:
    """The ids of the sessions that have one."""
    return {folder.name for folder in _folders(base)}


def _folders(base: Path) -> list[Path]:
    """The one that was written to longest ago first."""
    found: list[tuple[int, Path]] = []
    with suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            with suppress(OSError):
                place = Path(entry.path, NAME)
                found.append((place.stat().st_mtime_ns, Path(entry.path)))
    return [folder for _, folder in sorted(found)]


def _told(folder: Path, wanted: Sequence[bytes], *, refs: bool) -> Iterator[Told]:
    """Only lines that count are read as JSON: most do not."""
    turn, mark = Turn(folder.name), b""
    began: dict[bytes, bytes] = {}
    for line in _lines(folder / NAME):
        head = _HEAD.match(line)
        kind, id = head.groups() if head is not None else (b"", b"")
        if kind == b"mark":
            mark = line if line.endswith(_MESSAGE) else mark
            continue
        if kind == b"began":
            began[id] = line
            continue
        is_wanted = kind == b"refs" if refs else kind == b"changed" and any(text in line for text in wanted)
        was_unwatched = refs and kind == b"changed" and id in began and not began[id].endswith(_WATCHED)
        record = record_of(line) if is_wanted or was_unwatched else None
        if record is None:
            continue
        if mark:
            found, mark = record_of(mark), b""
            turn = Turn(folder.name, found.text[:_PROMPT], found.id) if isinstance(found, Mark) else turn
        if isinstance(record, RefMoves):
            yield Told(record, turn, record.began)
        elif isinstance(record, ChangeSet):
            start = record_of(began[id]) if id in began else None
            if isinstance(start, Begun):
                yield Told(record, turn, start.when, start.scanned, start.refs)
            else:
                yield Told(record, turn, record.when)


def _lines(file: Path) -> Iterator[bytes]:
    """Without their ends."""
    try:
        with file.open("rb") as stream:
            for line in stream:
                yield line.rstrip()
    except OSError:
        return


def _key(told: Told) -> tuple[str, float]:
    kind = "refs" if isinstance(told.record, RefMoves) else "changed"
    return f"{kind} {told.record.id}", told.record.when
