"""The journal of a session as a row of points, with what was changed between them. Pure; must not know the disk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coder.checkpoints.changelog import ChangeSet, Mark, Record
from coder.checkpoints.entries import Change
from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Stretch:
    """A point, and the sets from it to the next point; rewinds are not among them."""

    mark: Mark
    sets: tuple[ChangeSet, ...]


class Timeline:
    """`told` are points in their order. Those that are not in the journal, since nothing was changed after them, find
    their place by the others, and between them by their time: a clock may be set back."""

    def __init__(self, records: Iterable[Record], told: Iterable[Mark] = ()) -> None:
        kept = [record for record in records if isinstance(record, Mark | ChangeSet)]
        _put_in(kept, tuple(told))
        self._records: Sequence[Mark | ChangeSet] = kept
        self._undone, self._dropped = _gone_back(kept)

    def stretches(self, *, checkpoints: bool = False) -> list[Stretch]:
        """The points a conversation can go back to, the oldest first; with `checkpoints` also those before commands."""
        found: list[Stretch] = []
        for record in self._records:
            if isinstance(record, Mark):
                if record.id not in self._dropped and (checkpoints or not record.why):
                    found.append(Stretch(record, ()))
            elif found and record.source != "rewind" and record.id not in self._undone:
                found[-1] = Stretch(found[-1].mark, (*found[-1].sets, record))
        return found

    def find(self, id: str) -> Mark | None:
        """The point of this id, or the only one that begins with it."""
        marks = [record for record in self._records if isinstance(record, Mark)]
        exact = [mark for mark in marks if mark.id == id]
        near = [mark for mark in marks if len(id) >= 4 and mark.id.startswith(id)]
        return exact[0] if exact else near[0] if len(near) == 1 else None

    def since(self, mark: Mark) -> list[ChangeSet]:
        """Every set after a point, rewinds among them."""
        at = next(index for index, record in enumerate(self._records) if record is mark)
        return [record for record in self._records[at:] if isinstance(record, ChangeSet)]

    def undone_by_going_to(self, mark: Mark) -> list[ChangeSet]:
        """The calls whose changes would be taken back, which they are not yet."""
        sets = self.since(mark)
        return [each for each in sets if each.source != "rewind" and each.id not in self._undone and each.changes]

    def standing(self) -> list[ChangeSet]:
        """Every call of the session whose changes no rewind has taken back."""
        sets = (record for record in self._records if isinstance(record, ChangeSet))
        return [each for each in sets if each.source != "rewind" and each.id not in self._undone]

    def last_rewind(self) -> ChangeSet | None:
        rewinds = (each for each in reversed(self._records) if isinstance(each, ChangeSet) and each.source == "rewind")
        return next(rewinds, None)


def changes_of(sets: Iterable[ChangeSet]) -> list[Change]:
    return [change for each in sets for change in each.changes]


def _put_in(records: list[Mark | ChangeSet], told: Sequence[Mark]) -> None:
    """Puts the points among the records that are not there yet."""
    places = {record.id: index for index, record in enumerate(records) if isinstance(record, Mark)}
    ends: list[int] = []  # before which each has to stand
    end = len(records)
    for mark in reversed(told):
        end = min(end, places.get(mark.id, end))
        ends.append(end)
    start, added = 0, 0
    for mark, end in zip(told, reversed(ends), strict=True):
        if mark.id in places:
            start = max(start, places[mark.id] + added + 1)
            continue
        between = range(start, end + added)
        start = next((index for index in between if records[index].when > mark.when), max(start, end + added))
        records.insert(start, mark)
        start, added = start + 1, added + 1


def _gone_back(records: Sequence[Mark | ChangeSet]) -> tuple[set[str], set[str]]:
    """The sets that rewinds have taken back, and the points that the conversation went back behind."""
    taken: dict[str, set[str]] = {}  # by the rewind
    marks: dict[str, set[str]] = {}
    undone: set[str] = set()
    dropped: set[str] = set()
    for index, record in enumerate(records):
        if not isinstance(record, ChangeSet) or record.source != "rewind":
            continue
        if record.undoes:
            taken[record.id] = taken.get(record.undoes, set())
            undone ^= taken[record.id]
            marks[record.id] = marks.get(record.undoes, set()) if record.leaf else set()
            dropped ^= marks[record.id]
            continue
        if record.takes:
            calls = {id for id in record.takes if id not in taken} - undone
            back = {id for each in record.takes for id in taken.get(each, ())}  # of a rewind that is taken back
            taken[record.id] = calls | back
            undone ^= taken[record.id]
            continue
        at = next(
            (i for i, each in enumerate(records[:index]) if isinstance(each, Mark) and each.id == record.to), index
        )
        later = records[at:index]
        sets = () if record.is_talk else (each for each in later if isinstance(each, ChangeSet))
        now = {each.id for each in sets if each.source != "rewind"} - undone
        taken[record.id] = now
        undone |= now
        marks[record.id] = {each.id for each in later if isinstance(each, Mark)} - dropped if record.leaf else set()
        dropped |= marks[record.id]
    return undone, dropped
