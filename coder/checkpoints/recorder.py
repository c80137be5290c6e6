"""Notes what each call of a session changes: looks before it and after it, and writes down the difference.

Must not know tools, permissions or the person. Blocks; one call at a time.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from coder.checkpoints.changelog import (
    Begun,
    ChangeLog,
    ChangeSet,
    Mark,
    Record,
    Source,
    is_running,
    new_id,
    now,
    read_log,
    unfinished,
)
from coder.checkpoints.contents import CheckpointError, Contents
from coder.checkpoints.entries import Change, Entry
from coder.checkpoints.held import FOLDER, drop_stale
from coder.checkpoints.look import look, parents_missing
from coder.checkpoints.refmoves import RefMoves
from coder.checkpoints.refwatch import RefWatch
from coder.checkpoints.rowfile import RowFile, load_rows
from coder.checkpoints.tree import Tree
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.git.call import Git

_SHOWN = 3
_GOING = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`home` is the person's home folder; `own` are folders of ours, never part of a checkpoint. `env` is what git is
    started with. `is_busy` tells whether a command of this session still runs in the background."""

    home: Path
    own: tuple[Path, ...]
    env: Mapping[str, str]
    is_busy: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class _Running:
    begun: Begun
    trees: list[Tree]
    outside: tuple[str, ...]


