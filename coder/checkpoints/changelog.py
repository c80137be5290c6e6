"""The journal of one session: its points, and what was changed since each, as append-only JSONL. Must not know the disk
it tells of, nor how to go back.

Every record is one write. Before a call runs it is noted that it begins; so a call that was cut off can be told apart.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.checkpoints.contents import private_folder
from coder.checkpoints.entries import (
    Change,
    Entry,
    change_from_json,
    change_to_json,
    entry_from_json,
    entry_to_json,
    path_from_json,
    path_to_json,
)
from coder.checkpoints.refmoves import RefMoves, moves_from_json, moves_to_json
from coder.core.dataclass import dataclass
from coder.core.locks import is_locked
from coder.core.messages import Json

Source: TypeAlias = Literal["tool", "command", "background", "rewind"]
NAME = "changes.jsonl"


@dataclass(frozen=True, slots=True)
class Mark:
    """A point to go back to: a user message by its uuid, or with `why` a checkpoint that was taken before a command.

    `when` is in seconds since the epoch.
    """

    id: str
    text: str
    when: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What one call changed. `outside` are paths it named that lie outside the working folders and cannot be brought
    back; `what` is the call as people see it. Of a rewind, `to` is the point it went back to, and `undoes` the set that
    it took back, if it did; `leaf` where the conversation stood, when that went back too, and
    `is_talk` when nothing else did. With `takes` it took back just these sets, by their ids, and went to no point."""

    id: str
    source: Source
    what: str
    changes: tuple[Change, ...]
    when: float
    outside: tuple[str, ...] = ()
    to: str = ""
    undoes: str = ""
    leaf: str = ""
    is_talk: bool = False
    takes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """A call that is running, or was cut off: the paths it named as they were before. `refs`: what it moves in a
    repository is noted too."""

    id: str
    source: Source
    what: str
    named: tuple[tuple[str, Entry | None], ...]
    when: float
    scanned: tuple[str, ...] = ()
    refs: bool = False


Record: TypeAlias = Mark | ChangeSet | Begun | RefMoves


class ChangeLog:
    """Appends to the journal in `folder`, which is made at the first record. Raises OSError when the disk refuses."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._descriptor: int | None = None

    def append(self, record: Record, *, lasting: bool = False) -> None:
        line = _line(record)
        descriptor = self._opened()
        end = os.fstat(descriptor).st_size
        try:
            view = memoryview(line)
            while view:
                view = view[os.write(descriptor, view) :]
            if lasting:
                os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(descriptor, end)
            raise

    def records(self) -> list[Record]:
        return read_log(self.folder)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        if self._descriptor is None:
            private_folder(self.folder)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(self.folder / NAME, flags, 0o600)
            with suppress(OSError):  # tells others that this session is alive
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            end = os.fstat(descriptor).st_size
            if end and os.pread(descriptor, 1, end - 1) != b"\n":
                os.write(descriptor, b"\n")
            self._descriptor = descriptor
        return self._descriptor


def read_log(folder: Path) -> list[Record]:
    """Every record of a journal that can be read; the rest is left out. Never raises."""
    found: list[Record] = []
    try:
        with (folder / NAME).open("rb") as file:
            found += (record for line in file if (record := record_of(line)) is not None)
    except OSError:
        return found
    return found


def record_of(line: bytes) -> Record | None:
    """The record of one line of a journal; None when it is none that is known here."""
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        return _from_json(json.loads(line))
    return None


def write_log(folder: Path, records: Iterable[Record]) -> None:
    """A journal with these records, where there is none yet: all of it or nothing. Raises OSError."""
    private_folder(folder)
    draft = folder / f"{NAME}.tmp"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(map(_line, records))
    draft.replace(folder / NAME)


def unfinished(records: list[Record]) -> list[Begun]:
    """The calls of which it is not known how they ended."""
    ended = {record.id for record in records if isinstance(record, ChangeSet)}
    return [record for record in records if isinstance(record, Begun) and record.id not in ended]


def is_running(folder: Path) -> bool:
    """Whether a process has this journal open for writing."""
    try:
        descriptor = os.open(folder / NAME, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return is_locked(descriptor, alone=True)
    finally:
        os.close(descriptor)


def new_id() -> str:
    return f"k{os.urandom(4).hex()}"


def now() -> float:
    return round(time.time(), 3)


def _line(record: Record) -> bytes:
    return (json.dumps(_to_json(record), separators=(",", ":")) + "\n").encode("ascii")


def _to_json(record: Record) -> Json:
    match record:
        case Mark():
            return {"t": "mark", "id": record.id, "text": record.text, "when": record.when, "why": record.why}
        case RefMoves():
            return moves_to_json(record)
        case Begun():
            named = [[path_to_json(path), entry_to_json(entry)] for path, entry in record.named]
            scanned = [path_to_json(path) for path in record.scanned]
            raw = {"t": "began", "id": record.id, "source": record.source, "what": record.what, "when": record.when}
            return {**raw, "named": named, "scanned": scanned, **({"refs": True} if record.refs else {})}
        case ChangeSet():
            raw = {"t": "changed", "id": record.id, "source": record.source, "what": record.what, "when": record.when}
            raw["changes"] = [change_to_json(change) for change in record.changes]
            if record.outside:
                raw["outside"] = [path_to_json(path) for path in record.outside]
            if record.source == "rewind":
                raw |= {"to": record.to, "undoes": record.undoes, "leaf": record.leaf, "talk": record.is_talk}
            if record.takes:
                raw["takes"] = list(record.takes)
            return raw


def _from_json(raw: Any) -> Record:
    match raw["t"]:
        case "mark":
            return Mark(str(raw["id"]), str(raw["text"]), float(raw["when"]), str(raw["why"]))
        case "refs":
            return moves_from_json(raw)
        case "began":
            named = tuple((path_from_json(path), entry_from_json(entry)) for path, entry in raw["named"])
            scanned = tuple(map(path_from_json, raw["scanned"]))
            return Begun(
                raw["id"], raw["source"], raw["what"], named, float(raw["when"]), scanned, raw.get("refs") is True
            )
        case "changed":
            changes = tuple(map(change_from_json, raw["changes"]))
            outside = tuple(map(path_from_json, raw.get("outside", ())))
            found = ChangeSet(raw["id"], raw["source"], raw["what"], changes, float(raw["when"]), outside)
            to, undoes, leaf = (str(raw.get(key, "")) for key in ("to", "undoes", "leaf"))
            takes = tuple(map(str, raw.get("takes", ())))
            return replace(found, to=to, undoes=undoes, leaf=leaf, is_talk=raw.get("talk") is True, takes=takes)
        case kind:
            raise ValueError(f"no record: {kind}")
