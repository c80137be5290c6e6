"""`/tasks`: the commands that run, or ran, in the background. Must not know how they are run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coder.app.tasks import Task
from coder.app.threads import finished
from coder.core.errors import SessionError
from coder.frontends.desk import Desk
from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.slash.saying import refused
from coder.frontends.styled import Style, foreign
from coder.frontends.talk_text import plain_text

STOP = "x"
_MOST = 1_000_000  # bytes at the end of an output that are shown
_STATES: dict[str, tuple[str, Style]] = {
    "running": ("running", ""),
    "completed": ("done", ""),
    "failed": ("failed", "bad"),
    "killed": ("stopped", "dim"),
}


async def run(desk: Desk, arguments: str) -> None:
    first = 0
    while (picked := await desk.ui.pick(tasks_picker(desk.session.tasks(), first))) is not None:
        first = picked.index
        await _act(desk, picked)


def tasks_picker(tasks: Sequence[Task], first: int = 0) -> Picker:
    return Picker(
        "Tasks",
        tuple(_item(number, task) for number, task in enumerate(tasks, 1)),
        actions=(Action(STOP, "stops"),) if any(task.state == "running" for task in tasks) else (),
        verb="shows",
        empty="No command of this session runs in the background, or has.",
        first=first,
    )


async def _act(desk: Desk, picked: Picked) -> None:
    id = picked.item.value if picked.item is not None else ""
    task = next((each for each in desk.session.tasks() if each.id == id), None)
    if task is None:
        return
    if picked.action == STOP:
        try:
            await desk.session.stop_task(task.id)
        except SessionError as error:
            refused(desk.ui, foreign(str(error)))
        return
    try:
        text = await finished(_tail, task.output)
    except OSError as error:
        refused(desk.ui, f"The output of {foreign(task.command)} cannot be read: {error.strerror}.")
        return
    await desk.ui.pager(f"{foreign(task.command)} · {_STATES.get(task.state, ('',))[0]}\n\n{text}\n")


def _item(number: int, task: Task) -> Item:
    state, style = _STATES.get(task.state, (task.state, ""))
    if task.state == "running":
        note = f"last: {foreign(task.last)}" if task.last.strip() else ""
    else:
        note = "" if task.code is None or task.state == "killed" else f"exit {task.code}"
    return Item(task.id, (state, foreign(task.command), _clock(task.seconds), note), str(number), style=style)


def _clock(seconds: float) -> str:
    """`0m 09s`, `4m 02s`, `2h 05m`."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    return f"{minutes}m {rest:02d}s" if minutes < 60 else f"{minutes // 60}h {minutes % 60:02d}m"


def _tail(path: Path) -> str:
    """The end of an output, to be shown."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _MOST))
        text = plain_text(file.read(_MOST).decode("utf-8", "replace").rstrip("\n"))
    return text if size <= _MOST else f"[{size - _MOST:,} bytes before this are in {foreign(str(path))}]\n{text}"
