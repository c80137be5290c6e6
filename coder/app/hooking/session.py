"""The hooks of a session, put together: where they run, what each point does with what they say. Must not know front
ends, or how a hook is run.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.agent.replies import reminder
from coder.app.hooking import notes as hook_notes
from coder.app.hooking.asking import asker, looker
from coder.app.hooking.calling import Calling, Waits
from coder.app.hooking.calls import CallHooks
from coder.app.hooking.env import named_by_settings
from coder.app.hooking.fits import Fitting
from coder.app.hooking.points import AgentPoints, AgentScene, HeadHooks, Leaving, Source
from coder.app.hooking.runs import HookRuns, Scene, new_prompt_id
from coder.app.hooking.stopping import Stopping, cap_of
from coder.app.prompting import Submitted
from coder.core.agents import Agents
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, RunEnded, RunStarted
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.model import Model
from coder.hooks import inputs
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.outcome import Outcome
from coder.hooks.surroundings import CallHost, CallServer, Links, Surroundings
from coder.permissions.world import LocalWorld

if TYPE_CHECKING:
    from coder.app.hooking import agents as agent_hooks
    from coder.app.hooking import questions
else:  # where a server asks something, and for subagents
    questions, agent_hooks = LazyModule("coder.app.hooking.questions"), LazyModule("coder.app.hooking.agents")


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """What hooks need of the session they belong to. `source` is how it began (None: hooks know), `folder` holds its
    side files; `world` and `side_model` are asked for when a hook needs one; `tasks` are its commands in the
    background, and `is_running` tells that it is made in the middle of a run; `call_server` calls tools of MCP
    servers; `agents` can be asked, None: nobody can; `call_host` calls back the program that embeds
    us."""

    scene: Scene
    source: Source | None
    folder: Path
    world: Callable[[], LocalWorld]
    side_model: Callable[[], Model]
    is_running: bool = False
    tasks: Callable[[], list[Json]] = list
    waits: Waits = field(default_factory=Waits)
    call_server: CallServer | None = None
    agents: Callable[[], Agents] | None = None
    call_host: CallHost | None = None


class SessionHooks(CallHooks):
    """Implements `coder.app.hooking.points.Points`."""

    def __init__(self, config: Config, around: Around, emit: Callable[[AnyEvent], None]) -> None:
        hooks, self.warnings = HookSet.of(config.hooks.sources)
        runs = HookRuns(around.scene, emit)
        super().__init__(runs)
        links = Links(
            emit,
            Fitting(around.world, config.cwd),
            asker(around.side_model, config),
            runs.late,
            around.scene.workspace.mind,
            around.call_server,
            looker(around.agents) if around.agents is not None else None,
            around.call_host,
        )
        runs.use(Engine(hooks, _surroundings(config, around), links))
        self.leaving: Leaving = "other"
        self._source = around.source
        self._cap, self._tasks = cap_of(config.env), around.tasks
        self._stopping = Stopping(runs, self._cap, self._tasks)
        self._calling = Calling(runs, around.waits)
        self._setup = config.setup
        self._starting: asyncio.Task[list[tuple[str, Outcome]]] | None = None
        self._is_closed = False
        self._has_begun = around.source is None
        self._brought: dict[str, HeadHooks] = {}
        runs.is_running = around.is_running

    def bring(self, hooks: HeadHooks) -> None:
        self._brought[hooks.origin] = hooks
        self._runs.bring(hooks)

    @property
    def brought(self) -> tuple[HeadHooks, ...]:
        return tuple(self._brought.values())

    @property
    def has_begun(self) -> bool:
        return self._has_begun

    def begin(self) -> None:
        if self._source is None or self._starting is not None:
            return
        told: list[tuple[str, Json]] = []
        if self._setup and self._source != "clear" and self._runs.wants("Setup", self._setup):
            told.append((f"Setup:{self._setup}", inputs.setup(self._runs.common, self._setup)))
        if self._runs.wants("SessionStart", self._source):
            model = self._runs.scene.control.model
            start = inputs.session_start(self._runs.common, self._source, model=model)
            told.append((f"SessionStart:{self._source}", start))
        if told:
            self._starting = asyncio.create_task(self._start(told))

    async def _start(self, told: list[tuple[str, Json]]) -> list[tuple[str, Outcome]]:
        return [(name, await self._runs.run(each)) for name, each in told]

    async def began(self) -> Submitted:
        """Whoever does not want to wait for it any more ends it."""
        self.begin()
        if self._starting is None:
            self._has_begun = True
            return Submitted()
        try:
            await asyncio.wait({self._starting})
        except asyncio.CancelledError:
            await self._end_start()
            raise
        self._has_begun = True
        if self._starting.cancelled():
            return Submitted()
        notes: list[str] = []
        for name, said in self._starting.result():
            if said.stop:
                self._runs.notice(f"{name.partition(':')[0]} hook: {hook_notes.line(said.stop, '')}")
            notes += hook_notes.contexts(name, said.notes)
        return Submitted(notes=tuple(notes))

    async def submitted(self, text: str) -> Submitted:
        self._runs.prompt_id = new_prompt_id()
        return _submitted("UserPromptSubmit", await self._runs.run(inputs.user_prompt_submit(self._runs.common, text)))

    async def expanded(
        self, name: str, arguments: str, source: str, prompt: str, *, kind: str = "slash_command"
    ) -> Submitted:
        told = inputs.user_prompt_expansion(self._runs.common, name, arguments, source, prompt, kind=kind)
        return _submitted("UserPromptExpansion", await self._runs.run(told))

    async def eliciting(self, server: str, params: Json) -> Json | None:
        return await questions.eliciting(self._runs, server, params)

    async def elicited(self, server: str, params: Json, answer: Json) -> Json:
        return await questions.elicited(self._runs, server, params, answer)

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: Json | None = None) -> None:
        if self._runs.wants("InstructionsLoaded", reason):
            told = inputs.instructions_loaded(self._runs.common, str(file), kind, reason)
            self._runs.beside(self._runs.run(told | (more or {})))

    def of_agent(self, scene: AgentScene) -> AgentPoints:
        made: AgentPoints = agent_hooks.AgentHooks(self._runs, scene, self._cap, self._tasks)
        return made

    def before_turn(self, turn: int, history: History) -> Verdict:
        text = self._runs.held()
        return Inject(reminder(text)) if text else None

    async def before_end(self, text: str, history: History) -> Verdict:
        return await self._stopping.before_end(text, history)

    def on(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted) and event.agent == "main":
            self._stopping.begin()
            self._runs.is_running = True
        elif isinstance(event, RunEnded) and event.agent == "main":
            self._runs.is_running = False
        self._calling.on(event)

    async def aclose(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._calling.cancel()
        await self._end_start()
        if self.leaving:
            await self._runs.run(inputs.session_end(self._runs.common, self.leaving))
        await self._runs.aclose()

    async def _end_start(self) -> None:
        if self._starting is not None and not self._starting.done():
            self._starting.cancel()
            await asyncio.wait({self._starting})


def _submitted(point: str, said: Outcome) -> Submitted:
    if said.stop is not None:
        return Submitted(f"{point} hook: {hook_notes.line(said.stop, 'it stopped the run')}")
    if said.blocked:
        return Submitted(f"{point} hook: {hook_notes.line(said.reason, 'it blocked this prompt')}")
    return Submitted(notes=tuple(hook_notes.contexts(point, said.notes)))


def _surroundings(config: Config, around: Around) -> Surroundings:
    return Surroundings(
        project=config.cwd,
        env=dict(os.environ),
        spill=around.folder / "tool-results",
        settings_env=named_by_settings(config, os.environ),
        effort=around.scene.effort,
        urls=config.hooks.urls,
        env_names=config.hooks.env_names,
        env_file=around.scene.env_file,
    )
