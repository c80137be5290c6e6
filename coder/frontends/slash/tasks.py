"""`/tasks`: the commands and the agents that are, or were, at work in this session. Must not know how they are run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.tasks import Task
from coder.app.threads import finished
from coder.core.errors import SessionError
from coder.core.lazy import LazyModule
from coder.frontends.beside import AT_WORK
from coder.frontends.desk import Desk
from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.slash.saying import done, refused
from coder.frontends.styled import Style, foreign
from coder.frontends.talk_text import plain_text

if TYPE_CHECKING:
    from coder.core.agents import AgentRow
    from coder.frontends import agent_page
    from coder.frontends.render import agents as drawn
else:  # few sessions have any
    agent_page, drawn = LazyModule("coder.frontends.agent_page"), LazyModule("coder.frontends.render.agents")

STOP, SAY = "x", "s"
_MOST = 1_000_000  # bytes at the end of an output that are shown
_STATES: dict[str, tuple[str, Style]] = {
    "queued": ("queued", "dim"),
    "running": ("running", ""),
    "waiting": ("waiting", "warn"),
    "completed": ("done", ""),
    "failed": ("failed", "bad"),
    "killed": ("stopped", "dim"),
    "stopped": ("stopped", "dim"),
}
_EMPTY = "No command of this session runs in the background, or has; no agent does."


async def run(desk: Desk, arguments: str) -> None:
    first = 0
    while (picked := await desk.ui.pick(tasks_picker(desk.session.tasks.all, first, _agents(desk)))) is not None:
        first = picked.index
        await _act(desk, picked)


def tasks_picker(tasks: Sequence[Task], first: int = 0, agents: Sequence[AgentRow] = ()) -> Picker:
    working = any(each.state in AT_WORK for each in agents)
    stops = working or any(task.state == "running" for task in tasks)
    actions = [Action(STOP, "stops")] if stops else []
    actions += [Action(SAY, "says something to an agent")] if working else []
    items = [_item(number, task) for number, task in enumerate(tasks, 1)]
    items += [_agent_item(number, each) for number, each in enumerate(agents, len(tasks) + 1)]
    return Picker("Tasks", tuple(items), actions=tuple(actions), verb="shows", empty=_EMPTY, first=first)


def _agents(desk: Desk) -> tuple[AgentRow, ...]:
    return desk.session.agents.rows() if desk.session.agents is not None else ()


async def _act(desk: Desk, picked: Picked) -> None:
    id = picked.item.value if picked.item is not None else ""
    task = next((each for each in desk.session.tasks.all if each.id == id), None)
    agent = next((each for each in _agents(desk) if each.id == id), None)
    try:
        if task is not None:
            await _act_on_task(desk, task, picked.action)
        elif agent is not None:
            await _act_on_agent(desk, agent, picked.action)
    except SessionError as error:
        refused(desk.ui, foreign(str(error)))


async def _act_on_task(desk: Desk, task: Task, action: str) -> None:
    if action == STOP:
        await desk.session.tasks.stop(task.id)
    elif action == SAY:
        refused(desk.ui, f"{foreign(task.command)} is a command: only agents can be told something.")
    else:
        try:
            text = await finished(_tail, task.output)
        except OSError as error:
            refused(desk.ui, f"The output of {foreign(task.command)} cannot be read: {error.strerror}.")
            return
        await desk.ui.pager(f"{foreign(task.command)} · {_STATES.get(task.state, ('',))[0]}\n\n{text}\n")


async def _act_on_agent(desk: Desk, agent: AgentRow, action: str) -> None:
    name = drawn.named(agent.title, agent.kind)
    asked = desk.session.agents
    assert asked is not None, "it is one of its rows"
    if action == STOP:
        await asked.stop(agent.id)
    elif action == SAY:
        text = await desk.ui.line(f"Say to {name}")
        if text is not None and text.strip():
            asked.steer(agent.id, text.strip())
            done(desk.ui, f"{name} reads it before its next step.")
    else:
        await desk.ui.pager(await finished(agent_page.page, agent))


def _item(number: int, task: Task) -> Item:
    state, style = _STATES.get(task.state, (task.state, ""))
    if task.state == "running":
        note = f"last: {foreign(task.last)}" if task.last.strip() else ""
    else:
        note = "" if task.code is None or task.state == "killed" else f"exit {task.code}"
    return Item(task.id, (state, foreign(task.command), _clock(task.seconds), note), str(number), style=style)


def _agent_item(number: int, agent: AgentRow) -> Item:
    state, style = _STATES[agent.state]
    known = [text for rank, text in drawn.facts(agent) if rank != drawn.TIME]
    if agent.state in AT_WORK and agent.doing:
        known.insert(0, foreign(agent.doing))
    if agent.is_stuck:
        state, style = "stuck", "warn"
        known.insert(0, "nothing for a minute")
    cells = (state, drawn.named(agent.title, agent.kind), _clock(agent.seconds), " · ".join(known))
    return Item(agent.id, cells, str(number), style=style)


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
