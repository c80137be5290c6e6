"""Runs the hooks of a point, all at once, and puts together what they say. Must not know the session or the model."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coder.core.events import HookEnded, HookStarted, Notice
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.hooks.config import HookSet
from coder.hooks.environment import DEEPEST, depth_of
from coder.hooks.handler import Handler
from coder.hooks.outcome import NOBODY, Ended, Merged, Outcome, Part, merge
from coder.hooks.points import (
    AGENT_TIMEOUT,
    COMMAND_TIMEOUT,
    END_BUDGET,
    LONGEST_END_BUDGET,
    POINTS,
    PROMPT_TIMEOUT,
    TIMEOUTS,
    Point,
)
from coder.hooks.surroundings import Links, Surroundings

if TYPE_CHECKING:
    from coder.hooks import command, http, prompted, reading, spill
else:
    command = LazyModule("coder.hooks.command")
    http = LazyModule("coder.hooks.http")
    prompted = LazyModule("coder.hooks.prompted")
    reading = LazyModule("coder.hooks.reading")
    spill = LazyModule("coder.hooks.spill")

_TOLD = 10_000  # characters of what a hook printed, in an event
_END_BUDGET_NAME = "CLAUDE_CODE_SESSIONEND_HOOKS_TIMEOUT_MS"


class Engine:
    """`hooks` and `surroundings` may be replaced at any time. Belongs to one event loop."""

    def __init__(self, hooks: HookSet, surroundings: Surroundings, links: Links) -> None:
        self.hooks = hooks
        self.surroundings = surroundings
        self._links = links
        self._background: set[asyncio.Future[Any]] = set()
        self._is_too_deep = depth_of(surroundings.env) >= DEEPEST
        self._said_so = False

    def wants(self, event: str, subject: str = "") -> bool:
        """Whether any hook might run. Cheap: asked before every call."""
        return self.hooks.wants(event, subject)

    async def run(self, event: str, subject: str, payload: Json) -> Merged:
        """`payload` is the whole input (coder.hooks.inputs). Never raises but CancelledError, which ends the hooks.

        Takes no longer than the longest timeout and a second for who does not want to end."""
        handlers = self._fitting(event, subject, payload)
        if not handlers or self._refuses():
            return NOBODY
        point = POINTS[event]
        try:
            given = json.dumps(payload, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()
        except (ValueError, TypeError, RecursionError):
            return _unsayable(point)
        limits = self._limits(point, handlers)
        name = f"{event}:{subject}" if subject else event
        runs = [
            _Run(self, self._links, handler, point, name, limit)
            for handler, limit in zip(handlers, limits, strict=True)
        ]
        parts = await asyncio.gather(*(run.part(given, str(payload.get("cwd", ""))) for run in runs))
        if spent := [handler for handler in handlers if handler.once]:
            self.hooks = self.hooks.without(spent)
        return Merged(merge(part.outcome for part in parts), tuple(parts))

    async def aclose(self) -> None:
        """Ends what runs in the background. Idempotent."""
        await asyncio.sleep(0)  # what has not begun yet would not end what it was to wait for
        tasks = tuple(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def keep(self, *tasks: asyncio.Future[Any]) -> None:
        """Of a hook in the background: it is ended with the engine."""
        for task in tasks:
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    def _fitting(self, event: str, subject: str, payload: Json) -> tuple[Handler, ...]:
        if event not in POINTS:
            return ()
        return tuple(each for each in self.hooks.matching(event, subject) if not each.rule or self._fits(each, payload))

    def _fits(self, handler: Handler, payload: Json) -> bool:
        given = payload.get("tool_input")
        return self._links.fits(
            handler.rule, str(payload.get("tool_name", "")), given if isinstance(given, dict) else {}
        )

    def _refuses(self) -> bool:
        """In a hook of a hook of a hook: somebody calls himself."""
        if self._is_too_deep and not self._said_so:
            self._said_so = True
            text = f"Hooks are off: this session was started by a hook, {DEEPEST} deep. Let the hook not run coder."
            self._links.emit(Notice(level="warning", text=text))
        return self._is_too_deep

    def _limits(self, point: Point, handlers: tuple[Handler, ...]) -> list[float]:
        own = [_timeout(point, handler) for handler in handlers]
        if point.name != "SessionEnd":
            return own
        budget = _end_budget(self.surroundings.env, handlers)
        return [min(budget, limit) for limit in own]


class _Run:
    """One hook, from its start to what it said."""

    def __init__(self, engine: Engine, links: Links, handler: Handler, point: Point, name: str, timeout: float) -> None:
        self._engine, self._links, self._handler, self._point = engine, links, handler, point
        self._name, self._timeout = name, timeout
        self._id = f"hook-{os.urandom(6).hex()}"

    async def part(self, given: str, cwd: str) -> Part:
        handler, point = self._handler, self._point
        self._links.emit(HookStarted(
            id=self._id, point=point.name, name=self._name, command=handler.shown, status=handler.status
        ))  # fmt: skip
        try:
            ended = await self._ended(given, cwd)
        except asyncio.CancelledError:
            self._tell(Ended(None, cancelled=True, problem="was ended with the run"))
            raise
        if ended.background:
            return self._made(ended)
        return self._told(ended)

    async def _ended(self, given: str, cwd: str) -> Ended:
        handler, surroundings = self._handler, self._engine.surroundings
        match handler.kind:
            case "command":
                return await self._command(given, cwd)
            case "http":
                return await http.post(handler, _bytes(given), surroundings, self._timeout)
            case "prompt":
                return await prompted.judge(handler, given, self._links.ask_model, self._timeout)
            case _:
                return Ended(None, problem=f"hooks of type {handler.kind} are not available yet; this one did not run")

    async def _command(self, given: str, cwd: str) -> Ended:
        one = command.Command(self._handler, self._point, self._engine.surroundings)
        try:
            going = one.start(_bytes(given), cwd, self._timeout)
        except command.NotStarted as error:
            return Ended(None, problem=str(error))
        if self._handler.background:
            self._leave(asyncio.ensure_future(going.finished()), None)
            return Ended(None, background=True)
        answer = await one.answered(going)
        if isinstance(answer, Ended):
            return answer
        self._leave(answer, one.async_timeout)
        return Ended(None, background=True)

    def _leave(self, future: asyncio.Future[Ended], limit: float | None) -> None:
        self._engine.keep(future, asyncio.create_task(self._later(future, limit)))

    async def _later(self, future: asyncio.Future[Ended], limit: float | None) -> None:
        try:
            async with asyncio.timeout(limit):
                ended = await future
        except TimeoutError:
            ended = Ended(None, problem=f"took longer than {limit:g} s and was ended", timed_out=True)
        except asyncio.CancelledError:
            future.cancel()
            with suppress(asyncio.CancelledError):
                await future
            self._tell(Ended(None, cancelled=True, problem="was ended with the session"))
            raise
        self._links.late(self._told(ended))

    def _told(self, ended: Ended) -> Part:
        part = self._made(ended)
        self._tell(ended, part.outcome.problem)
        return part

    def _made(self, ended: Ended) -> Part:
        """What it said, bounded."""
        if self._handler.kind == "prompt":
            outcome = prompted.judged(self._handler, self._point, ended)
        else:
            outcome = reading.outcome_of(self._point, _without_announcement(ended))
        outcome = spill.shortened(outcome, self._engine.surroundings.spill, self._id)
        return Part(self._handler, ended, outcome, wakes=self._handler.wakes and ended.code == reading.BLOCK)

    def _tell(self, ended: Ended, problem: str = "") -> None:
        problem = problem or ended.problem
        self._links.emit(HookEnded(
            id=self._id,
            point=self._point.name,
            name=self._name,
            outcome="cancelled" if ended.cancelled else "error" if problem else "success",
            seconds=ended.seconds,
            code=ended.code,
            stdout=ended.stdout[:_TOLD],
            stderr=ended.stderr[:_TOLD],
            problem=problem,
        ))  # fmt: skip


def _unsayable(point: Point) -> Merged:
    """What hooks cannot be told they cannot judge: a call is not let through for that."""
    problem = f"{point.name} hooks could not run: the input cannot be written as JSON (nested too deeply?)"
    if point.blocks != "call":
        return Merged(Outcome(problem=problem))
    return Merged(Outcome(blocked=True, reason=problem, verdict="deny", verdict_reason=problem, problem=problem))


def _without_announcement(ended: Ended) -> Ended:
    """What a hook said after it had said that it goes on in the background."""
    first, _, rest = ended.stdout.lstrip().partition("\n")
    if not (first.startswith("{") and '"async"' in first):
        return ended
    try:
        announced = json.loads(first)
    except (ValueError, RecursionError):
        return ended
    return replace(ended, stdout=rest) if isinstance(announced, dict) and announced.get("async") is True else ended


def _bytes(given: str) -> bytes:
    return f"{given}\n".encode()


def _timeout(point: Point, handler: Handler) -> float:
    if handler.timeout is not None:
        return handler.timeout
    match handler.kind:
        case "prompt":
            return PROMPT_TIMEOUT
        case "agent":
            return AGENT_TIMEOUT
        case _:
            return TIMEOUTS.get(point.name, COMMAND_TIMEOUT)


def _end_budget(env: Mapping[str, str], handlers: tuple[Handler, ...]) -> float:
    """What the hooks of SessionEnd have together; they run at once, so each has all of it."""
    told = env.get(_END_BUDGET_NAME, "")
    if told.isascii() and told.isdigit() and 0 < len(told) < 9:
        return int(told) / 1000
    return min(max([END_BUDGET, *(each.timeout for each in handlers if each.timeout is not None)]), LONGEST_END_BUDGET)
