"""Whoever is told at the points of a session: hooks, where there are any. Must not know what they do.

Loads nothing of hooks for a session without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.app.hooking.late import LatePoints
from coder.app.hooking.points import HeadHooks, NoPoints, Points, Source
from coder.app.hosted import Hosted
from coder.app.outset import Outset
from coder.app.starting import Start
from coder.core.agents import Agents
from coder.core.errors import ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.tools.shells import Shells

if TYPE_CHECKING:
    from coder.app.hooking import runs as hook_runs
    from coder.app.hooking import session as hooking
    from coder.app.reach.session import Reach
    from coder.commands.definition import Definition
    from coder.core.config import Heads
    from coder.memory.files import MemoryFile
else:  # few folders have hooks
    hooking, hook_runs = LazyModule("coder.app.hooking.session"), LazyModule("coder.app.hooking.runs")

_ENV_FILE = "hook-env"
_MEMORY_TYPES = {"managed": "Managed", "yours": "User", "project": "Project", "only you": "Local"}


def points_of(
    outset: Outset,
    reach: Callable[[], Reach | None] = lambda: None,
    agents: Callable[[], Agents] | None = None,
    hosted: Hosted | None = None,
) -> Points:
    """`reach` gives the servers of the session, once it has them; `agents` whom it may ask; `hosted` is the program
    that embeds us."""
    settings = outset.config.hooks
    points: Points = NoPoints()
    if settings.sources:
        points = _points(outset, _source(outset.start), reach, agents, hosted)
    elif settings.heads != "none" or hosted is not None:
        points = LatePoints(lambda is_running: _points(outset, None, reach, agents, hosted, is_running=is_running))
    for hooks in outset.start.hooks:
        points.bring(hooks)
    return points


def bring(points: Points, heads: Heads, definition: Definition) -> None:
    """The hooks of a head count from now on, where the settings let them."""
    if heads == "all" or (heads == "managed" and definition.origin == "managed"):
        root = definition.plugin or definition.folder or definition.file.parent
        own = {"CLAUDE_PLUGIN_DATA": str(definition.data)} if definition.data is not None else {}
        points.bring(HeadHooks(str(definition.file), str(root), definition.hooks, variables=own))


def _points(
    outset: Outset,
    source: Source | None,
    reach: Callable[[], Reach | None],
    agents: Callable[[], Agents] | None,
    hosted: Hosted | None,
    *,
    is_running: bool = False,
) -> Points:
    config, journal = outset.config, outset.journal
    scene = hook_runs.Scene(
        session_id=journal.session_id,
        transcript=journal.path,
        workspace=outset.ground.workspace,
        control=outset.control,
        env=outset.ground.workspace.environment,
        env_file=journal.folder / _ENV_FILE,
        effort=config.model.effort or "",
        entitle=journal.entitle,
    )
    around = hooking.Around(
        scene=scene,
        source=source,
        folder=journal.folder,
        world=outset.judge.world,
        side_model=outset.purse.side_model,
        is_running=is_running,
        tasks=lambda: _tasks(outset.tools.shells),
        call_server=lambda server, tool, given: _called(reach(), server, tool, given),
        agents=agents,
        call_host=hosted.call_hook if hosted is not None else None,
    )
    made: Points = hooking.SessionHooks(config, around, outset.emit)
    return made


async def _called(reach: Reach | None, server: str, tool: str, given: Json) -> str:
    """Raises ToolError."""
    if reach is None:
        raise ToolError("this session has no MCP servers")
    return await reach.call(server, tool, given)


def telling_of_files(points: Points) -> Callable[[MemoryFile, str], None]:
    """Tells hooks which memory the model reads. Memory is also read in a thread, hooks are run in this loop."""
    loop = asyncio.get_running_loop()

    def read(file: MemoryFile, reason: str) -> None:
        loop.call_soon_threadsafe(_tell_of_file, points, file, reason)

    return read


def _tell_of_file(points: Points, file: MemoryFile, reason: str) -> None:
    """A memory file goes to the model."""
    known: Json = {
        "globs": list(file.globs) or None,
        "parent_file_path": str(file.parent) if file.parent else None,
        "trigger_file_path": str(file.trigger) if file.trigger else None,
    }
    more = {key: value for key, value in known.items() if value is not None}
    points.instructions_loaded(file.path, _MEMORY_TYPES[file.whose], reason, more)


def _source(start: Start) -> Source | None:
    if start.stays:
        return None
    if start.goes_on:
        return "fork" if start.fork else "resume"
    return "clear" if start.clears else "startup"


def _tasks(shells: Shells) -> list[Json]:
    """The commands in the background, as hooks are told of them."""
    return [
        {
            "id": each.id,
            "type": "local_bash",
            "status": each.state,
            "description": each.command,
            "command": each.command,
        }
        for each in shells.all
        if each.state == "running"
    ]