class Recorder:
    """`base` holds all checkpoints of the person, `folder` those of this session. `warn` is told what is not kept."""

    def __init__(
        self,
        base: Path,
        session_id: str,
        roots: Iterable[Path],
        surroundings: Surroundings,
        warn: Callable[[str], None],
    ) -> None:
        self.base = base
        self.folder = base / session_id
        self.contents = Contents(base)
        self.log = ChangeLog(self.folder)
        self._surroundings = surroundings
        self._warn = warn
        self._warned: set[str] = set()
        self._was_busy = False
        self._running: dict[str, _Running] = {}
        canonical = _outermost(Path(os.path.realpath(root)) for root in roots)
        self.git = Git(surroundings.env, canonical)
        self.refs = RefWatch(self.folder, canonical, self.git)
        self._trees = [self._tree(root) for root in canonical if self._may_look(root)]

    def mark(self, mark: Mark) -> None:
        """Notes a point. Raises CheckpointError."""
        self._append(mark)

    def before(self, what: str, source: Source, named: Sequence[Path], *, scan: bool) -> str:
        """Notes how things are before a call. Returns the id for `after`. With `scan` the working folders are looked
        through, else only the `named` paths are looked at. Raises CheckpointError when nothing can be noted."""
        for begun in [each.begun for each in self._running.values()]:  # interrupted before they ran
            del self._running[begun.id]
            self._append(ChangeSet(begun.id, begun.source, begun.what, (), now()))
        trees = self._look_around() if scan else []
        images, outside = self._images(named, trees, scan=scan)
        self.contents.flush()
        begun = Begun(new_id(), source, what, images, now(), tuple(str(tree.root) for tree in trees), scan)
        if scan:
            self.refs.save()
        self._append(begun)
        self._running[begun.id] = _Running(begun, trees, outside)
        return begun.id

    def after(self, id: str) -> ChangeSet:
        """Notes what a call has changed. Raises CheckpointError."""
        running = self._running.pop(id)
        changes: list[Change] = []
        for tree in running.trees:
            try:
                changes += tree.look()
            except CheckpointError as error:
                self._say(f"What this command changed is not kept: {error}.")
        changes += self._since(running.begun)
        self.contents.flush()
        begun = running.begun
        record = ChangeSet(begun.id, begun.source, begun.what, tuple(changes), now(), running.outside)
        if begun.source == "command":
            self._note_refs(self.refs.look(begun.id, begun.what, "command", record.when))
        self._append(record)
        if not running.trees:
            self.note(record.changes)
        self._was_busy = self._surroundings.is_busy()
        self._tell_not_kept()
        return record

    def snapshot(self, why: str) -> Mark:
        """Looks around and notes a point of its own. Raises CheckpointError."""
        trees = self._look_around()
        if not trees:
            raise CheckpointError("the working folders cannot be looked through")
        mark = Mark(new_id(), "", now(), why)
        self._append(mark)
        return mark

    def watch_too(self, folders: Iterable[Path]) -> None:
        """Looks at these folders as well from now on, until the session ends."""
        for folder in folders:
            root = Path(os.path.realpath(folder))
            if (
                root.is_dir()
                and not any(root.is_relative_to(tree.root) for tree in self._trees)
                and self._may_look(root)
            ):
                self._trees.append(self._tree(root))

    def adopt_all(self) -> None:
        """Takes over what only the person's repository holds. Raises CheckpointError."""
        for tree in self._trees:
            tree.adopt_all()

    def stirred(self, what: str) -> None:
        """Notes what a command changed that ran since the last look, beside the calls: that, or the person meanwhile.

        Raises CheckpointError.
        """
        self._look_around(what)

    def catch_up(self) -> None:
        """Notes what background commands did since the last call. Raises CheckpointError."""
        if self._was_busy or self._surroundings.is_busy():
            self._look_around()

    def note(self, changes: Iterable[Change]) -> None:
        """Changes that are journalled already and need not be found at the next look."""
        for change in changes:
            for tree in self._trees:
                tree.note(change.path, change.after)

    def recover(self) -> None:
        """Notes what calls did that were cut off by the end of an earlier process of this session. To be called before
        anything else."""
        records = read_log(self.folder)
        cut_off = unfinished(records)
        if not cut_off or _goes_on_running(self.folder):
            return  # that process notes it itself
        for begun in cut_off:
            changes = self._since(begun)
            for tree in self._trees:
                rows = load_rows(_rows_path(self.folder, tree.root), tree.root)
                if str(tree.root) in begun.scanned and rows is not None:
                    tree.begin_with(rows)
                    changes += tree.look()
            what = f"{begun.what} (cut off)"
            if begun.source == "command":
                known = [each for each in records if isinstance(each, RefMoves)]
                self._note_refs(self.refs.recover(begun.id, what, now(), known))
            self._append(ChangeSet(begun.id, begun.source, what, tuple(changes), now()))

    def not_kept(self) -> dict[str, str]:
        """What of the working folders is not kept, and why."""
        return {path: why for tree in self._trees for path, why in tree.not_kept.items()}

    def close(self) -> None:
        """Idempotent; never raises."""
        if self._was_busy and not self._surroundings.is_busy():
            try:
                self._look_around()
            except CheckpointError as error:
                self._say(f"What background commands changed in the end is not kept: {error}.")
        for tree in self._trees:
            tree.close()
        self._trees = []
        self.refs.close()
        drop_stale(self.base)
        self.log.close()
        self.contents.close()

    def _tree(self, root: Path) -> Tree:
        file = RowFile(_rows_path(self.folder, root), root)
        own = self._surroundings.own
        earlier, held = _rows_path(self.base / "roots", root), self.base / FOLDER / f"{self.folder.name}-{_hash(root)}"
        return Tree(root, self.contents, self.git, lambda: own, file, earlier, held)

    def _may_look(self, root: Path) -> bool:
        home = Path(os.path.realpath(self._surroundings.home))
        if home.is_relative_to(root):
            self._say(f"Commands in {visible_line(str(root))} cannot be undone: it holds your whole home folder.")
            return False
        return True

    def _look_around(self, beside: str = "") -> list[Tree]:
        """Looks at every tree. What changed since the last look was the person, or a command in the background, or the
        one that is named."""
        seen: list[Tree] = []
        changes: list[Change] = []
        busy = self._was_busy or self._surroundings.is_busy()
        what = beside or ("a command in the background" if busy else "")
        self._note_refs(self.refs.look(new_id(), what, "background" if what else "meanwhile", now()))
        for tree in list(self._trees):
            try:
                changes += tree.look()
                seen.append(tree)
            except CheckpointError as error:
                self._trees.remove(tree)
                self._say(f"Commands cannot be undone from here on: {error}.")
        if changes and what:
            self._append(ChangeSet(new_id(), "background", what, tuple(changes), now()))
        self._was_busy = self._surroundings.is_busy()
        self._tell_not_kept()
        return seen

    def _images(
        self, named: Sequence[Path], trees: list[Tree], *, scan: bool
    ) -> tuple[tuple[tuple[str, Entry | None], ...], tuple[str, ...]]:
        """The named paths as they are; and those that cannot be brought back, or not whole."""
        images: dict[str, Entry | None] = {}
        outside: dict[str, None] = {}
        for path in named:
            place = str(Path(os.path.realpath(path.parent), path.name))
            if any(Path(place).is_relative_to(tree.root) for tree in trees) or self._is_own(place):
                continue
            try:
                entry = look(place, self.contents)
            except OSError:
                outside[place] = None
                continue
            if scan and entry is not None and (entry.kind == "folder" or not entry.is_kept):
                outside[place] = None
            else:
                images |= dict.fromkeys(parents_missing(Path(place)))
                images[place] = entry
        return tuple(images.items()), tuple(each for each in outside if not each.startswith(("/dev/", "/proc/")))

    def _since(self, begun: Begun) -> list[Change]:
        """What is different at the paths a call named."""
        found: list[Change] = []
        for path, before in begun.named:
            try:
                after = look(path, self.contents)
            except OSError:
                continue
            if before != after:
                found.append(Change(path, before, after))
        return found

    def _is_own(self, path: str) -> bool:
        return any(Path(path).is_relative_to(os.path.realpath(own)) for own in self._surroundings.own)

    def _note_refs(self, records: Iterable[RefMoves]) -> None:
        for record in records:
            self._append(record)

    def _append(self, record: Record) -> None:
        try:
            self.log.append(record)
        except OSError as error:
            raise CheckpointError(f"the journal cannot be written: {error.strerror or error}") from error

    def _tell_not_kept(self) -> None:
        new = {path: why for path, why in self.not_kept().items() if path not in self._warned}
        self._warned |= set(new)
        if new:
            first = ", ".join(f"{visible_line(path)} ({why})" for path, why in list(new.items())[:_SHOWN])
            more = f" and {len(new) - _SHOWN} more" if len(new) > _SHOWN else ""
            self._warn(f"Checkpoints leave out {first}{more}: rewind will not bring that back.")

    def _say(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self._warn(text)


def _hash(root: Path) -> str:
    return hashlib.sha256(os.fsencode(root)).hexdigest()[:24]


def _rows_path(folder: Path, root: Path) -> Path:
    return folder / f"rows-{_hash(root)}.jsonl"


def _goes_on_running(folder: Path) -> bool:
    """Whether another process has this session. One that was killed may seem to live for a moment: what it was
    starting then lets go of its files only once it has begun."""
    until = time.monotonic() + _GOING
    while is_running(folder):
        if time.monotonic() > until:
            return True
        time.sleep(0.01)
    return False


def _outermost(roots: Iterable[Path]) -> list[Path]:
    every = list(dict.fromkeys(roots))
    return [root for root in every if not any(root != other and root.is_relative_to(other) for other in every)]
