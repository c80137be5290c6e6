"""Runs the hooks of a point with what there is to tell of this session, and does what any of them may ask for: says
what is meant for the person, holds what is meant for the model, takes variables in. Must not know what a point is for.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.hooking import notes as hook_notes
from coder.app.hooking.exported import exported
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, Notice
from coder.core.messages import Json
from coder.core.private import made_private
from coder.hooks.engine import Engine
from coder.hooks.inputs import Common, subject_of
from coder.hooks.outcome import NOTHING, Outcome, Part
from coder.hooks.points import POINTS
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.agent.control import Control
    from coder.app.hooking.points import HeadHooks

PATIENCE = 5.0  # seconds that the end of a session leaves to hooks nobody waited for


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What hooks are told of the session. `env` is what `$NAME` stands for in the variables they leave, `env_file`
    where they leave them. `entitle` takes a title for the session. `agent_id` and `agent_type` are set in a
    subagent."""

    session_id: str
    transcript: Path | None
    workspace: LocalWorkspace
    control: Control
    env: Mapping[str, str]
    env_file: Path
    effort: str = ""
    entitle: Callable[[str], None] = lambda title: None
    agent_id: str = ""
    agent_type: str = ""


class HookRuns:
    """`is_running`: a run is under way. `is_woken`: a hook in the background wants what it said to be heard before
    that ends."""

    def __init__(self, scene: Scene, emit: Callable[[AnyEvent], None]) -> None:
        self.is_running = self.is_woken = False
        self.scene = scene
        self.prompt_id = ""
        self._emit = emit
        self._engine: Engine | None = None
        self._beside: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._pending: list[str] = []
        self._warned: set[str] = set()

    def use(self, engine: Engine) -> None:
        self._engine = engine

    def bring(self, hooks: HeadHooks) -> None:
        """The hooks of a head count too from now on, in the place of those that its file brought before."""
        if self._engine is None:
            return
        self.prompt_id = self.prompt_id or new_prompt_id()
        held = self._engine.hooks
        others = held.without([hook for hook in held.all if hook.origin == hooks.origin])
        self._engine.hooks, warnings = others.with_more(
            hooks.events, hooks.origin, root=hooks.root, hosted=hooks.hosted, variables=hooks.variables
        )
        for text in warnings:
            if text not in self._warned:
                self._warned.add(text)
                self.notice(text)

    def for_agent(self, scene: Scene, head: HeadHooks | None) -> HookRuns:
        """Those of a subagent, whose definition may bring some of its own."""
        runs = HookRuns(scene, self._emit)
        runs.prompt_id, runs.is_running = self.prompt_id or new_prompt_id(), True
        if self._engine is None:
            return runs
        more = None
        if head is not None:
            more, warnings = self._engine.hooks.with_more(head.events, head.origin, root=head.root)
            for text in warnings:
                self.notice(text)
        runs.use(self._engine.for_agent(runs.late, more))
        return runs

    def wants(self, point: str, subject: str = "") -> bool:
        return self._engine is not None and self._engine.wants(point, subject)

    @property
    def common(self) -> Common:
        """What the input of each hook begins with."""
        scene = self.scene
        return Common(
            scene.session_id,
            str(scene.transcript or ""),
            str(scene.workspace.cwd),
            self.prompt_id,
            scene.control.mode,
            scene.effort,
            scene.agent_id,
            scene.agent_type,
        )

    async def run(self, payload: Json) -> Outcome:
        """What they say together of an input (coder.hooks.inputs). Returns at once when there is no hook for it. Raises
        CancelledError only."""
        point, subject = str(payload["hook_event_name"]), subject_of(payload)
        if self._engine is None or not self._engine.wants(point, subject):
            return NOTHING
        self.scene.workspace.guard()
        if POINTS[point].env_file:
            await asyncio.to_thread(_make_folder, self.scene.env_file.parent)
        said = (await self._engine.run(point, subject, payload)).said
        self._say(point, said)
        if said.title:
            self.scene.entitle(said.title)
        if POINTS[point].env_file:
            await self._take_variables(point)
        return said

    def beside(self, work: Coroutine[object, None, object]) -> None:
        """Nobody waits for it until the session ends. May be called from any thread."""

        async def run() -> None:
            await work

        def begin() -> None:
            task = self._loop.create_task(run())
            self._beside.add(task)
            task.add_done_callback(self._beside.discard)

        self._loop.call_soon_threadsafe(begin)

    def hold(self, point: str, notes: tuple[str, ...]) -> None:
        """What the model is to be told before its next turn."""
        self._pending += hook_notes.contexts(point, notes)

    def held(self) -> str:
        """All that is held, which is no longer held then."""
        pending, self._pending, self.is_woken = self._pending, [], False
        return "\n".join(pending)

    def late(self, part: Part) -> None:
        """A hook in the background has ended."""
        point = part.handler.point
        if part.wakes:
            self._woken(part)
            return
        self._say(point, part.outcome)
        reason = (part.outcome.reason,) if part.outcome.blocked else ()
        self.hold(point, (*part.outcome.notes, *reason))

    def _woken(self, part: Part) -> None:
        """It wants the model to hear of it now: a run does not end before, and where none is under way the person is
        told that the next one begins with it."""
        handler, outcome = part.handler, part.outcome
        said = outcome.reason or "\n".join(outcome.lines) or part.ended.stderr.strip()
        self.hold(handler.point, ("\n".join(filter(None, (handler.wake_text, said))), *outcome.notes))
        self.is_woken = True
        for text in outcome.messages:
            self.notice(f"{handler.point} hook: {hook_notes.line(text, 'it has nothing to say')}")
        line = hook_notes.line(handler.wake_line or said, "it has something to say").rstrip(".")
        when = "" if self.is_running else ". The model reads it with your next message"
        self.notice(f"{handler.point} hook: {line}{when}")

    async def aclose(self) -> None:
        await asyncio.sleep(0)  # what was called for just now begins
        if self._beside:
            await asyncio.wait(self._beside, timeout=PATIENCE)
        for task in tuple(self._beside):
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside)
        if self._engine is not None:
            await self._engine.aclose()
        with suppress(OSError):
            await asyncio.to_thread(self.scene.env_file.unlink, missing_ok=True)

    def notice(self, text: str) -> None:
        self._emit(Notice(level="warning", text=text))

    def _say(self, point: str, said: Outcome) -> None:
        for text in (*said.messages, *said.lines):
            self.notice(f"{point} hook: {hook_notes.line(text, 'it has nothing to say')}")

    async def _take_variables(self, point: str) -> None:
        found, wrong = await asyncio.to_thread(exported, self.scene.env_file, self.scene.env)
        self.scene.workspace.export(found)
        if wrong:
            shown = hook_notes.line(wrong[0], "an empty line")
            what = "1 line" if len(wrong) == 1 else f"{len(wrong)} lines"
            self.notice(f"{point} hook: {what} in CLAUDE_ENV_FILE not used: {shown}. Write: export NAME=value")


def _make_folder(folder: Path) -> None:
    with suppress(OSError):  # then a hook cannot leave variables, and says so itself
        made_private(folder)


def new_prompt_id() -> str:
    return str(uuid.uuid4())
