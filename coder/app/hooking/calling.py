"""What hooks are told beside a session: that it waits for the person, and that a run failed. A listener; must not know
how a hook is run, or who is called.
"""

from __future__ import annotations

import asyncio

from coder.app.error_names import category
from coder.app.hooking.runs import HookRuns
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, PermissionAnswered, PermissionAsked, RunEnded, RunStarted
from coder.core.requests import PermissionRequest
from coder.hooks import inputs

_FAILED = frozenset({"model_error", "rate_limit", "context_full"})


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds without an answer, and without another prompt, after which hooks are told."""

    answer: float = 6.0
    prompt: float = 60.0


class Calling:
    def __init__(self, runs: HookRuns, waits: Waits) -> None:
        self._runs = runs
        self._waits = waits
        self._timer: asyncio.TimerHandle | None = None

    def on(self, event: AnyEvent) -> None:
        if event.agent != "main":
            return
        match event:
            case PermissionAsked(request=request):
                what = f"to use {request.call.name}" if isinstance(request, PermissionRequest) else "an answer"
                self._later(self._waits.answer, "permission_prompt", f"coder needs your permission {what}")
            case PermissionAnswered() | RunStarted():
                self.cancel()
            case RunEnded():
                self._failed(event)
                self._later(self._waits.prompt, "idle_prompt", "coder is waiting for your input")
            case _:
                pass

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _later(self, seconds: float, kind: str, message: str) -> None:
        self.cancel()
        if self._runs.wants("Notification", kind):
            self._timer = asyncio.get_running_loop().call_later(seconds, self._notify, kind, message)

    def _notify(self, kind: str, message: str) -> None:
        self._runs.beside(self._runs.run(inputs.notification(self._runs.common, message, kind, title="coder")))

    def _failed(self, ended: RunEnded) -> None:
        if ended.reason not in _FAILED or not ended.error_kind:
            return
        name = category(ended.error_kind)
        if self._runs.wants("StopFailure", name):
            told = inputs.stop_failure(self._runs.common, name, details=ended.error, last_message=ended.text or None)
            self._runs.beside(self._runs.run(told))
