"""A working folder between two looks: what of it changed. Must not know calls, sessions or who changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from coder.checkpoints.contents import CheckpointError, Contents
from coder.checkpoints.entries import Change, Entry, kind_of
from coder.checkpoints.held import HeldObjects
from coder.checkpoints.ignored import LeftOut
from coder.checkpoints.limits import MOST_ENTRIES, MOST_FILE_BYTES
from coder.checkpoints.reading import Reading
from coder.checkpoints.rowfile import RowFile, load_rows
from coder.checkpoints.seeds import Seeds
from coder.checkpoints.walk import Row, Rows, TooMany, Walk, entry_of
from coder.git.call import Git

_GONE: Row = ((0, 0, 0, 0, 0), "gone")


class Tree:
    """`root` is canonical. `own` are folders of ours that are never part of it. `file` holds the last look, `earlier`
    one of another session to begin with. `held` is where the objects of its repository are held meanwhile."""

    def __init__(
        self,
        root: Path,
        contents: Contents,
        git: Git,
        own: Callable[[], Iterable[Path]],
        file: RowFile,
        earlier: Path,
        held: Path,
    ) -> None:
        self.root = root
        self._contents = contents
        self._git = git
        self._own = own
        self._file = file
        self._earlier = earlier
        self._held = HeldObjects(held, git)
        self._seeds = Seeds(root, git, self._held)
        self._noted: set[str] = set()
        self.rows: Rows | None = None
        self.not_kept: dict[str, str] = {}
        """What of it is not kept, by absolute path, and why."""

    def begin_with(self, rows: Rows) -> None:
        """Takes the last look of a session that was cut off for the last look."""
        self._held.inherit()
        self.rows = rows

    def look(self) -> list[Change]:
        """What is different from the last look; nothing at the first one. Blocks.

        Raises CheckpointError when it cannot be told; the last look then stays the last.
        """
        first = self.rows is None
        if self.rows is not None:
            old = self.rows
        else:
            self._seeds.begin()
            old = self._still_kept(load_rows(self._earlier, self.root) or {})
        walk, reading = self._walk(old, self._seeds if first else None)
        if first:
            if self._seeds.is_spoiled:
                walk, reading = self._walk({}, None)
            self._seeds.release()
        gone = _gone(old, walk)
        changes = [] if first else self._changes(old, walk, reading, gone)
        self._note_not_kept(walk)
        self._save(walk, gone)
        self.rows = walk.rows
        return changes

    def note(self, path: str, entry: Entry | None) -> None:
        """What a file tool has left at a path of this tree, and has been recorded: the next look need not tell it."""
        if self.rows is None or not path.startswith(f"{self.root}/"):
            return
        name = path[len(str(self.root)) + 1 :]
        self._noted.add(name)
        if entry is None:
            self.rows.pop(name, None)
        else:
            mode = {"file": 0o100000, "link": 0o120000, "folder": 0o040000}.get(entry.kind, 0) | entry.mode
            self.rows[name] = ((mode, 0, entry.size, entry.stamp, 0), "" if entry.kind == "folder" else entry.content)

    def close(self) -> None:
        """Leaves the last look to the next session."""
        self._file.give_to(self._earlier)
        self._held.release()

    def _still_kept(self, rows: Rows) -> Rows:
        """The rows of an earlier session without those whose content the store or the repository has lost since: these
        files are read again."""
        stored = self._contents.sizes()
        return {
            path: row
            for path, row in rows.items()
            if not row[1].startswith(("b:", "g:"))
            or row[0][0] & 0o170000 != 0o100000
            or row[1] in stored
            or self._seeds.is_held(row[1])
        }

    def _walk(self, old: Rows, seeds: Seeds | None) -> tuple[Walk, Reading]:
        left_out = LeftOut(self.root, self._git, seeds)
        reading = Reading(self._contents, seeds)
        walk = Walk(old, reading, frozenset(_identities(self._own())), left_out.why)
        try:
            walk.run(self.root)
            self._contents.flush()
        except TooMany:
            raise CheckpointError(f"{self.root} holds more than {MOST_ENTRIES:,} files and folders") from None
        except OSError as error:
            raise CheckpointError(f"{self.root} cannot be read: {error.strerror or error}") from error
        finally:
            left_out.close()
        return walk, reading

    def _changes(self, old: Rows, walk: Walk, reading: Reading, gone: list[str]) -> list[Change]:
        found: list[tuple[str, Entry | None, Entry | None]] = []
        for path in (*walk.changed, *gone):
            before, after = (entry_of(rows[path]) if path in rows else None for rows in (old, walk.rows))
            if before is not None and before.content in reading.renamed:
                before = replace(before, content=reading.renamed[before.content])
            if before != after:
                found.append((path, before, after))
        adopted = self._adopt(entry for _, entry, _ in found)
        return [Change(self._whole(path), _renamed(before, adopted), after) for path, before, after in found]

    def adopt_all(self) -> None:
        """Takes over every content that only the person's repository holds: it may be about to drop them. Blocks."""
        rows = self.rows or {}
        adopted = self._adopt(entry_of(row) for row in rows.values())
        for path, (key, content) in rows.items():
            if new := adopted.get(content):
                rows[path] = (key, new)
                self._noted.add(path)

    def _adopt(self, entries: Iterable[Entry | None]) -> dict[str, str]:
        wanted = {each.content: each.size for each in entries if each is not None and _is_seed(each)}
        adopted = self._seeds.adopt(wanted, self._contents)
        self._contents.flush()
        return adopted

    def _note_not_kept(self, walk: Walk) -> None:
        for path in walk.changed:
            key, content = walk.rows.get(path, _GONE)
            if bool(content) != (key[0] & 0o170000 == 0o040000):
                continue  # kept
            kind, whole = kind_of(key[0]), self._whole(path)
            if kind == "folder" and content:
                self.not_kept[whole] = content
            elif kind == "other":
                self.not_kept[whole] = "not a file"
            elif kind == "file" and not content:
                self.not_kept[whole] = f"{key[2] / 1e6:,.0f} MB" if key[2] > MOST_FILE_BYTES else "it could not be read"

    def _whole(self, path: str) -> str:
        return f"{self.root}/{path}" if path else str(self.root)

    def _save(self, walk: Walk, gone: list[str]) -> None:
        noted = [path for path in self._noted if path in walk.rows]
        unseen = [path for path in self._noted if path not in walk.rows]
        try:
            self._file.save(
                walk.rows, [*(path for path in walk.changed if path in walk.rows), *noted], [*gone, *unseen]
            )
        except OSError as error:
            raise CheckpointError(f"the store of checkpoints failed: {error.strerror or error}") from error
        self._noted.clear()


def _gone(old: Rows, walk: Walk) -> list[str]:
    """The paths that are there no more. That there are none is told without looking for them."""
    new = sum(path not in old for path in walk.changed if path in walk.rows)
    return [path for path in old if path not in walk.rows] if len(walk.rows) - new < len(old) else []


def _renamed(entry: Entry | None, adopted: dict[str, str]) -> Entry | None:
    if entry is None or not _is_seed(entry):
        return entry
    return replace(entry, content=adopted.get(entry.content, ""))


def _is_seed(entry: Entry) -> bool:
    return entry.kind == "file" and entry.content.startswith("g:")


def _identities(folders: Iterable[Path]) -> Iterable[tuple[int, int]]:
    for folder in folders:
        try:
            found = folder.stat()
        except OSError:
            continue
        yield found.st_dev, found.st_ino
