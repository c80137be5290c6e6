"""The hooks that are asked when the model is done: they may have the run go on, but not for ever. Must not know how a
hook is run, or what ends a run otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from coder.agent.history import History
from coder.agent.policies import Inject, Stop, Verdict
from coder.agent.replies import reminder
from coder.app.hooking import notes as hook_notes
from coder.app.hooking.runs import HookRuns
from coder.core.messages import Json
from coder.hooks import inputs
from coder.hooks.inputs import Common

CAP = 8
CAP_NAME = "CLAUDE_CODE_STOP_HOOK_BLOCK_CAP"


class Told(Protocol):
    """Makes the input of the hook of what was said last."""

    def __call__(self, common: Common, last_message: str, *, active: bool, tasks: list[Json]) -> Json: ...


class Stopping:
    """An EndPolicy. `cap` is how often in one run it may say that there is more to do; `tasks` are the commands in the
    background, as hooks are told of them. `point` is what is asked, of the `subject` that it is about."""

    def __init__(
        self,
        runs: HookRuns,
        cap: int,
        tasks: Callable[[], list[Json]],
        point: str = "Stop",
        subject: str = "",
        told: Told = inputs.stop,
    ) -> None:
        self._point = point
        self._subject = subject
        self._input = told
        self._runs = runs
        self._cap = cap
        self._tasks = tasks
        self._times = self._wakes = 0

    def begin(self) -> None:
        """Another run."""
        self._times = self._wakes = 0

    async def before_end(self, text: str, history: History) -> Verdict:
        verdict = await self._asked(text)
        return self._woken() if verdict is None else verdict

    def _woken(self) -> Verdict:
        """What a hook in the background wants the model to hear before it ends."""
        if not self._runs.is_woken or self._wakes >= self._cap:
            return None
        self._wakes += 1
        return Inject(reminder(self._runs.held()))

    async def _asked(self, text: str) -> Verdict:
        if not self._runs.wants(self._point, self._subject):
            return None
        active, tasks = self._times > 0, self._tasks()
        said = await self._runs.run(self._input(self._runs.common, text, active=active, tasks=tasks))
        if said.stop is not None:  # it wants an end, and this is one
            if said.stop:
                self._runs.notice(f"{self._point} hook: {hook_notes.line(said.stop, '')}")
            return None
        if not said.blocked and not said.notes:
            return None
        self._times += 1
        if self._times > self._cap:
            return Stop("gate_unmet", self._given_up(said.reason))
        notes = list(hook_notes.contexts(self._point, said.notes))
        if said.blocked:
            why = hook_notes.line(said.reason, "it gives no reason")
            self._runs.notice(f"{self._point} hook: the run goes on, {why}")
            notes.insert(0, hook_notes.goes_on(said.reason))
        return Inject(reminder("\n".join(notes)))

    def _given_up(self, reason: str) -> str:
        times = "once" if self._cap == 1 else f"{self._cap} times"
        why = hook_notes.line(reason, "it gives no reason")
        said = f"The {self._point} hook still says no after the run went on {times} for it: {why.rstrip('.')}."
        return f"{said} {CAP_NAME} allows more."


def cap_of(env: Mapping[str, str]) -> int:
    """What is no whole number counts as not set."""
    text = env.get(CAP_NAME, "").strip()
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else CAP
