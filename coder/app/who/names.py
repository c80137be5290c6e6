"""Which sessions moved a name of git's: their journals beside git's own log. Must not know files; starts nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from math import ceil, floor
from pathlib import Path

from coder.app.who.journals import Journal
from coder.app.who.own import OURS
from coder.app.who.steps import GIT, Log, Noted, commit_of, owners_of
from coder.app.who.values import Cause, NameRow, Turn
from coder.checkpoints.changelog import ChangeSet
from coder.checkpoints.refmoves import RefMoves
from coder.core.dataclass import dataclass
from coder.git.reflog import Step
from coder.git.refs import Kind, RefMove

_MOST_RENAMES = 8


@dataclass(frozen=True, slots=True)
class Place:
    """The repository that is asked about: its work tree, and the folder that all its work trees share."""

    top: str
    shared: str


@dataclass(frozen=True, slots=True)
class _Window:
    """A command of a coder that did not note yet what moved."""

    began: float
    when: float
    what: str
    turn: Turn


def rows_of_head(journals: Sequence[Journal], place: Place, log: Sequence[Step]) -> list[NameRow]:
    """Every move of HEAD, the newest first: those of sessions, and those in git's log that no session made."""
    noted = _noted(journals, lambda record: record.top == place.top)
    owners = owners_of([each for each in noted if each.is_ours])
    own: dict[Noted, list[Step]] = {}
    beside: dict[Noted, dict[Noted, Turn]] = {}
    for (step, _), some in owners.items():
        first = min(some, key=_doubt)
        own.setdefault(first, []).append(step)
        beside.setdefault(first, {}).update({other: other.turn for other in some if other is not first})
    pairs: list[tuple[Noted, NameRow]] = []
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
    left = Log(log)
    pairs: list[tuple[Noted, NameRow]] = []
    noted = sorted(_noted(journals, lambda record: record.repository == place.shared), key=_doubt)
    called = _names_of(noted, name)  # a branch that is renamed takes its log along
    gone = [each.record.when for each in noted for move in each.record.moves if _is_end(move, name)]
    begins = max(gone, default=0.0)  # a branch that is deleted takes its log with it
    for each in noted:
        for move in each.record.moves:
            if move.kind != "branch" or move.name not in called:
                continue
            other = _renamed(each.record.moves, move)
            places = left.of_move(move, each.record, renamed=bool(other)) if each.record.when > begins else []
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
) -> tuple[list[tuple[Noted, NameRow]], set[str]]:
    """And the names of what is known to have come by a session."""
    noted = _noted(journals, lambda record: record.repository == place.shared)
    pairs = [
        (each, _row(each, move.name, move.before, move.after, ()))
        for each in noted
        for move in each.record.moves
        if move.kind == kind
    ]
    return pairs, {row.name for _, row in pairs if row.after and not row.before}


def _noted(journals: Iterable[Journal], fits: Callable[[RefMoves], bool]) -> list[Noted]:
    return [
        Noted(told.record, told.turn)
        for each in journals
        for told in each.told
        if isinstance(told.record, RefMoves) and fits(told.record)
    ]


def _doubt(noted: Noted) -> tuple[int, bool, float]:
    return noted.doubt


def _head_row(noted: Noted, steps: Sequence[Step], beside: tuple[Turn, ...]) -> Iterator[NameRow]:
    """One row, where HEAD, its branch, or what is under way is another than before."""
    moves = {move.kind: move for move in noted.record.moves if move.kind in ("head", "on", "doing")}
    if not steps and not moves:
        return
    head, on, doing = moves.get("head"), moves.get("on"), moves.get("doing")
    before, after = (head.before, head.after) if head is not None else ("", "")
    if steps:
        before, after = commit_of(steps[0].before), commit_of(steps[-1].after)
    row = _row(noted, "HEAD", before, after, tuple(steps))
    yield replace(
        row,
        was_on=on.before if on is not None else noted.record.on,
        on=noted.record.on,
        began=doing.after if doing is not None else "",
        ended=doing.before if doing is not None else "",
        cause=replace(row.cause, beside=beside),
    )


def _row(noted: Noted, name: str, before: str, after: str, steps: tuple[Step, ...]) -> NameRow:
    record = noted.record
    if record.cause == "meanwhile":
        return NameRow(record.when, name, before, after, Cause("other", ""), steps=steps, since=record.began)
    during = record.cause == "command" and not GIT.search(record.what)
    return NameRow(record.when, name, before, after, Cause(record.cause, record.what, noted.turn, during), steps=steps)


def _of_log(name: str, step: Step, windows: Sequence[_Window]) -> NameRow:
    """A move that git's log tells of and no session noted."""
    within = [each for each in windows if floor(each.began) <= step.when <= ceil(each.when)]
    own = step.text.startswith(OURS)
    cause = Cause("coder", step.text.removeprefix(OURS)) if own else Cause("other", step.text)
    if within:
        likely = min(within, key=lambda each: (not GIT.search(each.what), each.when - each.began))
        cause = Cause("command", likely.what, likely.turn, during=True)
    return NameRow(float(step.when), name, commit_of(step.before), commit_of(step.after), cause, steps=(step,))


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


def _is_end(move: RefMove, name: str) -> bool:
    return (move.kind, move.name, move.after) == ("branch", name, "")


def _names_of(noted: Iterable[Noted], name: str) -> set[str]:
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


def _merged(pairs: Iterable[tuple[Noted, NameRow]]) -> list[NameRow]:
    """Where calls of several sessions ran at once each may have noted the same move: the likeliest made it."""
    alike: dict[tuple[str, str, str, str], list[tuple[Noted, NameRow]]] = {}
    for noted, row in sorted(pairs, key=lambda pair: pair[0].record.began):
        alike.setdefault((row.name, row.before, row.after, row.on), []).append((noted, row))
    found: list[NameRow] = []
    for some in alike.values():
        groups: list[list[tuple[Noted, NameRow]]] = []
        for noted, row in some:
            last = groups[-1] if groups else []
            if last and all(noted.ran_beside(other) and not (row.steps and shown.steps) for other, shown in last):
                last.append((noted, row))
            else:
                groups.append([(noted, row)])
        found += map(_likeliest, groups)
    return found


def _likeliest(group: list[tuple[Noted, NameRow]]) -> NameRow:
    (_, row), *others = sorted(group, key=lambda pair: pair[0].doubt)
    beside = tuple(noted.turn for noted, _ in others if noted.is_ours)
    return replace(row, cause=replace(row.cause, beside=(*row.cause.beside, *beside))) if beside else row


def _sorted(rows: Iterable[NameRow], log: Sequence[Step]) -> list[NameRow]:
    """The newest first. Git's log has whole seconds only: within one its order counts."""
    places = {step: number for number, step in enumerate(log)}

    def key(row: NameRow) -> tuple[int, int, float]:
        last = row.steps[-1] if row.steps else None
        if last is None or last not in places:
            return floor(row.when), len(log), row.when
        return last.when, places[last], row.when

    return sorted(rows, key=key, reverse=True)
