"""The change journals of all sessions, read for what they say of one thing: each record with the turn it belongs to.

Must not know what is asked. A fork begins with the journal of another session: what both have is the other's.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from coder.app.who.values import Turn
from coder.checkpoints.changelog import NAME, Begun, ChangeSet, Mark, Record, read_log
from coder.checkpoints.entries import path_to_json
from coder.checkpoints.refmoves import RefMoves

_PROMPT = 2000  # characters


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


def journals(base: Path, depth: Callable[[str], int], texts: Iterable[str] = ()) -> list[Journal]:
    """Those that hold one of the texts; all without any. `depth` tells how often a session was forked. Never raises."""
    wanted = [json.dumps(path_to_json(text))[1:-1].encode("ascii") for text in texts]
    folders = [folder for folder in _folders(base) if not wanted or _holds(folder / NAME, wanted)]
    read = [Journal(folder.name, tuple(_told(folder.name, read_log(folder)))) for folder in folders]
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


def _told(session: str, records: Sequence[Record]) -> Iterator[Told]:
    begun = {each.id: each for each in records if isinstance(each, Begun)}
    turn = Turn(session)
    for record in records:
        if isinstance(record, Mark):
            turn = turn if record.why else Turn(session, record.text[:_PROMPT], record.id)
        elif isinstance(record, RefMoves):
            yield Told(record, turn, record.began)
        elif isinstance(record, ChangeSet):
            start = begun.get(record.id)
            if start is None:
                yield Told(record, turn, record.when)
            else:
                yield Told(record, turn, start.when, start.scanned, start.refs)


def _key(told: Told) -> tuple[str, float]:
    kind = "refs" if isinstance(told.record, RefMoves) else "changed"
    return f"{kind} {told.record.id}", told.record.when


def _holds(file: Path, wanted: Sequence[bytes]) -> bool:
    try:
        data = file.read_bytes()
    except OSError:
        return False
    return any(text in data for text in wanted)
