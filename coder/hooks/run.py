"""One hook, from its start to what it said. Must not know the other hooks, or what follows.

What only some hooks need is loaded by the first that does.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coder.core.events import HookEnded, HookStarted
from coder.core.lazy import LazyModule
from coder.hooks import reading
from coder.hooks.handler import Handler
from coder.hooks.outcome import Ended, Part
from coder.hooks.points import Point
from coder.hooks.surroundings import Links, Surroundings

if TYPE_CHECKING:
    from coder.hooks import command, hosted, http, prompted, served, spill
else:
    command = LazyModule("coder.hooks.command")
    hosted = LazyModule("coder.hooks.hosted")
    http = LazyModule("coder.hooks.http")
    prompted = LazyModule("coder.hooks.prompted")
    served = LazyModule("coder.hooks.served")
    spill = LazyModule("coder.hooks.spill")

_TOLD = 10_000  # characters of what a hook printed, in an event


class Run:
    """One hook of a point. `keep` is told of what goes on in the background."""

    def __init__(
        self,
        handler: Handler,
        point: Point,
        name: str,
        timeout: float,
        surroundings: Surroundings,
        links: Links,
        keep: Callable[[asyncio.Future[Any]], None],
    ) -> None:
        self._handler, self._point, self._name, self._timeout = handler, point, name, timeout
        self._surroundings, self._links, self._keep = surroundings, links, keep
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
        handler, surroundings = self._handler, self._surroundings
        match handler.kind:
            case "command":
                return await self._command(given, cwd)
            case "http":
                return await http.post(handler, _bytes(given), surroundings, self._timeout)
            case "prompt":
                return await prompted.judge(handler, given, self._links.ask_model, self._timeout)
            case "mcp_tool":
                return await served.call(handler, given, self._links.call_server, self._timeout)
            case "callback":
                return await hosted.call(handler, given, self._links.call_host, self._timeout)
            case "agent":
                return await prompted.judge(handler, given, self._links.ask_agent, self._timeout, "hooks/look")

    async def _command(self, given: str, cwd: str) -> Ended:
        one = command.Command(self._handler, self._point, self._surroundings, self._links.mind)
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
        self._keep(future)
        self._keep(asyncio.create_task(self._later(future, limit)))

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
        if self._handler.kind in ("prompt", "agent"):
            outcome = prompted.judged(self._handler, self._point, ended)
        elif self._handler.kind == "callback":
            outcome = hosted.outcome_of(self._handler, self._point, ended)
        else:
            outcome = reading.outcome_of(self._point, _without_announcement(ended))
        outcome = spill.shortened(outcome, self._surroundings.spill, self._id)
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
