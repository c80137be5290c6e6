"""Which sessions moved a name of git's: their journals beside git's own log. Must not know files; starts nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from pathlib import Path

from coder.app.who.journals import Journal
from coder.app.who.values import Cause, NameRow, Turn
from coder.checkpoints.changelog import ChangeSet
from coder.checkpoints.refmoves import RefMoves
from coder.git.reflog import Step
from coder.git.refs import Kind, RefMove

_GIT = re.compile(r"(?<![\w-])(?:git|gh|glab|hub)(?![\w-])", re.IGNORECASE)
_MOST_RENAMES = 8
_NONE = re.compile(r"0+\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """The repository that is asked about: its work tree, and the folder that all its work trees share."""

    top: str
    shared: str


@dataclass(frozen=True, slots=True, eq=False)
class _Noted:
    record: RefMoves
    turn: Turn

    @property
    def is_ours(self) -> bool:
        return self.record.cause != "meanwhile"

    def ran_beside(self, other: _Noted) -> bool:
        """In another session at the same time."""
        mine, theirs = self.record, other.record
        overlaps = mine.began <= theirs.when and theirs.began <= mine.when
        return overlaps and self.turn.session != other.turn.session

    @property
    def doubt(self) -> tuple[int, bool, float]:
        """The likeliest first: a command before one in the background, with git's name, then the shortest."""
        rank = {"command": 0, "background": 1, "meanwhile": 2}[self.record.cause]
        return rank, not _GIT.search(self.record.what), self.record.when - self.record.began


@dataclass(frozen=True, slots=True)
class _Window:
    """A command of a coder that did not note yet what moved."""

    began: float
    when: float
    what: str
    turn: Turn


class _Log:
    """What git logged of one branch, less what is taken for a session's."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._taken: set[int] = set()
        self._ends: dict[str, list[int]] = {}
        for place, step in enumerate(steps):
            self._ends.setdefault(step.after, []).append(place)

    def of_move(self, move: RefMove, record: RefMoves, *, renamed: bool) -> list[int]:
        """Where it logged this move; empty when it does not have it all."""
        for end in reversed(self._ends.get(move.after, ())):
            chain: list[int] = []
            place = end
            while place >= 0 and self._may_be(place, record):
                step = self._steps[place]
                if chain and step.after != self._steps[chain[0]].before:
                    break
                chain.insert(0, place)
                if _commit(step.before) == move.before or (renamed and step.before == move.after):
                    return chain
                place -= 1
        return []

    def take(self, places: Iterable[int]) -> tuple[Step, ...]:
        own = tuple(places)
        self._taken.update(own)
        return tuple(self._steps[place] for place in own)

    def rest(self) -> list[Step]:
        return [step for place, step in enumerate(self._steps) if place not in self._taken]

    def _may_be(self, place: int, record: RefMoves) -> bool:
        return place not in self._taken and floor(record.began) <= self._steps[place].when <= ceil(record.when)


def rows_of_head(journals: Sequence[Journal], place: Place, log: Sequence[Step]) -> list[NameRow]:
    """Every move of HEAD, the newest first: those of sessions, and those in git's log that no session made."""
    noted = _noted(journals, lambda record: record.top == place.top)
    owners = _owners([each for each in noted if each.is_ours])
    own: dict[_Noted, list[Step]] = {}
    beside: dict[_Noted, dict[_Noted, Turn]] = {}
    for (step, _), some in owners.items():
        first = min(some, key=_doubt)
        own.setdefault(first, []).append(step)
        beside.setdefault(first, {}).update({other: other.turn for other in some if other is not first})
    pairs: list[tuple[_Noted, NameRow]] = []
    for each in noted:
        if each in own or not each.record.steps:
            rows = _head_row(each, own.get(each, []), tuple(beside.get(each, {}).values()))
            pairs += [(each, row) for row in rows]
    seen = Counter(step for each in noted if not each.is_ours for step in each.record.steps)
    others = list(((Counter(log) | seen) - Counter(step for step, _ in owners)).elements())
    windows = _unwatched(journals, place)
    return _sorted([*_merged(pairs), *(_of_log("HEAD", step, windows) for step in others)], log)


