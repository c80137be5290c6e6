"""Going back in one session: its points, what going back to one would do, doing it, and undoing that.

Must not know the conversation, nor who asks.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from coder.checkpoints.changelog import NAME, Begun, ChangeLog, ChangeSet, Mark, new_id, now, read_log
from coder.checkpoints.compose import Net, compose
from coder.checkpoints.contents import CheckpointError, Contents
from coder.checkpoints.entries import Entry
from coder.checkpoints.limits import MOST_POINTS
from coder.checkpoints.pending import Done, carry_out
from coder.checkpoints.plan import OTHER_SESSION, UNSURE, Left, Plan, Step, make_plan
from coder.checkpoints.timeline import Timeline, changes_of
from coder.core.dataclass import dataclass

How: TypeAlias = Literal["restore", "bring back", "delete"]
_MOST_COUNTED = 200_000  # bytes of a text whose lines are counted


@dataclass(frozen=True, slots=True)
class Point:
    """`files` were changed after it and before the next, by so many lines and `commands`. `text` is the prompt; `why`
    instead is the command that a checkpoint was taken before."""

    id: str
    text: str
    when: float
    files: tuple[str, ...]
    added: int
    removed: int
    commands: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """A path that going back would touch, and by how many lines."""

    path: str
    how: How
    kind: str
    added: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """`conflicts` stay unless forced; `left` stay in any case. `commands` are those whose changes would be undone,
    `outside` what they named elsewhere and cannot be undone. `undoes`: a rewind is undone, with `undoes_talk` also what
    it did to the conversation."""

    point: Mark
    touched: tuple[Touched, ...]
    conflicts: tuple[Left, ...]
    left: tuple[Left, ...]
    commands: tuple[str, ...]
    outside: tuple[str, ...]
    undoes: bool = False
    undoes_talk: bool = False

    @property
    def restores(self) -> tuple[Touched, ...]:
        return tuple(each for each in self.touched if each.how != "delete")

    @property
    def deletes(self) -> tuple[Touched, ...]:
        return tuple(each for each in self.touched if each.how == "delete")


class Back:
    """`base` holds the checkpoints of all sessions, `log` is the journal of this one. `told` are points of the
    conversation, which may not all be in the journal."""

    def __init__(self, base: Path, log: ChangeLog, contents: Contents, told: Iterable[Mark] = ()) -> None:
        self._base = base
        self._log = log
        self._contents = contents
        self._told = tuple(told)

    def points(self, *, checkpoints: bool = False) -> list[Point]:
        """The latest points, the oldest first. Blocks."""
        stretches = self._timeline().stretches(checkpoints=checkpoints)[-MOST_POINTS:]
        return [self._point(stretch.mark, stretch.sets) for stretch in stretches]

    def find(self, id: str) -> Mark:
        """Raises CheckpointError when there is no such point, or several."""
        mark = self._timeline().find(id)
        if mark is None:
            raise CheckpointError(f"there is no point {id} in this session. `coder rewind` lists them.")
        return mark

    def preview(self, id: str, *, force: bool = False) -> Preview:
        """Blocks; changes nothing. Raises CheckpointError."""
        timeline = self._timeline()
        mark = self.find(id)
        sets = timeline.since(timeline.find(mark.id) or mark)
        plan = self._plan(sets, force=force)
        undone = timeline.undone_by_going_to(timeline.find(mark.id) or mark)
        commands = tuple(each.what for each in undone if each.source != "tool")
        outside = tuple(dict.fromkeys(path for each in sets for path in each.outside))
        return self._preview(mark, plan, commands, outside)

    def preview_undo(self, *, force: bool = False) -> Preview:
        last = self.last_rewind()
        plan = self._plan([last], force=force)
        preview = self._preview(Mark(last.id, last.what, last.when), plan, (), ())
        return replace(preview, undoes=True, undoes_talk=bool(last.leaf))

    def preview_sets(self, ids: Collection[str], *, force: bool = False) -> Preview:
        """What taking back just these sets would do, whatever was changed since. Raises CheckpointError."""
        sets = self._sets(ids)
        mark = Mark("", sets[0].what, sets[0].when)
        commands = tuple(each.what for each in sets if each.source != "tool")
        return self._preview(mark, self._plan(sets, force=force), commands, ())

    def take_back(self, ids: Collection[str], what: str, *, force: bool = False) -> Done:
        """Takes just these sets back; raises as `rewind`."""
        sets = self._sets(ids)
        record = ChangeSet(new_id(), "rewind", what, (), now(), takes=tuple(each.id for each in sets))
        return carry_out(self._base, self._log, self._contents, self._plan(sets, force=force), record)

    def _sets(self, ids: Collection[str]) -> list[ChangeSet]:
        found = [each for each in read_log(self._log.folder) if isinstance(each, ChangeSet) and each.id in ids]
        if not found:
            raise CheckpointError("what was changed is no longer kept.")
        return found

    def rewind(self, id: str, *, force: bool = False, leaf: str = "") -> Done:
        """`leaf` is where the conversation stands, when it goes back too. Blocks.

        Raises CheckpointError; then nothing was changed, or it is completed at the next start.
        """
        timeline = self._timeline()
        mark = self.find(id)
        sets = timeline.since(timeline.find(mark.id) or mark)
        plan = self._plan(sets, force=force)
        what = f"back to before {_name(mark)}"
        record = ChangeSet(new_id(), "rewind", what, (), now(), to=mark.id, leaf=leaf)
        return carry_out(self._base, self._log, self._contents, plan, record)

    def talk_back(self, id: str, leaf: str) -> None:
        """Notes that the conversation alone goes back, from `leaf`. Raises CheckpointError."""
        mark = self.find(id)
        what = f"conversation back to before {_name(mark)}"
        record = ChangeSet(new_id(), "rewind", what, (), now(), to=mark.id, leaf=leaf, is_talk=True)
        try:
            self._log.append(record, lasting=True)
        except OSError as error:
            raise CheckpointError(f"the journal cannot be written: {error.strerror or error}") from error

    def undo(self, *, force: bool = False, leaf: str = "") -> Done:
        """Undoes the last rewind, or the last undo. Raises as `rewind`."""
        last = self.last_rewind()
        plan = self._plan([last], force=force)
        record = ChangeSet(new_id(), "rewind", f"undo: {last.what}", (), now(), undoes=last.id, leaf=leaf)
        return carry_out(self._base, self._log, self._contents, plan, record)

    def _timeline(self) -> Timeline:
        return Timeline(read_log(self._log.folder), self._told)

    def last_rewind(self) -> ChangeSet:
        """What `undo` would undo. Raises CheckpointError without one."""
        last = self._timeline().last_rewind()
        if last is None:
            raise CheckpointError("this session has not gone back, so there is nothing to undo.")
        return last

    def _plan(self, sets: Sequence[ChangeSet], *, force: bool) -> Plan:
        nets = compose(changes_of(sets))
        return make_plan(nets, self._contents, force=force, doubts=self._doubts(nets, sets))

    def _doubts(self, nets: Mapping[str, Net], sets: Sequence[ChangeSet]) -> dict[str, str]:
        """The paths that may be somebody else's, and why."""
        background = (change.path for each in sets if each.source == "background" for change in each.changes)
        return dict.fromkeys(background, UNSURE) | dict.fromkeys(self._of_others(nets, sets), OTHER_SESSION)

    def _of_others(self, nets: Mapping[str, Net], sets: Sequence[ChangeSet]) -> set[str]:
        """The paths that other sessions say they changed since ours first did, but for what a file tool of ours did."""
        records = read_log(self._log.folder)
        begun = {record.id: record.when for record in records if isinstance(record, Begun)}
        since: dict[str, float] = {}
        for each in sets:
            for change in each.changes:
                since.setdefault(change.path, begun.get(each.id, each.when))
        shared = {record.id for record in records}  # a fork has calls in common with where it came from
        ours = {change for each in sets if each.source == "tool" for change in each.changes}
        found: set[str] = set()
        for folder in self._other_journals(min(since.values(), default=0.0)):
            for record in read_log(folder):
                if isinstance(record, ChangeSet) and record.id not in shared:
                    sure = record.source in ("tool", "rewind")
                    found |= {
                        change.path
                        for change in record.changes
                        if change.path in nets and record.when >= since[change.path] and (sure or change not in ours)
                    }
        return found

    def _other_journals(self, since: float) -> Iterable[Path]:
        try:
            with os.scandir(self._base) as entries:
                folders = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for folder in folders:
            try:
                if folder != self._log.folder and (folder / NAME).stat().st_mtime >= since:
                    yield folder
            except OSError:
                continue

    def _point(self, mark: Mark, sets: Iterable[ChangeSet]) -> Point:
        every = tuple(sets)
        nets = compose(changes_of(every))
        files = tuple(path for path, net in nets.items() if "folder" not in _kinds(net.first, net.last))
        counted = [self._lines(net.first, net.last) for net in nets.values()]
        commands = tuple(each.what for each in every if each.source != "tool")
        added, removed = sum(each[0] for each in counted), sum(each[1] for each in counted)
        return Point(mark.id, mark.text, mark.when, files, added, removed, commands, mark.why)

    def _preview(self, mark: Mark, plan: Plan, commands: tuple[str, ...], outside: tuple[str, ...]) -> Preview:
        touched = tuple(self._touched(step) for step in plan.steps.values())
        return Preview(mark, touched, tuple(plan.conflicts), tuple(plan.left), commands, outside)

    def _touched(self, step: Step) -> Touched:
        how: How = "delete" if step.want is None else "bring back" if step.have is None else "restore"
        entry = step.want or step.have
        added, removed = self._lines(step.have, step.want)
        return Touched(step.path, how, entry.kind if entry else "file", added, removed)

    def _lines(self, before: Entry | None, after: Entry | None) -> tuple[int, int]:
        """How many lines come and go; none where it is no text, or too long to count."""
        old, new = self._text(before), self._text(after)
        if old is None or new is None:
            return 0, 0
        gone, come = Counter(old), Counter(new)
        return (come - gone).total(), (gone - come).total()

    def _text(self, entry: Entry | None) -> list[bytes] | None:
        if entry is None or entry.kind != "file":
            return []
        if entry.size > _MOST_COUNTED or not entry.content.startswith("b:"):
            return None
        try:
            data = self._contents.get(entry.content)
        except CheckpointError:
            return None
        return None if b"\0" in data else data.splitlines()


def _kinds(*entries: Entry | None) -> set[str]:
    return {entry.kind for entry in entries if entry is not None}


def _name(mark: Mark) -> str:
    text = mark.why or mark.text
    line = " ".join(text.split())
    return f'"{line[:60]}…"' if len(line) > 60 else f'"{line}"'
