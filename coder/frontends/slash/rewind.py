"""`/rewind`: go back to before a message, with the files, or one of the two. Must not know how checkpoints are kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.errors import CoderError, SessionError
from coder.frontends.desk import Desk, Ui
from coder.frontends.picker import Action, Item, Picker
from coder.frontends.rewind_words import done_line, preview_lines, volume, whole_preview
from coder.frontends.styled import Row, cut, foreign, plain, row
from coder.sessions.age import age
from coder.sessions.load import counted

if TYPE_CHECKING:
    from coder.app.checkpointing import Checkpointing, What
    from coder.checkpoints.back import Point, Preview

_WHATS: Mapping[str, What] = {"a": "both", "b": "conversation", "c": "files", "enter": "both"}
_LOOK, _UNDO = "ctrl+e", "u"
_READY = 12  # points, the newest, whose preview is there before it is asked for
_TEXT = 48  # cells of a message
_LISTED = 8  # paths that are named in a question


async def run(desk: Desk, arguments: str) -> None:
    """Raises CoderError; then nothing was changed, but where the error says what was."""
    checkpoints, ui = desk.session.checkpoints, desk.ui
    if checkpoints is None:
        raise SessionError("No checkpoints are kept in this session, so it cannot go back. See /config.")
    points = await checkpoints.points()
    if not points:
        ui.say([row(("There is nothing to go back to yet.", "dim"))])
        return
    folder = desk.session.facts.cwd
    previews = {point.id: await checkpoints.preview(point.id) for point in points[-_READY:]}
    first = len(points) - 1
    while True:
        picked = await ui.pick(rewind_picker(points, previews, folder, first, undoes=await _has_undo(checkpoints)))
        if picked is None:
            return
        if picked.action == _UNDO:
            await _undo(ui, checkpoints)
            return
        if picked.index >= len(points):
            return  # as it is now
        point, first = points[picked.index], picked.index
        known = point.id in previews
        previews[point.id] = await checkpoints.preview(point.id)
        if picked.action == _LOOK:
            await ui.pager("\n".join([_said(point), "", *whole_preview(previews[point.id], folder)]) + "\n")
        # Nobody goes back without having seen what it does.
        elif (known or picked.action == "b") and (
            await _go(desk, checkpoints, point, previews[point.id], _WHATS[picked.action])
        ):
            return


def rewind_picker(
    points: Sequence[Point], previews: Mapping[str, Preview], folder: Path, first: int, *, undoes: bool = False
) -> Picker:
    """The points, the newest at the bottom, and what is now."""
    now = time.time()
    items = [
        Item(
            point.id,
            (f"{number} {_said(point)}", age(point.when, now), volume(point)),
            preview=_preview(point, previews, folder),
        )
        for number, point in enumerate(points, 1)
    ]
    items.append(Item(None, (f"{len(points) + 1} (now)",)))
    actions = [Action("a", "files and conversation"), Action("b", "conversation only"), Action("c", "files only")]
    actions += [Action(_LOOK, "shows the file changes")]
    actions += [Action(_UNDO, "undoes the last rewind")] if undoes else []
    return Picker("Go back to before …", tuple(items), "newest at the bottom", tuple(actions), verb="is a", first=first)


async def _go(desk: Desk, checkpoints: Checkpointing, point: Point, preview: Preview, what: What) -> bool:
    """Goes back, once it is known what to do with files that somebody else changed. False when they left that."""
    force = False
    if preview.conflicts and what != "conversation":
        answer = await _asked(desk.ui, preview, desk.session.facts.cwd)
        if answer is None:
            return False
        force = answer
    done = await checkpoints.rewind(point.id, what, force=force)
    if done.conversation and done.text:
        desk.ui.set_draft(done.text)
    rows: list[Row] = [row(("✓ ", "ok"), done_line(done, _said(point), restores=what != "conversation"))]
    rows += [
        row(("  ! ", "warn"), f"Left as it is, since it changed just now: {foreign(path)}") for path in done.passed
    ]
    desk.ui.say([*rows, row(("  /rewind and u undoes this", "dim"))])
    return True


async def _asked(ui: Ui, preview: Preview, folder: Path) -> bool | None:
    """Whether to replace what somebody else changed; None when they would rather not go back at all."""
    conflicts = preview.conflicts
    rows = [row(f"  {line}") for line in whole_preview(preview, folder) if line.startswith("asks first")]
    more = [row(f"  and {len(rows) - _LISTED} more")] if len(rows) > _LISTED else []
    picked = await ui.pick(
        Picker(
            f"{counted(len(conflicts), 'file')} changed since, not by this session. Replace {_them(len(conflicts))}?",
            (
                Item(False, (f"No, leave {_them(len(conflicts))} as now, and go back with the rest",), key="1"),
                Item(True, (f"Yes, replace {_them(len(conflicts))} too",), key="2"),
                Item(None, ("Do not go back",), key="3"),
            ),
            above=(*rows[:_LISTED], *more),
        )
    )
    return (
        picked.item.value
        if picked is not None and picked.item is not None and isinstance(picked.item.value, bool)
        else None
    )


async def _has_undo(checkpoints: Checkpointing) -> bool:
    try:
        await checkpoints.preview_undo()
    except CoderError:
        return False
    return True


async def _undo(ui: Ui, checkpoints: Checkpointing) -> None:
    done = await checkpoints.undo_last()
    talk = " · the conversation too" if done.conversation else ""
    ui.say([row(("✓ ", "ok"), f"The last rewind is undone · {counted(len(done.files), 'file')} changed{talk}")])
    ui.say(
        [row(("  ! ", "warn"), f"Left as it is, since it changed just now: {foreign(path)}") for path in done.passed]
    )


def _preview(point: Point, previews: Mapping[str, Preview], folder: Path) -> tuple[Row, ...]:
    if point.id not in previews:
        return (row(("a shows what it would do", "dim")),)
    return tuple(row(line) for line in preview_lines(previews[point.id], folder))


def _said(point: Point) -> str:
    return plain(cut(row(foreign(point.text)), _TEXT))


def _them(count: int) -> str:
    return "it" if count == 1 else "them"
