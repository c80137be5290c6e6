"""A full-text index of all transcripts, kept up to date by size and time. A cache: it may be deleted at any moment."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Usage
from coder.sessions.digest import Digest, digest
from coder.sessions.locate import make_private

_VERSION = 1
_SCHEMA = f"""
PRAGMA user_version = {_VERSION};
CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT UNIQUE, inode INTEGER, size INTEGER, mtime INTEGER, end INTEGER,
  prompts INTEGER);
CREATE TABLE replies (file INTEGER, name TEXT, model TEXT, usage TEXT, PRIMARY KEY (file, name)) WITHOUT ROWID;
CREATE TABLE places (id INTEGER PRIMARY KEY, file INTEGER, uuid TEXT, role TEXT);
CREATE INDEX place_files ON places (file);
CREATE VIRTUAL TABLE said USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');
"""
_PATIENCE = 5.0  # seconds for another process to finish
_HELD = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_FOUND = """
SELECT files.path, places.role, places.uuid, snippet(said, 0, char(2), char(3), '…', 16), bm25(said)
FROM said JOIN places ON places.id = said.rowid JOIN files ON files.id = places.file
WHERE said MATCH ? ORDER BY bm25(said) LIMIT ?
"""
_Row: TypeAlias = tuple[int, str, int, int, int, int]  # of files, without prompts
_Place: TypeAlias = tuple[str, str, str, str, float]  # as in Found
_CONTAINS = """
SELECT files.path, places.role, places.uuid, substr(said.text, max(1, instr(lower(said.text), ?) - 40), 120), 0.0
FROM said JOIN places ON places.id = said.rowid JOIN files ON files.id = places.file
WHERE {conditions} ORDER BY said.rowid DESC LIMIT ?
"""
# Scripts without blanks between words (Thai, Lao, Burmese, Khmer, Chinese, Japanese): the index takes a whole sentence
# for one word.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


@dataclass(frozen=True, slots=True)
class Found:
    """A place where words were found. In `snippet` they stand between \\x02 and \\x03. A lower `rank` is better."""

    path: Path
    role: str
    uuid: str
    snippet: str
    rank: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What a session used: prompts, and the tokens of each API response with the model that answered."""

    prompts: int
    replies: tuple[tuple[str, Usage], ...]