def rows_of_branch(journals: Sequence[Journal], place: Place, name: str, log: Sequence[Step]) -> list[NameRow]:
    """Every move of a branch that is known, the newest first."""
    left = _Log(log)
    pairs: list[tuple[_Noted, NameRow]] = []
    noted = sorted(_noted(journals, lambda record: record.repository == place.shared), key=_doubt)
    called = _names_of(noted, name)  # a branch that is renamed takes its log along
    for each in noted:
        for move in each.record.moves:
            if move.kind != "branch" or move.name not in called:
                continue
            other = _renamed(each.record.moves, move)
            places = left.of_move(move, each.record, renamed=bool(other))
            if (each.is_ours or not places) and (move.name == name or places):
                steps = left.take(places)
                pairs.append((each, replace(_row(each, name, move.before, move.after, steps), other=other)))
    windows = _unwatched(journals, place)
    return _sorted([*_merged(pairs), *(_of_log(name, step, windows) for step in left.rest())], log)


def rows_of_stash(journals: Sequence[Journal], place: Place, log: Sequence[Step]) -> list[NameRow]:
    """Entries that came and went, by their commits, with their messages."""
    pairs, came = _rows_of_kind(journals, place, "stash")
    windows = _unwatched(journals, place)
    others = (_of_log(step.after, step, windows) for step in log if step.after not in came)
    return _sorted([*_merged(pairs), *(replace(row, before="", after=row.steps[0].text) for row in others)], log)


def rows_of_worktrees(journals: Sequence[Journal], place: Place) -> list[NameRow]:
    """Linked work trees that came, went, or have another branch, by their paths."""
    return _sorted(_merged(_rows_of_kind(journals, place, "worktree")[0]), ())


def branches_in(journals: Iterable[Journal], place: Place) -> set[str]:
    """The branches that any session saw moving."""
    noted = _noted(journals, lambda record: record.repository == place.shared)
    return {move.name for each in noted for move in each.record.moves if move.kind == "branch"}


def _rows_of_kind(
    journals: Sequence[Journal], place: Place, kind: Kind
) -> tuple[list[tuple[_Noted, NameRow]], set[str]]:
    """And the names of what is known to have come by a session."""
    noted = _noted(journals, lambda record: record.repository == place.shared)
    pairs = [
        (each, _row(each, move.name, move.before, move.after, ()))
        for each in noted
        for move in each.record.moves
        if move.kind == kind
    ]
    return pairs, {row.name for _, row in pairs if row.after and not row.before}


def _owners(noted: Iterable[_Noted]) -> dict[tuple[Step, int], list[_Noted]]:
    """Whoever noted each step. Steps of one second may be alike, and are numbered; calls of several sessions that ran at
    once noted the very same."""
    found: dict[tuple[Step, int], list[_Noted]] = {}
    for each in sorted(noted, key=lambda noted: noted.record.began):
        taken: set[tuple[Step, int]] = set()
        for step in each.record.steps:
            number = 0
            while (step, number) in taken or not all(map(each.ran_beside, found.get((step, number), ()))):
                number += 1
            taken.add((step, number))
            found.setdefault((step, number), []).append(each)
    return found


def _noted(journals: Iterable[Journal], fits: Callable[[RefMoves], bool]) -> list[_Noted]:
    return [
        _Noted(told.record, told.turn)
        for each in journals
        for told in each.told
        if isinstance(told.record, RefMoves) and fits(told.record)
    ]


def _doubt(noted: _Noted) -> tuple[int, bool, float]:
    return noted.doubt


def _head_row(noted: _Noted, steps: Sequence[Step], beside: tuple[Turn, ...]) -> Iterator[NameRow]:
    """One row, where HEAD, its branch, or what is under way is another than before."""
    moves = {move.kind: move for move in noted.record.moves if move.kind in ("head", "on", "doing")}
    if not steps and not moves:
        return
    head, on, doing = moves.get("head"), moves.get("on"), moves.get("doing")
    before, after = (head.before, head.after) if head is not None else ("", "")
    if steps:
        before, after = _commit(steps[0].before), _commit(steps[-1].after)
    row = _row(noted, "HEAD", before, after, tuple(steps))
    yield replace(
        row,
        was_on=on.before if on is not None else noted.record.on,
        on=noted.record.on,
        began=doing.after if doing is not None else "",
        ended=doing.before if doing is not None else "",
        cause=replace(row.cause, beside=beside),
    )


