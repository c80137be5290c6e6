"""`-p` as text: the answer on stdout and nothing else; what was refused, retried or failed on stderr, a line each.

Must not know JSON or any other front end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from coder.app.session import Session
from coder.core.events import (
    AgentEnded,
    AgentStarted,
    AnyEvent,
    CheckpointTaken,
    Committed,
    HookEnded,
    ModelRetrying,
    Notice,
    PermissionDenied,
    RunEnded,
    StepChanged,
    TaskEnded,
    ToolFinished,
    ToolStarted,
)
from coder.core.lazy import LazyModule
from coder.core.messages import Text
from coder.core.requests import Reply, Request
from coder.core.spans import span
from coder.frontends.hook_words import failure
from coder.frontends.plain import one_line, printable
from coder.frontends.writer import Writer

if TYPE_CHECKING:
    from coder.frontends import agent_words, styled, unattended
    from coder.frontends.render import seen
else:  # for runs in which something happened
    agent_words = LazyModule("coder.frontends.agent_words")
    seen, styled = LazyModule("coder.frontends.render.seen"), LazyModule("coder.frontends.styled")
    unattended = LazyModule("coder.frontends.unattended")

_AT_ONCE = 0.5
_MOST_REASON = 300  # characters of what a failed call said
_REMARKS = 5.0  # seconds that are waited for a reader of the remarks alone
_MINUTE = 59.0  # a little less, so that what comes once a minute is shown each time
_WORDS = {
    "rate_limit": "rate limit",
    "connection": "no connection",
    "cut": "the reply was cut",
    "timeout": "no answer",
    "server": "server error",
}
# Ends whose last text is worth having although the run failed: it is the answer, incomplete.
_PARTIAL_ANSWERS = frozenset({"max_tokens", "refusal", "gate_unmet"})


class TextOut:
    """With `verbose`, each tool call is a line on stderr too, and in the end what was seen in the run; without it that
    is told only where tests were run or something is in doubt."""

    def __init__(
        self, stdout: TextIO, stderr: TextIO, *, verbose: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._answer, self._remarks = Writer(stdout), Writer(stderr)
        self._verbose = verbose
        self._clock = clock
        self._session: Session | None = None
        self._quiet_until = 0.0
        self._begun: dict[str, str] = {}  # what the calls that run are about
        self._agents: agent_words.Names | None = None

    def begin(self, session: Session) -> None:
        self._session = session
        for warning in session.warnings:
            self._say(warning)

    def emit(self, event: AnyEvent) -> None:
        if isinstance(event, AgentStarted | AgentEnded) or event.agent != "main":
            self._of_agent(event)
            return
        match event:
            case PermissionDenied() | ModelRetrying() | Notice(level="warning" | "error"):
                self._problem(event)
            case CheckpointTaken() | Committed():
                self._say(event.text)
            case HookEnded() if text := failure(event):
                self._say(text)
            case ToolStarted() if self._verbose:
                self._begun[event.call.id] = event.summary
            case ToolFinished() if self._verbose:
                mark = "✗" if event.result.is_error else "✓"
                tail = f" · {event.summary}" if event.summary else ""
                about = self._begun.pop(event.call.id, "") or event.call.name
                self._say(f"{mark} {one_line(about)}{tail} · {event.seconds:.1f}s{_reason(event)}")
            case StepChanged() if self._verbose or event.state == "failed":
                self._say(agent_words.step(event))
            case TaskEnded() if self._verbose:
                mark = "✗" if event.state == "failed" else "✓"
                self._say(f"{mark} {event.id} · exit {event.code} · {event.seconds:.1f}s · {one_line(event.command)}")
            case _:
                pass

    def _problem(self, event: PermissionDenied | ModelRetrying | Notice, who: str = "") -> None:
        """`who` is the agent whose it is."""
        by = f"{who}: " if who else ""
        match event:
            case PermissionDenied():
                self._say(f"not allowed: {by}{one_line(event.summary)} ({_why(event)})")
            case ModelRetrying():
                what = _WORDS.get(event.kind, event.kind)
                status = f"{event.status} {what}" if event.status else what
                self._say_waiting(f"{by}{status}", event)
            case Notice():
                self._say(f"{by}{event.text}")

    def _of_agent(self, event: AnyEvent) -> None:
        """Only what went wrong: its work is not the answer."""
        self._agents = self._agents or agent_words.Names()
        name = self._agents.of(event)
        match event:
            case PermissionDenied() | ModelRetrying() | Notice(level="warning" | "error"):
                self._problem(event, name)
            case HookEnded() if text := failure(event):
                self._say(f"{name}: {text}")
            case AgentEnded(report=report) if report.state == "failed":
                self._say(f"{name} failed: {report.error}")
            case AgentEnded(row=row) if self._verbose and row.background:
                self._say(agent_words.ended(event))
            case _:
                pass

    async def ask(self, request: Request) -> Reply:
        return unattended.reply(request, self._session)

    def finish(self, ended: RunEnded, session: Session) -> None:
        if ended.text.strip() and (ended.reason == "done" or ended.reason in _PARTIAL_ANSWERS):
            self._answer.write(printable(ended.text).strip("\n") + "\n")
        if ended.evidence is not None and (self._verbose or seen.is_telling(ended.evidence)):
            for row in seen.seen_rows(ended.evidence):
                self._say(styled.plain(row))
        if ended.reason != "done":
            unsent = "The prompt was not sent. " if ended.reason == "hook_stopped" and not ended.turns else ""
            self._say(f"{unsent}{ended.error or ended.reason}")
        try:
            self._answer.deliver()
        finally:
            with suppress(OSError):  # nobody reads the remarks
                self._remarks.deliver(_REMARKS)

    def _say_waiting(self, status: str, event: ModelRetrying) -> None:
        """A wait that may last for hours is told once a minute."""
        if event.max_retries:
            # Without contact it is patience that ends, and not the number of tries.
            most = "" if event.kind == "connection" else f" of {event.max_retries + 1}"
            then = "at once" if event.delay < _AT_ONCE else f"in {event.delay:.0f}s"
            self._say(f"waiting for the model: {status}, try {event.attempt + 1}{most} {then}")
        elif (now := self._clock()) >= self._quiet_until:
            self._quiet_until = now + _MINUTE
            self._say(f"waiting for the model: {status}, next try in {span(event.delay)}")

    def _say(self, text: str) -> None:
        self._remarks.write(f"coder: {one_line(text, 2000)}\n")


def _reason(event: ToolFinished) -> str:
    """What a failed call said, where its summary does not."""
    if not event.result.is_error or event.summary not in ("", "failed"):
        return ""
    said = " ".join(block.text for block in event.result.content if isinstance(block, Text))
    return f": {one_line(said, _MOST_REASON)}" if said.strip() else ""


def _why(event: PermissionDenied) -> str:
    reason = one_line(event.message)
    if not event.nobody:
        return reason
    return f"nobody to ask; allowed by {event.remedy}" if event.remedy else f"nobody to ask: {reason}"
