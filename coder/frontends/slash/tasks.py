"""`/tasks`: the commands that run, or ran, in the background. Must not know how they are run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from coder.app.threads import finished
from coder.core.errors import SessionError
from coder.frontends.desk import Desk
from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.styled import Style, foreign, row
from coder.frontends.talk_text import plain_text

STOP = "x"
_MOST = 1_000_000  # bytes at the end of an output that are shown
_STATES: dict[str, tuple[str, Style]] = {
    "running": ("running", ""),
    "completed": ("done", ""),
    "failed": ("failed", "bad"),
    "killed": ("stopped", "dim"),
}


class Task(Protocol):
    """One of them. `code` once it has ended, `output` is the file with all it printed."""

    @property
    def id(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def last(self) -> str: ...
    @property
    def code(self) -> int | None: ...
    @property
    def output(self) -> Path: ...


class Tasks(Protocol):
    """What a session offers for them."""

    def tasks(self) -> Sequence[Task]: ...
    async def stop_task(self, id: str) -> None: ...


async def run(desk: Desk, arguments: str) -> None:
    session = cast("Tasks", desk.session)
    first = 0
    while (picked := await desk.ui.pick(tasks_picker(session.tasks(), first))) is not None:
        first = picked.index
        await _act(desk, session, picked)


def tasks_picker(tasks: Sequence[Task], first: int = 0) -> Picker:
    return Picker(
        "Tasks",
        tuple(_item(number, task) for number, task in enumerate(tasks, 1)),
        actions=(Action(STOP, "stops"),) if any(task.state == "running" for task in tasks) else (),
        verb="shows",
        empty="No command of this session runs in the background, or has.",
        first=first,
    )


async def _act(desk: Desk, session: Tasks, picked: Picked) -> None:
    id = picked.item.value if picked.item is not None else ""
    task = next((each for each in session.tasks() if each.id == id), None)
    if task is None:
        return
    if picked.action == STOP:
        try:
            await session.stop_task(task.id)
        except SessionError as error:
            desk.ui.say([row(("✗ ", "bad"), foreign(str(error)))])
        return
    try:
        text = await finished(_tail, task.output)
    except OSError as error:
        desk.ui.say([row(("✗ ", "bad"), f"The output of {foreign(task.command)} cannot be read: {error.strerror}.")])
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
