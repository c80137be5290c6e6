"""What a fork takes over from the session it was forked from: the journal as far as both have the same past.

A fork's messages keep their ids, so the other's points are known by them. Must not know conversations.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from coder.checkpoints.changelog import NAME, Begun, ChangeSet, Mark, Record, read_log, write_log


def take_over(base: Path, folder: Path, told: Collection[str]) -> None:
    """Begins the journal in `folder`, which has none yet, with that of the session below `base` that has most of the
    points `told`; with nothing when none has any. Raises OSError."""
    best: list[Record] = []
    most = 0
    for other in _others(base, folder):
        if not _names_any(other, told):
            continue
        records = read_log(other)
        known = sum(isinstance(each, Mark) and each.id in told for each in records)
        if known > most:
            best, most = records, known
    if best:
        write_log(folder, _shared(best, told))


def _shared(records: list[Record], told: Collection[str]) -> list[Record]:
    """Up to the first message behind the last shared one. Calls that still run there are not ours."""
    last = max(index for index, each in enumerate(records) if isinstance(each, Mark) and each.id in told)
    later = (index for index, each in enumerate(records) if index > last and isinstance(each, Mark) and not each.why)
    shared = records[: next(later, len(records))]
    ended = {each.id for each in shared if isinstance(each, ChangeSet)}
    return [each for each in shared if not isinstance(each, Begun) or each.id in ended]


def _others(base: Path, folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (each for each in base.iterdir() if each != folder and (each / NAME).is_file())


def _names_any(folder: Path, told: Collection[str]) -> bool:
    """Cheap: most journals are of sessions that have nothing to do with it."""
    with suppress(OSError):
        data = (folder / NAME).read_bytes()
        return any(os.fsencode(id) in data for id in told)
    return False
