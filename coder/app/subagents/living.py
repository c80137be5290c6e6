"""The life of one agent: a place, a worktree if it wants one, the engine, the end and what is kept of it. Must not know
who waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.app.subagents import berth, sidecar
from coder.app.subagents.bound import Bound
from coder.app.subagents.cast import Cast
from coder.app.subagents.child import Child
from coder.app.subagents.record import Record
from coder.app.subagents.relay import Relay
from coder.app.subagents.reporting import bounded
from coder.core import prompts
from coder.core.agents import AgentEnd, Report
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.events import AgentEnded, AgentStarted, Notice, RunEnded
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message
from coder.models import catalog

if TYPE_CHECKING:
    from coder.app.subagents import isolation
    from coder.app.subagents.berth import Berth
    from coder.app.subagents.isolation import Isolated
    from coder.app.subagents.pool import Pool
else:  # for agents with a worktree of their own
    isolation = LazyModule("coder.app.subagents.isolation")

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False, repr=False)
class _End:
    state: AgentEnd = "stopped"
    text: str = ""
    error: str = ""
    value: Json | None = None
    branch: str = ""


class Life:
    """`prompt` is what it is told; "" when it goes on where it was cut off. `primed` is called once, when the first
    byte of its first reply is there or it has ended."""

    def __init__(self, pool: Pool, record: Record, cast: Cast, prompt: str, primed: Callable[[], None]) -> None:
        self._pool, self._record, self._cast, self._prompt = pool, record, cast, prompt
        self._relay = Relay(record, pool.footing.outset.emit, primed)
        self._isolated: Isolated | None = None
        self._has_begun = False
        self._began_at = time.time_ns()

    async def live(self) -> Report:
        """Never raises: whoever cancels it cancels `record.working`."""
        record, end = self._record, _End(value=self._record.value)
        record.working = working = asyncio.create_task(self._work(end))
        await asyncio.wait({working})
        if not working.cancelled() and (error := working.exception()) is not None:
            end.state, end.error = "failed", _why(error)
        if record.child is not None:
            await record.child.aclose()
        await self._leave(end)
        report = await self._report(end)
        record.seconds, record.state, record.report, record.doing = record.elapsed, end.state, report, ""
        record.asks, record.waits_for, record.child, record.working = [], "", None, None
        report = record.report = replace(report, seconds=record.seconds)
        self._keep(end.state, report)
        self._pool.ended(record, report)
        self._relay.begun()
        if self._has_begun:
            self._emit(AgentEnded(agent=record.id, row=record.row(), report=report))
        return report

    async def _work(self, end: _End) -> None:
        record, pool = self._record, self._pool
        waiting = pool.family.waiter_of(record)
        lent = waiting.lent if waiting is not None and not record.background else None
        async with pool.places.taken(lent):
            record.begins()
            record.berth = await self._berth()
            child = record.child = Child(
                pool.footing,
                record,
                self._cast,
                record.berth,
                self._relay,
                Bound(pool, record),
                pool.family.ancestors(record),
                record.crowd.budget if record.crowd is not None else None,
            )
            record.remember(child.agent.history.messages, catalog.price)
            try:
                prompt = self._opening(child)
                self._keep("running", None)
                self._has_begun = True
                self._emit(
                    AgentStarted(agent=record.id, row=record.row(), prompt=record.brief.prompt, depth=record.depth)
                )
                if prompt is None:
                    _end_of(end, None, child)
                    return
                with pool.footing.outset.book.lent(self._cast.rules):
                    _end_of(end, await child.run(prompt), child)
            finally:
                end.text = end.text or _last_words(child)

    async def _berth(self) -> Berth:
        """Where it works: with the agent that asked for it, when nothing else was wished. Raises ToolError."""
        record, pool, footing = self._record, self._pool, self._pool.footing
        if "worktree" in (record.brief.isolation, self._cast.isolation):
            self._isolated = await isolation.isolate(footing.origin(), record.id, record.title)
            for note in self._isolated.notes:
                self._emit(Notice(agent=record.id, level="info", text=note))
            return berth.apart(self._isolated, footing.pen, record.id, pool.family.ancestors(record), self._relay.waits)
        parent = pool.family.parent_of(record)
        shared = parent.berth if parent is not None else None
        return shared or berth.in_session(footing.outset.config.cwd, footing.pen)

    def _opening(self, child: Child) -> str | None:
        """What it is told now; None when it had said its last word already."""
        messages = child.agent.history.messages
        if self._prompt and (messages or not self._isolated):
            return self._prompt
        if messages:
            if _is_done(messages, child):
                return None
            return prompts.load("reminders/agent_goes_on")
        prompt = self._prompt or self._cast.prompt
        said = self._isolated.said if self._isolated is not None else ""
        return f"{prompt}\n\n{said}" if said else prompt

    async def _leave(self, end: _End) -> None:
        record = self._record
        self._pool.footing.pen.release(record.id)
        if record.berth is not None:
            record.berth.pen.release(record.id)
            record.berth = None
        if self._isolated is None:
            return
        left = await self._isolated.leave(ok=end.state == "completed")
        end.branch = left.branch
        if left.text:
            self._emit(Notice(agent=record.id, level="info", text=left.text))

    async def _report(self, end: _End) -> Report:
        record = self._record
        text, artifact = await asyncio.to_thread(bounded, end.text, self._pool.folder, record.id)
        return Report(
            id=record.id,
            kind=record.kind,
            title=record.title,
            model=record.model,
            state=end.state,
            text=text,
            error=end.error,
            value=end.value,
            artifact=artifact,
            branch=end.branch,
            usage=record.usage,
            usd=record.usd,
            tool_uses=record.tool_uses,
            seconds=record.elapsed,
        )

    def _keep(self, state: sidecar.Standing, report: Report | None) -> None:
        """An agent that cannot be written down runs all the same: it only cannot go on after a crash."""
        record, pool = self._record, self._pool
        if not pool.keeps or (report is not None and not self._has_begun):
            return
        kept = sidecar.Kept(
            record.id,
            sidecar.transcript_of(pool.folder, record.id),
            record.brief,
            record.key,
            record.kind,
            record.model,
            record.depth,
            state,
            record.background,
            self._began_at,
            report,
        )
        try:
            row = sidecar.write(pool.folder, kept)
            pool.footing.outset.journal.beside(kept.path, {"type": "agent_metadata", **row})
        except OSError as error:
            text = f"Agent {record.id} is not saved: {error.strerror or error}."
            self._emit(Notice(agent=record.id, level="warning", text=text))

    def _emit(self, event: AgentStarted | AgentEnded | Notice) -> None:
        self._pool.footing.outset.emit(event)


def _end_of(end: _End, ended: RunEnded | None, child: Child) -> None:
    """How it ended, by how its run did; None: it had ended before."""
    if child.submit is not None and child.submit.value is not None:
        end.state, end.value = "completed", child.submit.value
    elif ended is None or ended.reason == "done":
        end.state = "completed"
    else:
        end.state = "stopped" if ended.reason in ("interrupted", "hook_stopped") else "failed"
        end.error = ended.error.partition(" Go on with: coder")[0]
    end.text = (ended.text if ended is not None else "") or _last_words(child)


def _is_done(messages: Sequence[Message], child: Child) -> bool:
    if child.submit is not None:
        return any(map(child.submit.found_in, reversed(messages)))
    last = messages[-1]
    return last.role == "assistant" and not last.tool_uses and last.meta.stop_reason == "end_turn"


def _last_words(child: Child) -> str:
    said = (each.text for each in reversed(child.agent.history.messages) if each.role == "assistant")
    return next((text for text in said if text.strip()), "")


def _why(error: BaseException) -> str:
    if isinstance(error, CoderError):
        return str(error)
    with suppress(Exception):
        _log.error("an agent failed", exc_info=error)
    return f"it failed inside coder: {type(error).__name__}: {error}"
