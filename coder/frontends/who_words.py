"""Who changed something, in words: rows for a terminal of a given width. Must not know how it was found out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from coder.app.who.values import Answer, Cause, Commit, FileRow, Gap, NameRow, Now, Turn
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.frontends.amounts import counted
from coder.frontends.policy.text import short
from coder.frontends.who_amounts import amount
from coder.frontends.wrapping import wrapped

_ID = 8
_COMMIT = 7
_LONGEST = 160  # characters of a command or a prompt
_SUBJECT = 60
_STEPS = 3
_GAPS = 5
_BACKGROUND = "a command in the background"
_OTHER = "by hand or another program"
_NARROWEST = 40


@dataclass(frozen=True, slots=True)
class Look:
    """Where the reader is, and how wide their terminal; `diff`: with the lines that went and came."""

    cwd: Path
    home: Path
    width: int
    now: float
    diff: bool = False

    def path(self, path: str) -> str:
        return visible_line(short(path, self.cwd, self.home))

    def time(self, when: float) -> str:
        """`14:02` today, `29 Nov 14:02` this year, else `29 Nov 2025`."""
        then, today = datetime.fromtimestamp(when).astimezone(), datetime.fromtimestamp(self.now).astimezone()
        clock, day = f"{then:%H:%M}", f"{then.day} {then:%b}"
        if then.date() == today.date():
            return clock
        return f"{day} {clock}" if then.year == today.year else f"{day} {then.year}"


def lines_of(found: Answer, look: Look) -> list[str]:
    """The whole answer, the newest first."""
    lines = wrapped(_title(found, look) if found.found else _nothing(found, look), max(look.width, _NARROWEST))
    times = [look.time(row.when) for row in found.files] + [look.time(row.when) for row in found.names]
    room = max(map(len, times), default=0)
    shows_path = len({row.path for row in found.files}) > 1 or found.now is None
    rows = [_file(row, look, shows_path) for row in found.files] + [_name(row, found, look) for row in found.names]
    for when, (row, texts, extra) in zip(times, rows, strict=True):
        lines += _block(when.rjust(room), [*texts, *_turns(row.cause, found)], look.width)
        lines += extra
    if found.more:
        lines.append(f"{found.more} older: --all")
    lines += [line for text in _after(found, look) for line in wrapped(text, max(look.width, _NARROWEST), "", "  ")]
    return lines


def _title(found: Answer, look: Look) -> str:
    what = {
        "head": "HEAD",
        "branch": f"Branch {visible_line(found.asked)}",
        "stash": "The stash",
        "worktrees": "Work trees",
        "file": look.path(found.now.path) if found.now is not None else visible_line(found.asked),
    }[found.what]
    total = found.ours + found.others
    counts = counted(total, "change" if found.what == "file" else "move")
    return f"{what}: {counts}{_by_whom(found)}"


def _by_whom(found: Answer) -> str:
    if found.what == "file":
        return ""
    if not found.ours:
        return ", none by a session of coder"
    if not found.others:
        return ", all by sessions of coder"
    return f", {found.ours} by sessions of coder, {found.others} {_OTHER}"


def _nothing(found: Answer, look: Look) -> str:
    name = look.path(found.now.path) if found.now is not None else visible_line(found.asked) or "HEAD"
    what = {"stash": "the stash", "worktrees": "a work tree", "branch": f"the branch {name}", "head": "HEAD"}
    verb = "changed" if found.what == "file" else "moved"
    return f"No session of coder that is still recorded {verb} {what.get(found.what, name)}."


def _block(when: str, texts: Iterable[str], width: int) -> list[str]:
    lines: list[str] = []
    indent = " " * (len(when) + 2)
    for number, text in enumerate(texts):
        first = f"{when}  " if number == 0 else indent
        lines += wrapped(text, max(width, _NARROWEST), first, indent if number == 0 else f"{indent}  ")
    return lines


def _file(row: FileRow, look: Look, shows_path: bool) -> tuple[FileRow, list[str], list[str]]:
    size, diff = amount(row)
    name = f"{look.path(row.path)} " if shows_path else ""
    how = row.how if not row.other else f"{row.how.split()[0]} {_FROM[row.how]} {look.path(row.other)}"
    text = f"{name}{how} {_by(row.cause)}" + (f" · {size}" if size else "")
    return row, [text], [f"    {line}" for line in diff] if look.diff else []


_FROM = {"moved here": "here from", "moved away": "to"}


def _by(cause: Cause) -> str:
    what = _short(cause.what)
    match cause.by:
        case "background" if cause.what == _BACKGROUND:
            return "while a command ran in the background: by that, or by you"
        case "background":
            return f"by {what}, or by you meanwhile"
        case "rewind":
            return f"by going back: {what}"
        case "coder":
            source = "" if cause.turn is not None else ", as git's log says"
            return f"by coder itself{source}: {what}"
        case "other":
            return f"{_OTHER}; git's log: {what}" if what else _OTHER
        case "tool":
            return f"by {what.partition(' ')[0]}"
        case _:
            return f"while this ran: {what}" if cause.during else f"by {what}"


def _turns(cause: Cause, found: Answer) -> Iterator[str]:
    if cause.turn is not None:
        prompt = f'after "{_short(cause.turn.prompt)}" · ' if cause.turn.prompt and cause.by != "rewind" else ""
        yield f"{prompt}{_session(cause.turn, found)}"
    if cause.beside:
        others = ", ".join(_session(each, found) for each in cause.beside[:3])
        yield f"commands of other sessions ran at the same time: {others}"


def _session(turn: Turn, found: Answer) -> str:
    title = (found.titles or {}).get(turn.session)
    if title is None:
        return f"a session that was removed since ({turn.session[:_ID]})"
    return f"{_short(title, _SUBJECT) or '(no title)'} ({turn.session[:_ID]})"


def _name(row: NameRow, found: Answer, look: Look) -> tuple[NameRow, list[str], list[str]]:
    texts = [_moved(row, found, look), _by(row.cause)]
    if row.since:
        texts[1] = f"between {look.time(row.since)} and {look.time(row.when)}, {_OTHER}"
    if len(row.steps) > 1:
        said = " · ".join(_short(step.text, _SUBJECT) for step in row.steps[:_STEPS])
        more = f" · and {len(row.steps) - _STEPS} more" if len(row.steps) > _STEPS else ""
        texts.append(f"git's log: {said}{more}")
    return row, texts, []


def _moved(row: NameRow, found: Answer, look: Look) -> str:
    before, after = (_commit(id, found) for id in (row.before, row.after))
    match found.what:
        case "stash":
            verb = "put on the stash" if row.after else "taken off the stash"
            again = "" if row.after else f" · while git has it: git stash apply {row.name[:_ID]}"
            return f"{verb}: {_short(row.after or row.before, _SUBJECT)} ({row.name[:_COMMIT]}){again}"
        case "worktrees":
            place = look.path(row.name)
            if not row.before or not row.after:
                verb = "added" if row.after else "removed"
                return f"{place} {verb} (on {_head(row.after or row.before)})"
            return f"{place} {_head(row.before)} → {_head(row.after)}"
        case "branch" if row.other:
            return f"renamed to {visible_line(row.other)}" if row.before else f"renamed from {visible_line(row.other)}"
        case "branch" if not row.before:
            return f"created at {after}"
        case "branch" if not row.after:
            name = visible_line(found.asked)
            return f"deleted, was at {before} · while git has it: git branch {name} {row.before[:_ID]}"
        case "branch":
            return f"{before} → {after}"
    parts = [_place(row), _path(row.before, row.after, before, after)]
    parts += [f"{row.began} began"] if row.began else [f"{row.ended} ended"] if row.ended else []
    return " · ".join(part for part in parts if part)


def _place(row: NameRow) -> str:
    """The branch of HEAD, if it is known."""
    if row.was_on == row.on:
        return visible_line(row.on)
    return f"{visible_line(row.was_on) or 'no branch'} → {visible_line(row.on) or 'no branch'}"


def _path(before: str, after: str, told_before: str, told_after: str) -> str:
    if not before and not after:
        return ""
    if before == after:
        return f"stayed at {told_after}"
    return f"{told_before} → {told_after}" if before else f"first commit {told_after}"


def _head(head: str) -> str:
    return head[:_COMMIT] if len(head) >= 40 and not head.strip("0123456789abcdef") else visible_line(head)


def _commit(id: str, found: Answer) -> str:
    subject = (found.subjects or {}).get(id, "")
    return f"{id[:_COMMIT]} {_short(subject, _SUBJECT)}".rstrip() if id else "nothing"


def _after(found: Answer, look: Look) -> Iterator[str]:
    """What is known beside the rows."""
    if found.now is not None:
        yield from _now(found.now, look, known=found.found)
    if found.near:
        paths = ", ".join(look.path(path) for path in found.near)
        yield f"Files of that name that sessions changed: {paths}"
    if found.gaps:
        yield from _gaps(found.gaps, found.what == "file")


def _now(now: Now, look: Look, *, known: bool) -> Iterator[str]:
    when = look.time(now.changed)
    if known and now.differs and now.exists:
        yield f"Since then changed {_OTHER}, last at {when}."
    elif known and now.differs:
        yield f"Since then deleted {_OTHER}."
    elif not known and now.exists:
        yield f"It was last changed at {when}: {_OTHER}, or a session that is not recorded any more."
    elif not known:
        yield "There is no such file now."
    if not known or now.differs:
        yield from (_committed(commit, look) for commit in now.commits)


def _committed(commit: Commit, look: Look) -> str:
    said, author = _short(commit.subject, _SUBJECT), _short(commit.author, _SUBJECT)
    return f"Its last commit: {commit.id[:_COMMIT]} {said} ({author}, {look.time(commit.when)})"


def _gaps(gaps: tuple[Gap, ...], of_file: bool) -> Iterator[str]:
    yield "Not known is what these sessions changed, whose checkpoints are off or were dropped:"
    for gap in gaps[:_GAPS]:
        names_it = " · its transcript has the name of this file" if of_file and gap.names_it else ""
        yield f"  {_short(gap.title, _SUBJECT) or '(no title)'} ({gap.session[:_ID]}){names_it}"
    if len(gaps) > _GAPS:
        yield f"  and {len(gaps) - _GAPS} more"


def _short(text: str, most: int = _LONGEST) -> str:
    line = visible_line(text)
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