def _row(noted: _Noted, name: str, before: str, after: str, steps: tuple[Step, ...]) -> NameRow:
    record = noted.record
    if record.cause == "meanwhile":
        return NameRow(record.when, name, before, after, Cause("other", ""), steps=steps, since=record.began)
    during = record.cause == "command" and not _GIT.search(record.what)
    return NameRow(record.when, name, before, after, Cause(record.cause, record.what, noted.turn, during), steps=steps)


def _of_log(name: str, step: Step, windows: Sequence[_Window]) -> NameRow:
    """A move that git's log tells of and no session noted."""
    within = [each for each in windows if floor(each.began) <= step.when <= ceil(each.when)]
    cause = Cause("other", step.text)
    if within:
        likely = min(within, key=lambda each: (not _GIT.search(each.what), each.when - each.began))
        cause = Cause("command", likely.what, likely.turn, during=True)
    return NameRow(float(step.when), name, _commit(step.before), _commit(step.after), cause, steps=(step,))


def _unwatched(journals: Iterable[Journal], place: Place) -> list[_Window]:
    found: list[_Window] = []
    for each in journals:
        for told in each.told:
            record = told.record
            is_old = isinstance(record, ChangeSet) and record.source == "command" and not told.watched
            if is_old and any(_related(root, place.top) for root in told.roots):
                found.append(_Window(told.began, record.when, record.what, told.turn))
    return found


def _related(one: str, other: str) -> bool:
    return Path(one).is_relative_to(other) or Path(other).is_relative_to(one)


def _names_of(noted: Iterable[_Noted], name: str) -> set[str]:
    """And what the branch was called before it was renamed."""
    every = list(noted)
    found = {name}
    for _ in range(_MOST_RENAMES):
        more = {
            _renamed(each.record.moves, move)
            for each in every
            for move in each.record.moves
            if move.kind == "branch" and move.name in found and not move.before
        }
        if not more - found - {""}:
            break
        found |= more - {""}
    return found


def _renamed(moves: Iterable[RefMove], move: RefMove) -> str:
    """The other name of a branch that was renamed."""
    if move.before and move.after:
        return ""
    opposite = (move.after, move.before)
    others = (each for each in moves if each.kind == "branch" and each.name != move.name)
    return next((each.name for each in others if (each.before, each.after) == opposite), "")


def _merged(pairs: Iterable[tuple[_Noted, NameRow]]) -> list[NameRow]:
    """Where calls of several sessions ran at once each may have noted the same move: the likeliest made it."""
    kept: dict[tuple[str, str, str, str], list[tuple[_Noted, NameRow]]] = {}
    for noted, row in sorted(pairs, key=lambda pair: pair[0].doubt):
        group = kept.setdefault((row.name, row.before, row.after, row.on), [])
        for number, (first, shown) in enumerate(group):
            if noted.ran_beside(first) and not (row.steps and shown.steps):
                if noted.is_ours:
                    cause = replace(shown.cause, beside=(*shown.cause.beside, noted.turn))
                    group[number] = (first, replace(shown, cause=cause))
                break
        else:
            group.append((noted, row))
    return [row for group in kept.values() for _, row in group]


def _sorted(rows: Iterable[NameRow], log: Sequence[Step]) -> list[NameRow]:
    """The newest first. Git's log has whole seconds only: within one its order counts."""
    places = {step: number for number, step in enumerate(log)}

    def key(row: NameRow) -> tuple[int, int, float]:
        last = row.steps[-1] if row.steps else None
        if last is None or last not in places:
            return floor(row.when), -1, row.when
        return last.when, places[last], row.when

    return sorted(rows, key=key, reverse=True)


def _commit(id: str) -> str:
    return "" if _NONE.match(id) else id
