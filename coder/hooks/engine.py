"""Runs the hooks of a point, at once, and puts together what they say. Must not know the session or the model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coder.core.events import Notice
from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.hooks.config import HookSet
from coder.hooks.environment import DEEPEST, depth_of
from coder.hooks.handler import Handler
from coder.hooks.limits import limits_of
from coder.hooks.outcome import NOBODY, Merged, Outcome, Part, merge
from coder.hooks.points import POINTS, Point
from coder.hooks.surroundings import Links, Surroundings

if TYPE_CHECKING:
    from coder.hooks import run
    from coder.hooks.run import Run
else:
    run = LazyModule("coder.hooks.run")


AT_ONCE = 32  # hooks: each has three open files, and a process may have 256 where nobody raised it


class Engine:
    """`hooks` and `surroundings` may be replaced at any time. Belongs to one event loop."""

    def __init__(self, hooks: HookSet, surroundings: Surroundings, links: Links) -> None:
        self.hooks = hooks
        self.surroundings = surroundings
        self._links = links
        self._background: set[asyncio.Future[Any]] = set()
        self._is_too_deep = depth_of(surroundings.env) >= DEEPEST
        self._said_so = False

    def for_agent(self, late: Callable[[Part], None], more: HookSet | None = None) -> Engine:
        """Another over the same hooks as they are now, or over `more`; what it starts ends with it. No agent is asked
        about what an agent does: one would be asked about that one, and so on."""
        return Engine(more or self.hooks, self.surroundings, replace(self._links, late=late, ask_agent=None))

    def wants(self, event: str, subject: str = "") -> bool:
        """Whether any hook might run. Cheap: asked before every call."""
        return self.hooks.wants(event, subject)

    async def run(self, event: str, subject: str, payload: Json) -> Merged:
        """`payload` is the whole input (coder.hooks.inputs). Never raises but CancelledError, which ends the hooks.

        Takes no longer than the longest timeout and a second for who does not want to end; so much for each `AT_ONCE`
        hooks where there are more."""
        handlers = self._fitting(event, subject, payload)
        if not handlers or self._refuses():
            return NOBODY
        point = POINTS[event]
        try:
            given = json.dumps(payload, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()
        except (ValueError, TypeError, RecursionError):
            return _unsayable(point)
        limits = limits_of(point, handlers, self.surroundings.env)
        name = f"{event}:{subject}" if subject else event
        runs = [
            run.Run(handler, point, name, limit, self.surroundings, self._links, self._keep)
            for handler, limit in zip(handlers, limits, strict=True)
        ]
        cwd, places = str(payload.get("cwd", "")), asyncio.Semaphore(AT_ONCE)

        async def in_turn(one: Run) -> Part:
            async with places:
                return await one.part(given, cwd)

        parts = await asyncio.gather(*map(in_turn, runs))
        if spent := [handler for handler in handlers if handler.once]:
            self.hooks = self.hooks.without(spent)
        return Merged(merge(part.outcome for part in parts), tuple(parts))

    async def aclose(self) -> None:
        """Ends what runs in the background. Idempotent."""
        tasks = tuple(self._background)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, task: asyncio.Future[Any]) -> None:
        """Of a hook in the background: it is ended with the engine."""
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


def _unsayable(point: Point) -> Merged:
    """What hooks cannot be told they cannot judge: a call is not let through for that."""
    problem = f"{point.name} hooks could not run: the input cannot be written as JSON (nested too deeply?)"
    if point.blocks != "call":
        return Merged(Outcome(problem=problem))
    return Merged(Outcome(blocked=True, reason=problem, verdict="deny", verdict_reason=problem, problem=problem))
