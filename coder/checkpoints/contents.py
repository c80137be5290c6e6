"""Every kept content once, by its hash, in one SQLite file. Must not know paths, sessions or what refers to it.

SQLite because a first checkpoint stores tens of thousands of small contents at once, several sessions write at the same
time, and a kill at any moment must leave a store that can be read (docs/adr/0004).
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from coder.core.errors import CoderError

_NAME = "contents.db"
_BATCH_BYTES = 8_000_000
_BATCH_COUNT = 1_000
_BUSY_SECONDS = 20.0
_YOUNG = 3600  # seconds in which what refers to a content may not have been written yet
_SCHEMA = """
CREATE TABLE IF NOT EXISTS contents (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    packed INTEGER NOT NULL,
    added INTEGER NOT NULL,
    data BLOB NOT NULL
)
"""
_INSERT = """
INSERT INTO contents (hash, packed, added, data) VALUES (?, ?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET added = excluded.added
"""


class CheckpointError(CoderError):
    """A checkpoint cannot be taken, read or gone back to; nothing was changed."""


class ContentLost(CheckpointError):
    """A content is not in the store, or not what it was."""


class Contents:
    """Contents below `folder`, made when first needed. May be used from any thread.

    `put` may hold contents back until `flush`. All methods raise CheckpointError when the disk or the file fails.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._guard = threading.RLock()
        self._open: sqlite3.Connection | None = None
        self._held: dict[bytes, tuple[int, bytes]] = {}
        self._held_bytes = 0

    def put(self, data: bytes) -> str:
        """The id of this content, which is stored unless it is there already."""
        digest = hashlib.sha256(data).digest()
        with self._guard, self._failing_well():
            if digest not in self._held and not self._has_young(digest):
                packed = zlib.compress(data, 1)
                self._held[digest] = (1, packed) if len(packed) < len(data) else (0, data)
                self._held_bytes += len(self._held[digest][1])
                if self._held_bytes > _BATCH_BYTES or len(self._held) >= _BATCH_COUNT:
                    self._write()
        return f"b:{digest.hex()}"

    def flush(self, *, lasting: bool = False) -> None:
        """What was put outlives this process; with `lasting` also a loss of power."""
        with self._guard, self._failing_well():
            self._write()
            if lasting and self._open is not None:
                self._open.execute("PRAGMA synchronous=FULL")
                self._open.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
                self._open.execute("PRAGMA synchronous=NORMAL")

    def get(self, content: str) -> bytes:
        """Raises ContentLost when it is missing or damaged."""
        digest = _digest(content)
        with self._guard, self._failing_well():
            if digest in self._held:
                packed, data = self._held[digest]
            else:
                row = self._database().execute("SELECT packed, data FROM contents WHERE hash = ?", (digest,)).fetchone()
                if row is None:
                    raise ContentLost("its content is no longer stored")
                packed, data = row
        try:
            found = zlib.decompress(data) if packed else bytes(data)
        except zlib.error:
            found = None
        if found is None or hashlib.sha256(found).digest() != digest:
            raise ContentLost("its stored content is damaged")
        return found

    def keep_only(self, wanted: Collection[str], *, dry_run: bool = False) -> tuple[int, int]:
        """Drops every other content that is not quite new. Returns how many that were, and their bytes."""
        keep = {bytes.fromhex(content[2:]) for content in wanted if content.startswith("b:")}
        before = time.time() - _YOUNG
        with self._guard, self._failing_well():
            if not self._path.exists():
                return 0, 0
            with self._transaction() as database:
                rows = database.execute("SELECT id, hash, length(data) FROM contents WHERE added < ?", (before,))
                gone = [(number, size) for number, digest, size in rows if digest not in keep]
                if not dry_run:
                    database.executemany("DELETE FROM contents WHERE id = ?", [(number,) for number, _ in gone])
            if gone and not dry_run:
                self._database().execute("PRAGMA incremental_vacuum").fetchall()
                self._database().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return len(gone), sum(size for _, size in gone)

    def sizes(self) -> dict[str, int]:
        """The stored bytes of every content."""
        with self._guard, self._failing_well():
            if not self._path.exists():
                return {}
            rows = self._database().execute("SELECT hash, length(data) FROM contents")
            return {f"b:{digest.hex()}": size for digest, size in rows}

    def close(self) -> None:
        """What was put and never flushed is dropped. Idempotent."""
        with self._guard:
            if self._open is not None:
                self._open.close()
                self._open = None

    def _has_young(self, digest: bytes) -> bool:
        """One that is older is stored again: at this moment somebody may be dropping it, since nothing refers to it."""
        found = self._database().execute("SELECT added FROM contents WHERE hash = ?", (digest,)).fetchone()
        return found is not None and found[0] > time.time() - _YOUNG / 2

    def _write(self) -> None:
        if not self._held:
            return
        now = int(time.time())
        rows = [(digest, packed, now, data) for digest, (packed, data) in self._held.items()]
        self._held.clear()  # when it fails the checkpoint fails: its contents are not tried again
        self._held_bytes = 0
        with self._transaction() as database:
            database.executemany(_INSERT, rows)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        database = self._database()
        database.execute("BEGIN IMMEDIATE")
        try:
            yield database
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            raise

    def _database(self) -> sqlite3.Connection:
        if self._open is None:
            private_folder(self._path.parent)
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
            database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                database.execute("PRAGMA auto_vacuum=INCREMENTAL")
                database.execute("PRAGMA journal_mode=WAL").fetchall()
                database.execute("PRAGMA synchronous=NORMAL")
                database.execute(_SCHEMA)
            except sqlite3.Error:
                database.close()
                raise
            self._open = database
        return self._open

    @contextmanager
    def _failing_well(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            hint = ""
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                hint = f". Move {self._path} away to start anew"
            raise CheckpointError(f"the store of checkpoints failed: {error}{hint}") from error
        except OSError as error:
            raise CheckpointError(f"the store of checkpoints failed: {error.strerror or error}") from error


def private_folder(folder: Path) -> None:
    """Makes a folder that is the person's alone. Raises OSError; also when it belongs to somebody else."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to another user")


def _digest(content: str) -> bytes:
    try:
        return bytes.fromhex(content.removeprefix("b:"))
    except ValueError:
        raise ContentLost("its content was never stored") from None
