"""Whoever is told at the points of a session: hooks, where there are any. Must not know what they do.

Loads nothing of hooks for a session without.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.agent.control import Control
from coder.app.journal import Journal
from coder.app.judge import Judge
from coder.app.points import NoPoints, Points, Source
from coder.app.purse import Purse
from coder.app.starting import Start
from coder.core.config import Config
from coder.core.events import AnyEvent
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.tools.shells import Shells
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.app import hook_runs, hooking
else:  # few folders have hooks
    hooking, hook_runs = LazyModule("coder.app.hooking"), LazyModule("coder.app.hook_runs")

_ENV_FILE = "hook-env"


def points_of(
    config: Config,
    start: Start,
    journal: Journal,
    workspace: LocalWorkspace,
    control: Control,
    judge: Judge,
    purse: Purse,
    shells: Shells,
    emit: Callable[[AnyEvent], None],
) -> Points:
    if not config.hooks.sources:
        return NoPoints()
    scene = hook_runs.Scene(
        session_id=journal.session_id,
        transcript=journal.path,
        workspace=workspace,
        control=control,
        env=workspace.environment,
        env_file=journal.folder / _ENV_FILE,
        effort=config.model.effort or "",
        entitle=journal.entitle,
    )
    around = hooking.Around(
        scene=scene,
        source=_source(start),
        folder=journal.folder,
        world=judge.world,
        side_model=purse.side_model,
        tasks=lambda: _tasks(shells),
    )
    made: Points = hooking.SessionHooks(config, around, emit)
    return made


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
