"""Going back in words: what changed after a point, what going back would do, what it did. Must not know who reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.visible import visible_line
from coder.sessions.load import counted

if TYPE_CHECKING:
    from coder.app.checkpointing import Rewound
    from coder.checkpoints.back import Point, Preview, Touched
    from coder.checkpoints.plan import Left

_SHOWN = 3  # paths or commands that are named on a line
_COMMAND = 40
_CHANGED = "it was changed since, not by this session"


def volume(point: Point) -> str:
    """`app.py +3 -2`, `2 files, 2 commands`; "" when nothing changed."""
    parts: list[str] = []
    if len(point.files) == 1:
        parts.append(f"{visible_line(Path(point.files[0]).name)} +{point.added} -{point.removed}")
    elif point.files:
        parts.append(f"{len(point.files)} files")
    if point.commands:
        parts.append(counted(len(point.commands), "command"))
    return ", ".join(parts)


def named(path: str, folder: Path) -> str:
    """A path, from the folder when it lies in there."""
    inside = Path(path).is_relative_to(folder) and path != str(folder)
    return visible_line(str(Path(path).relative_to(folder)) if inside else path)


def counts(each: Touched) -> str:
    """` (+6 -1)`; "/" for a folder, "" where no lines can be told."""
    if each.kind == "folder":
        return "/"
    return f" (+{each.added} -{each.removed})" if each.added or each.removed else ""


def preview_lines(preview: Preview, folder: Path) -> list[str]:
    """What going back would do to files, a few lines in all."""
    lines = [_touched(preview, folder) or "No file would change"]
    lines += [_conflict(each, folder) for each in preview.conflicts[:_SHOWN]]
    lines += _rest(preview.conflicts, "more that somebody else changed")
    lines += [f"Cannot be brought back: {named(each.path, folder)}, {each.why}" for each in preview.left[:_SHOWN]]
    lines += _rest(preview.left, "more that cannot be brought back")
    if preview.commands:
        names = ", ".join(_short(command) for command in preview.commands[:_SHOWN])
        more = f" and {len(preview.commands) - _SHOWN} more" if len(preview.commands) > _SHOWN else ""
        lines.append(f"Also undoes what {counted(len(preview.commands), 'command')} changed here ({names}{more})")
    outside = ", ".join(named(path, folder) for path in preview.outside[:_SHOWN])
    lines.append(f"Cannot undo outside this folder: {outside or 'nothing known'}")
    return lines


def whole_preview(preview: Preview, folder: Path) -> Iterator[str]:
    """Every path and every command, a line each."""
    verbs = {"restore": "restore", "bring back": "bring back", "delete": "delete"}
    for each in preview.touched:
        yield f"would {verbs[each.how]}  {named(each.path, folder)}{counts(each)}"
    for left in preview.conflicts:
        yield f"asks first     {named(left.path, folder)}: {left.why}"
    for left in preview.left:
        yield f"cannot be had  {named(left.path, folder)}: {left.why}"
    for command in preview.commands:
        yield f"undoes         {visible_line(command)}"
    for path in preview.outside:
        yield f"stays          {named(path, folder)}: outside this folder"
    if not (preview.touched or preview.conflicts or preview.left):
        yield "No file would change."


def done_line(done: Rewound, text: str, *, restores: bool) -> str:
    """`Went back to before "add tests" · 2 files restored · your message is in the prompt`."""
    parts = [f'Went back to before "{text}"']
    if restores:
        parts.append(f"{counted(len(done.files), 'file')} restored" if done.files else "no file had changed")
    if done.conversation and done.text:
        parts.append("your message is in the prompt")
    elif not done.conversation:
        parts.append("the conversation stays")
    return " · ".join(parts)


def _touched(preview: Preview, folder: Path) -> str:
    parts: list[str] = []
    for how, verb in (("restore", "restore"), ("bring back", "bring back"), ("delete", "delete")):
        found = [each for each in preview.touched if each.how == how]
        names = [named(each.path, folder) + (counts(each) if how == "restore" else _kind(each)) for each in found]
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        parts += [f"would {verb} {', '.join(names[:_SHOWN])}{more}"] if found else []
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def _kind(each: Touched) -> str:
    return "/" if each.kind == "folder" else " (new)" if each.how == "delete" else ""


def _conflict(each: Left, folder: Path) -> str:
    name = named(each.path, folder)
    if each.why == _CHANGED:
        return f"You changed {name} yourself since: it asks before replacing that"
    return f"{name}: {each.why}: it asks before replacing that"


def _rest(found: Sequence[object], what: str) -> list[str]:
    return [f"{len(found) - _SHOWN} {what}"] if len(found) > _SHOWN else []


def _short(command: str) -> str:
    line = visible_line(command)
    return line if len(line) <= _COMMAND else f"{line[: _COMMAND - 1].rstrip()}…"
