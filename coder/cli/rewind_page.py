"""What `coder rewind` prints: points, a preview, what was done. Must not know how any of it is found out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from coder.app.checkpointing import Rewound, What
from coder.checkpoints.back import Point, Preview, Touched
from coder.checkpoints.gitstate import GitState
from coder.checkpoints.plan import Left
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.rewind_words import counts, named, volume
from coder.sessions.age import age
from coder.sessions.load import counted

_WIDTH = 48
_COMMAND = 72
_SHOWN = 3  # commands that are named
_MOST = 20  # paths of a kind that are listed one by one


def points_page(points: Sequence[Point], numbers: Mapping[str, int], session: str, handle: str) -> list[str]:
    """The points, the newest last, by their number or else their id, a line each that the terminal is wide enough for.
    `handle` is how the session is named in commands, "" when it need not be."""
    now = time.time()
    rows = [(_number(point, numbers), age(point.when, now), volume(point)) for point in points]
    first, second, third = (max(cell_len(row[column]) for row in rows) for column in range(3))
    room = max(20, shutil.get_terminal_size().columns - first - second - third - 8)
    said = [_short(_said(point), min(room, _WIDTH)) for point in points]
    room = max(map(cell_len, said))
    lines = [
        f"  {number:>{first}}  {set_cell_size(text, room)}  {when:<{second}}  {volume}".rstrip()
        for text, (number, when, volume) in zip(said, rows, strict=True)
    ]
    hint = f"To look at what going back before one would do: coder rewind {_named_too(handle)}NUMBER"
    return [f"Points of session {session}, newest at the bottom:", *lines, hint]


def preview_page(preview: Preview, folder: Path, what: What, *, force: bool) -> list[str]:
    """What going back would do, in the words of the rewind picker."""
    lines = [_title(preview)]
    if preview.undoes_talk:
        lines.append("  The conversation comes back too.")
    elif what != "files" and not preview.undoes:
        lines.append("  The conversation goes back too; what was said since stays in the transcript.")
    if what == "conversation":
        return [*lines, "  No file changes."]
    for verb, how in (("restore", "restore"), ("bring back", "bring back"), ("delete", "delete")):
        lines += _touched(f"Would {verb}", [each for each in preview.touched if each.how == how], folder)
    if not preview.touched:
        lines.append("  No file would change.")
    if preview.conflicts:
        said = "Would be left" if not force else "Is left all the same"
        lines += _left(f"{said}, since somebody else changed it", preview.conflicts, folder)
        lines += [] if force else ["  To go back over that too: --force"]
    lines += _left("Cannot be brought back", preview.left, folder)
    if preview.commands:
        lines.append(f"  Also undoes what {counted(len(preview.commands), 'command')} changed here:")
        lines += [f"    {_short(command, _COMMAND)}" for command in preview.commands[:_SHOWN]]
        lines += [f"    and {len(preview.commands) - _SHOWN} more"] if len(preview.commands) > _SHOWN else []
    outside = ", ".join(named(path, folder) for path in preview.outside[:5])
    lines.append(f"  Cannot undo outside this folder: {outside or 'nothing known'}")
    return lines


def done_page(done: Rewound, preview: Preview, handle: str) -> list[str]:
    """What was done, and how to go on; `handle` as for the points."""
    count = len(done.files)
    parts = [_title(preview)]
    parts += [f"{counted(count, 'path')} changed"] if count or not done.conversation else []
    parts += ["the conversation too"] if done.conversation else []
    lines = [f"✓ {' · '.join(parts)}", f"  To undo this: coder rewind {_named_too(handle)}--undo"]
    lines += [f"  Left as it is, since it changed just now: {visible_line(path)}" for path in done.passed]
    if done.conversation and done.text:
        which = f"-r {handle}" if handle else "-c"
        lines.append(f'  To go on from there: coder -p {which} "what to do instead"')
    return lines


def _title(preview: Preview) -> str:
    text = preview.point.why or preview.point.text
    return f"Undo: {_short(text)}" if preview.undoes else f'Back to before "{_short(text)}"'


def state_page(state: GitState) -> list[str]:
    """The commands that bring back what git held; coder runs none of them."""
    lines = [f"Git in {visible_line(str(state.top))} was at {state.head[:12] or 'no commit yet'}."]
    commands = state.commands()
    if not commands:
        return [*lines, "There was nothing to bring back."]
    lines.append("To bring back what you miss, run the line you need; coder changes nothing in your repository:")
    return [*lines, *(f"  {visible_line(command)}" for command in commands)]


def point_json(point: Point) -> Json:
    return {
        "id": point.id,
        "text": point.text,
        "when": point.when,
        "files": [_text(path) for path in point.files],
        "added": point.added,
        "removed": point.removed,
        "commands": list(point.commands),
        "why": point.why,
    }


def preview_json(preview: Preview) -> Json:
    return {
        "id": preview.point.id,
        "text": preview.point.text,
        "restores": [_text(each.path) for each in preview.restores],
        "deletes": [_text(each.path) for each in preview.deletes],
        "conflicts": [{"path": _text(each.path), "why": each.why} for each in preview.conflicts],
        "left": [{"path": _text(each.path), "why": each.why} for each in preview.left],
        "commands": list(preview.commands),
        "outside": [_text(path) for path in preview.outside],
    }


def _touched(title: str, items: Sequence[Touched], folder: Path) -> list[str]:
    if not items:
        return []
    shown = [f"    {named(each.path, folder)}{counts(each)}" for each in items[:_MOST]]
    return [f"  {title}:", *shown, *_more(len(items))]


def _left(title: str, items: Sequence[Left], folder: Path) -> list[str]:
    if not items:
        return []
    shown = [f"    {named(each.path, folder)}: {each.why}" for each in items[:_MOST]]
    return [f"  {title}:", *shown, *_more(len(items))]


def _more(count: int) -> Iterable[str]:
    return [f"    and {count - _MOST} more"] if count > _MOST else []


def _number(point: Point, numbers: Mapping[str, int]) -> str:
    return str(numbers[point.id]) if point.id in numbers else point.id


def _said(point: Point) -> str:
    return f"before {point.why}" if point.why else point.text


def _named_too(handle: str) -> str:
    return f"{handle} " if handle else ""


def _short(text: str, width: int = _WIDTH) -> str:
    """On one line of at most so many columns."""
    line = visible_line(text)
    return line if cell_len(line) <= width else f"{set_cell_size(line, width - 1).rstrip()}…"


def _text(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
