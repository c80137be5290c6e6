"""The points of a session in which nothing is run so far, and that may come to have hooks, since a skill brings some.
Must not know what they do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from coder.agent.history import History
from coder.agent.policies import Verdict
from coder.agent.ports import After, Before
from coder.app.hooking.points import AgentPoints, AgentScene, HeadHooks, Leaving, NoPoints, Points
from coder.app.prompting import Submitted
from coder.core.edits import Trigger
from coder.core.events import AnyEvent, RunEnded, RunStarted
from coder.core.messages import Json, ToolResult, ToolUse
from coder.core.requests import PermissionRequest, Reply
from coder.core.tools import ToolOutput


class LatePoints:
    """Implements `hooking.points.Points`: those that `make` makes once some are brought, and until then none. It is
    given whether a run is under way."""

    def __init__(self, make: Callable[[bool], Points]) -> None:
        self._make = make
        self._is_running = False
        self._points: Points = NoPoints()
        self._has_some = False
        self.warnings: tuple[str, ...] = ()

    def bring(self, hooks: HeadHooks) -> None:
        if not self._has_some:
            leaving, self._points, self._has_some = self.leaving, self._make(self._is_running), True
            self.leaving = leaving
        self._points.bring(hooks)

    @property
    def brought(self) -> tuple[HeadHooks, ...]:
        return self._points.brought

    @property
    def leaving(self) -> Leaving:
        return self._points.leaving

    @leaving.setter
    def leaving(self, why: Leaving) -> None:
        self._points.leaving = why

    @property
    def has_begun(self) -> bool:
        return self._points.has_begun

    def begin(self) -> None:
        self._points.begin()

    async def began(self) -> Submitted:
        return await self._points.began()

    async def submitted(self, text: str) -> Submitted:
        return await self._points.submitted(text)

    async def expanded(
        self, name: str, arguments: str, source: str, prompt: str, *, kind: str = "slash_command"
    ) -> Submitted:
        return await self._points.expanded(name, arguments, source, prompt, kind=kind)

    async def eliciting(self, server: str, params: Json) -> Json | None:
        return await self._points.eliciting(server, params)

    async def elicited(self, server: str, params: Json, answer: Json) -> Json:
        return await self._points.elicited(server, params, answer)

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: Json | None = None) -> None:
        self._points.instructions_loaded(file, kind, reason, more)

    async def before_call(self, call: ToolUse) -> Before:
        return await self._points.before_call(call)

    async def before_asking(self, request: PermissionRequest) -> Reply | None:
        return await self._points.before_asking(request)

    async def after_call(self, call: ToolUse, output: ToolOutput, seconds: float) -> After:
        return await self._points.after_call(call, output, seconds)

    async def after_batch(self, calls: Sequence[ToolUse], results: Sequence[ToolResult]) -> After:
        return await self._points.after_batch(calls, results)

    async def before_compacting(self, trigger: Trigger, focus: str) -> str:
        return await self._points.before_compacting(trigger, focus)

    async def after_compacting(self, trigger: Trigger, summary: str) -> After:
        return await self._points.after_compacting(trigger, summary)

    def of_agent(self, scene: AgentScene) -> AgentPoints:
        if scene.head is not None and not self._has_some:
            return self._make(self._is_running).of_agent(scene)
        return self._points.of_agent(scene)

    def before_turn(self, turn: int, history: History) -> Verdict:
        return self._points.before_turn(turn, history)

    async def before_end(self, text: str, history: History) -> Verdict:
        return await self._points.before_end(text, history)

    def on(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted | RunEnded) and event.agent == "main":
            self._is_running = isinstance(event, RunStarted)
        self._points.on(event)

    async def aclose(self) -> None:
        await self._points.aclose()