class Index:
    """Raises sqlite3.Error from every method when the database cannot be used, OSError when it cannot be made."""

    def __init__(self, home: Path, patience: float) -> None:
        folder = home / "index"
        make_private(home, folder)
        self._path = folder / "sessions.db"
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        self._db = sqlite3.connect(self._path, timeout=patience, isolation_level=None)
        try:
            self._db.execute("PRAGMA synchronous = OFF")  # a cache: what a crash breaks is made anew
            self._prepare()
        except sqlite3.Error:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    def refresh(self, paths: Iterable[Path], *, whole: bool = False) -> None:
        """Reads what is new in these transcripts. `whole`: they are all there are, others are forgotten."""
        known = {row[1]: row for row in self._db.execute("SELECT id, path, inode, size, mtime, end FROM files")}
        found = [(path, known.pop(str(path), None)) for path in paths]
        changed = [(path, row) for path, row in found if _is_changed(path, row)]
        gone = [row[0] for row in known.values()] if whole else []
        if not changed and not gone:
            return
        with self._changing():
            for path, row in changed:
                with contextlib.suppress(OSError):
                    self._read(path, row)
            for file in gone:
                self._forget(file)

    def search(self, words: str, limit: int) -> list[Found]:
        """The best places that hold all the words, or begin with them; else those that hold the text as it is."""
        parts = [word for word in words.split() if _UNSPACED.search(word)]
        query = " ".join(_quoted(word) for word in words.split() if word not in parts)
        if parts:
            rows = self._containing(parts, query, limit)
        else:
            rows = self._db.execute(_FOUND, (query, limit)).fetchall() if query else []
        if not rows and words.strip():
            rows = self._containing([words.strip()], "", limit)
        return [Found(Path(path), role, uuid, snippet, rank) for path, role, uuid, snippet, rank in rows]

    def _containing(self, parts: Sequence[str], query: str, limit: int) -> list[_Place]:
        """The latest places that hold all the parts, wherever in a word, and fit the query."""
        conditions = ["instr(lower(said.text), ?)"] * len(parts) + ["said MATCH ?"] * bool(query)
        wanted = [part.lower() for part in parts]
        given = (wanted[0], *wanted, *filter(None, [query]), limit)
        return self._db.execute(_CONTAINS.format(conditions=" AND ".join(conditions)), given).fetchall()

    def facts(self, path: Path) -> Facts | None:
        """What is known of a transcript; None when it was never read."""
        row = self._db.execute("SELECT id, prompts FROM files WHERE path = ?", (str(path),)).fetchone()
        if row is None:
            return None
        replies = self._db.execute("SELECT model, usage FROM replies WHERE file = ?", (row[0],))
        return Facts(row[1], tuple((model, Usage(*map(int, usage.split()))) for model, usage in replies))

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == _VERSION:
            return
        with self._changing():
            for (name,) in self._db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name IN ('files','replies','places','said')"
            ).fetchall():
                self._db.execute(f"DROP TABLE {name}")
            for statement in filter(str.strip, _SCHEMA.split(";\n")):
                self._db.execute(statement)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _read(self, path: Path, row: _Row | None) -> None:
        now = path.stat()
        grown = row is not None and row[2] == now.st_ino and row[5] <= now.st_size and row[3] < now.st_size
        if row is not None and not grown:
            self._forget(row[0])
        found = digest(path, row[5] if row is not None and grown else 0)
        file = row[0] if row is not None and grown else self._begin(path)
        self._db.execute(
            "UPDATE files SET inode = ?, size = ?, mtime = ?, end = ?, prompts = prompts + ? WHERE id = ?",
            (now.st_ino, now.st_size, now.st_mtime_ns, found.end, found.prompts, file),
        )
        self._add(file, found)

    def _begin(self, path: Path) -> int:
        made = self._db.execute("INSERT INTO files (path, prompts) VALUES (?, 0)", (str(path),))
        assert made.lastrowid is not None
        return made.lastrowid

    def _add(self, file: int, found: Digest) -> None:
        for each in found.said:
            place = self._db.execute(
                "INSERT INTO places (file, uuid, role) VALUES (?, ?, ?)", (file, each.uuid, each.role)
            )
            self._db.execute("INSERT INTO said (rowid, text) VALUES (?, ?)", (place.lastrowid, each.text))
        self._db.executemany(
            "INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)",
            [(file, name, model, _numbers(usage)) for name, (model, usage) in found.replies.items()],
        )

    def _forget(self, file: int) -> None:
        self._db.execute("DELETE FROM said WHERE rowid IN (SELECT id FROM places WHERE file = ?)", (file,))
        for statement in ("places WHERE file", "replies WHERE file", "files WHERE id"):
            self._db.execute(f"DELETE FROM {statement} = ?", (file,))


def _is_changed(path: Path, row: _Row | None) -> bool:
    try:
        now = path.stat()
    except OSError:
        return False
    return row is None or row[2:5] != (now.st_ino, now.st_size, now.st_mtime_ns)


def open_index(home: Path, patience: float = _PATIENCE) -> Index | None:
    """The index, made anew when it is damaged; None where there can be none. Another process that is at it is waited
    for `patience` seconds."""
    for _ in range(2):
        try:
            return Index(home, patience)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):  # locked, or FTS5 is not there: not a matter of this file
                return None
            discard_index(home, error)
        except (OSError, ValueError):
            return None
    return None


def discard_index(home: Path, error: sqlite3.Error) -> None:
    """Removes an index that cannot be used for what is in it, so that the next one is made anew. Never raises."""
    if getattr(error, "sqlite_errorcode", 0) not in _HELD:
        with contextlib.suppress(OSError):
            (home / "index" / "sessions.db").unlink()


def _quoted(word: str) -> str:
    """One word of a query, also as the beginning of one; never an operator."""
    quoted = word.replace('"', '""').replace("\0", "")
    return f'"{quoted}"*' if any(char.isalnum() for char in word) else f'"{quoted}"'


def _numbers(usage: Usage) -> str:
    return " ".join(str(getattr(usage, name)) for name in usage.__slots__)
