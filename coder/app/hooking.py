"""The hooks of a session, put together: where they run, what each point does with what they say. Must not know front
ends, or how a hook is run.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.agent.replies import reminder
from coder.app import hook_notes
from coder.app.hook_asking import asker
from coder.app.hook_calling import Calling, Waits
from coder.app.hook_calls import CallHooks
from coder.app.hook_fits import Fitting
from coder.app.hook_runs import HookRuns, Scene, new_prompt_id
from coder.app.hook_stopping import Stopping, cap_of
from coder.app.points import Leaving, Source, Submitted
from coder.core.config import Config
from coder.core.events import AnyEvent, RunStarted
from coder.core.messages import Json
from coder.core.model import Model
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.outcome import Outcome
from coder.hooks.surroundings import Links, Surroundings
from coder.permissions.world import LocalWorld


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """What hooks need of the session they belong to. `folder` holds its side files; `world` and `side_model` are asked
    for when a hook needs one; `tasks` are its commands in the background."""

    scene: Scene
    folder: Path
    world: Callable[[], LocalWorld]
    side_model: Callable[[], Model]
    tasks: Callable[[], list[Json]] = list
    waits: Waits = field(default_factory=Waits)


class SessionHooks(CallHooks):
    """Implements `coder.app.points.Points`. `warnings` are about hooks that do not count."""

    def __init__(self, config: Config, session: Session, emit: Callable[[AnyEvent], None]) -> None:
        hooks, self.warnings = HookSet.of(config.hooks.sources)
        runs = HookRuns(session.scene, emit)
        super().__init__(runs)
        fits = Fitting(session.world, config.cwd)
        links = Links(emit, fits, asker(session.side_model, config), runs.late)
        runs.use(Engine(hooks, _surroundings(config, session), links))
        self.leaving: Leaving = "other"
        self._stopping = Stopping(runs, cap_of(config.env), session.tasks)
        self._calling = Calling(runs, session.waits)
        self._starting: asyncio.Task[None] | None = None
        self._is_closed = False

    def begin(self, source: Source) -> None:
        if self._runs.wants("SessionStart", source):
            self._starting = asyncio.create_task(self._start(source))

    async def prompt_submitted(self, text: str) -> Submitted:
        await self._started()
        self._runs.prompt_id = new_prompt_id()
        return self._submitted("UserPromptSubmit", await self._runs.run("UserPromptSubmit", prompt=text))

    async def prompt_expanded(self, name: str, arguments: str, source: str, prompt: str) -> Submitted:
        await self._started()
        said = await self._runs.run(
            "UserPromptExpansion",
            name,
            expansion_type="slash_command",
            command_name=name,
            command_args=arguments,
            command_source=source,
            prompt=prompt,
        )
        return self._submitted("UserPromptExpansion", said)

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: Json | None = None) -> None:
        if self._runs.wants("InstructionsLoaded", reason):
            about = {"file_path": str(file), "memory_type": kind, "load_reason": reason, **(more or {})}
            self._runs.beside(self._runs.run("InstructionsLoaded", reason, **about))

    def before_turn(self, turn: int, history: History) -> Verdict:
        text = self._runs.held()
        return Inject(reminder(text)) if text else None

    async def before_end(self, text: str, history: History) -> Verdict:
        return await self._stopping.before_end(text, history)

    def on(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted) and event.agent == "main":
            self._stopping.begin()
        self._calling.on(event)

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._calling.cancel()
        await self._end_start()
        await self._runs.run("SessionEnd", self.leaving, reason=self.leaving)
        await self._runs.aclose()

    async def _start(self, source: Source) -> None:
        model = self._runs.scene.control.model
        said = await self._runs.run("SessionStart", source, source=source, model=model)
        self._runs.hold(f"SessionStart:{source}", said.notes)
        if said.stop:
            self._runs.notice(f"SessionStart hook: {hook_notes.line(said.stop, '')}")

    async def _started(self) -> None:
        """The session has begun. Whoever does not want to wait for that any more ends what it waits for."""
        starting = self._starting
        if starting is None:
            return
        try:
            await asyncio.wait({starting})
        except asyncio.CancelledError:
            await self._end_start()
            raise
        self._starting = None

    async def _end_start(self) -> None:
        starting, self._starting = self._starting, None
        if starting is not None:
            starting.cancel()
            await asyncio.wait({starting})

    def _submitted(self, point: str, said: Outcome) -> Submitted:
        if said.stop is not None:
            return Submitted(f"{point} hook: {hook_notes.line(said.stop, 'it stopped the run')}")
        if said.blocked:
            return Submitted(f"{point} hook: {hook_notes.line(said.reason, 'it blocked this prompt')}")
        self._runs.hold(point, said.notes)
        return Submitted()


def _surroundings(config: Config, session: Session) -> Surroundings:
    named = {name: value for name, value in config.env.items() if os.environ.get(name) != value}
    return Surroundings(
        project=config.cwd,
        env=dict(os.environ),
        spill=session.folder / "tool-results",
        settings_env=named,
        effort=session.scene.effort,
        urls=config.hooks.urls,
        env_names=config.hooks.env_names,
        env_file=session.scene.env_file,
    )


def scene_of(config: Config, scene: Scene) -> Scene:
    """The scene with what the settings say of it."""
    return replace(scene, effort=config.model.effort or "")
