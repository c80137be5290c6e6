"""Which sessions changed a path, from their journals. Must not know git."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from coder.app.who.journals import Journal, Told
from coder.app.who.values import By, Cause, FileRow, How, Side
from coder.checkpoints.changelog import ChangeSet
from coder.checkpoints.compare import MOST_BYTES
from coder.checkpoints.contents import CheckpointError, Contents
from coder.checkpoints.entries import Change, Entry

Fits = Callable[[str], bool]
_NEAR = 3


def rows_of(journals: Iterable[Journal], fits: Fits) -> list[FileRow]:
    """Every change of a path that fits, the newest first. What several sessions saw at once is one row."""
    found = [row for each in journals for told in each.told for row in _rows(told, fits)]
    found.sort(key=lambda row: (-row.when, row.path))
    return _merged(found)


def near(journals: Iterable[Journal], name: str) -> tuple[str, ...]:
    """Paths that are called like this one, upper and lower case aside, the last changed first."""
    wanted = name.casefold()
    found: dict[str, float] = {}
    for each in journals:
        for told in each.told:
            if isinstance(told.record, ChangeSet):
                for change in told.record.changes:
                    if change.path.rpartition("/")[2].casefold() == wanted and "/.git/" not in change.path:
                        found[change.path] = max(told.record.when, found.get(change.path, 0.0))
    return tuple(sorted(found, key=lambda path: -found[path])[:_NEAR])


def with_lines(row: FileRow, contents: Contents | None) -> FileRow:
    """With the texts of both sides as far as they are kept, and how many lines each has."""
    if contents is None:
        return row
    return replace(row, before=_read(row.before, contents), after=_read(row.after, contents))


def _rows(told: Told, fits: Fits) -> Iterator[FileRow]:
    record = told.record
    if not isinstance(record, ChangeSet):
        return
    fitting = [change for change in record.changes if fits(change.path)]
    moves = _moves(record.changes) if fitting else {}
    by: By = record.source
    for change in fitting:
        how, other = moves.get(change.path, (_how(change), ""))
        cause = Cause(by, record.what, told.turn)
        sides = _side(change.before), _side(change.after)
        yield FileRow(record.when, min(told.began, record.when), change.path, how, *sides, cause, other)


def _how(change: Change) -> How:
    if change.before is None:
        return "created"
    return "deleted" if change.after is None else "changed"


def _moves(changes: Iterable[Change]) -> dict[str, tuple[How, str]]:
    """Files that went in one place and came in another with the same content, where there is but one such pair."""
    went: dict[str, list[str]] = {}
    came: dict[str, list[str]] = {}
    for change in changes:
        side, where = (change.before, went) if change.after is None else (change.after, came)
        is_one = (change.before is None) != (change.after is None)
        if is_one and side is not None and side.kind == "file" and side.content and side.size:
            where.setdefault(side.content, []).append(change.path)
    found: dict[str, tuple[How, str]] = {}
    for content, old in went.items():
        new = came.get(content, [])
        if len(old) == len(new) == 1:
            found[old[0]] = ("moved away", new[0])
            found[new[0]] = ("moved here", old[0])
    return found


def _merged(rows: list[FileRow]) -> list[FileRow]:
    """Where calls of several sessions ran at once each may have seen the same change: the likeliest did it."""
    alike: dict[tuple[object, ...], list[FileRow]] = {}
    for row in rows:
        alike.setdefault((row.path, _shape(row.before), _shape(row.after)), []).append(row)
    found: list[FileRow] = []
    for some in alike.values():
        groups: list[list[FileRow]] = []
        for row in sorted(some, key=lambda row: row.began):
            last = groups[-1] if groups else []
            if any(row.began <= each.when for each in last) and _session(row) not in map(_session, last):
                last.append(row)
            else:
                groups.append([row])
        found += map(_likeliest, groups)
    return sorted(found, key=lambda row: (-row.when, row.path))


def _likeliest(group: list[FileRow]) -> FileRow:
    if len(group) == 1:
        return group[0]
    first, *others = sorted(group, key=_doubt)
    beside = tuple(each.cause.turn for each in others if each.cause.turn is not None)
    return replace(first, cause=replace(first.cause, beside=beside))


def _shape(side: Side | None) -> tuple[object, ...]:
    return () if side is None else (side.kind, side.size, side.mode)


def _session(row: FileRow) -> str:
    return row.cause.turn.session if row.cause.turn is not None else ""


def _doubt(row: FileRow) -> tuple[int, float]:
    """A file tool and a rewind name what they change; of commands the shortest is the likeliest."""
    rank = {"tool": 0, "rewind": 0, "command": 1, "background": 2, "other": 3}
    return rank[row.cause.by], row.when - row.began


def _side(entry: Entry | None) -> Side | None:
    if entry is None:
        return None
    return Side(entry.kind, entry.size, entry.mode, entry.content, text=entry.content if entry.kind == "link" else None)


def _read(side: Side | None, contents: Contents) -> Side | None:
    if side is None or side.kind != "file" or not side.content or side.size > MOST_BYTES:
        return side
    try:
        data = contents.get(side.content)
    except CheckpointError:
        return side
    if b"\0" in data:
        return side
    lines = data.count(b"\n") + bool(data and not data.endswith(b"\n"))
    return replace(side, lines=lines, text=data.decode("utf-8", "replace"))
