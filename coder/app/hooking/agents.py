"""The hooks of one subagent: those of the session, told that it is one, and those of its definition. Must not know how
an agent is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from coder.agent.history import History
from coder.agent.policies import Inject, Verdict
from coder.agent.ports import After
from coder.agent.replies import reminder
from coder.app.hooking import notes as hook_notes
from coder.app.hooking.calls import CallHooks
from coder.app.hooking.points import AgentScene, HeadHooks
from coder.app.hooking.runs import HookRuns
from coder.app.hooking.stopping import Stopping
from coder.core.edits import Trigger
from coder.core.messages import Json
from coder.hooks import inputs
from coder.hooks.inputs import Common

_START, _STOP = "SubagentStart", "SubagentStop"


class AgentHooks(CallHooks):
    """Implements `coder.app.hooking.points.AgentPoints`. `session` are the hooks of its session."""

    def __init__(self, session: HookRuns, scene: AgentScene, cap: int, tasks: Callable[[], list[Json]]) -> None:
        told = replace(
            session.scene,
            workspace=scene.workspace,
            control=scene.control,
            env=scene.workspace.environment,
            env_file=scene.folder / "hook-env",
            effort=scene.effort,
            entitle=_untitled,
            agent_id=scene.id,
            agent_type=scene.kind,
        )
        super().__init__(session.for_agent(told, _as_agents(scene.head)))
        self._kind = scene.kind
        stop = partial(_stop_input, scene)
        self._stopping = Stopping(self._runs, cap, tasks, _STOP, scene.kind, stop)

    async def started(self) -> tuple[str, ...]:
        scene = self._runs.scene
        said = await self._runs.run(inputs.subagent_start(self._runs.common, scene.agent_id, scene.agent_type))
        return tuple(hook_notes.contexts(f"{_START}:{self._kind}", said.notes))

    async def after_compacting(self, trigger: Trigger, summary: str) -> After:
        await self._runs.run(inputs.post_compact(self._runs.common, trigger, summary))
        return After()

    def before_turn(self, turn: int, history: History) -> Verdict:
        text = self._runs.held()
        return Inject(reminder(text)) if text else None

    async def before_end(self, text: str, history: History) -> Verdict:
        return await self._stopping.before_end(text, history)

    async def aclose(self) -> None:
        await self._runs.aclose()


def _stop_input(scene: AgentScene, common: Common, last_message: str, *, active: bool, tasks: list[Json]) -> Json:
    transcript = str(scene.transcript or "")
    return inputs.subagent_stop(common, scene.id, scene.kind, transcript, last_message, active=active, tasks=tasks)


def _as_agents(head: HeadHooks | None) -> HeadHooks | None:
    """In the head of a definition Stop means the end of the agent."""
    if head is None or "Stop" not in head.events:
        return head
    events = {name: value for name, value in head.events.items() if name != "Stop"}
    events[_STOP] = [*_listed(events.get(_STOP)), *_listed(head.events["Stop"])]
    return replace(head, events=events)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def _untitled(title: str) -> None:
    pass
