"""Watches each attempt at a request: what it used, whether it was billed. Must not know prices, files or retries."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import ModelError
from coder.core.messages import Json, Text, Thinking, ToolUse, Usage, usage_from_api
from coder.core.model import (
    Accepted,
    BlockFinished,
    Completed,
    CountingModel,
    Model,
    ModelEvent,
    ModelRequest,
    Streamed,
)
from coder.models.prints import Fingerprints, Taken

if TYPE_CHECKING:
    from coder.models.budget import Budget, Hold

BYTES_PER_TOKEN = 3.5
Status: TypeAlias = Literal["billed", "estimated", "unknown"]


@dataclass(frozen=True, slots=True, eq=False)
class Attempt:
    """One attempt that the API may bill. `billed`: the usage is the API's. `estimated`: the reply broke off, or said
    nothing of its usage, so that part of it is guessed. `unknown`: nothing came back; the usage is what was sent."""

    request: ModelRequest
    agent: str
    usage: Usage
    status: Status
    request_id: str
    seconds: float
    taken: Taken


class MeteredModel:
    """Model to Model, below the retries: each attempt is told to `record`, once, when it is over, before its
    `Completed` is passed on. With a `budget` it is asked before each attempt and may refuse it with a ModelError.

    An attempt that the server refused, or that never reached it, is not billed and not told."""

    def __init__(
        self,
        model: Model,
        record: Callable[[Attempt], None],
        *,
        agent: str = "main",
        budget: Budget | None = None,
        counter: CountingModel | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._record = record
        self._agent = agent
        self._budget = budget
        self._counter = counter
        self._clock = clock
        self._fingerprints = Fingerprints()
        self._billed: dict[str, Usage] = {}  # what the last whole request of a conversation used

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        taken = self._fingerprints.take(request)
        hold: Hold | None = None
        if self._budget is not None:
            hold = await self._budget.reserve(request, taken.print, self._counter)
            request = replace(request, max_tokens=hold.max_tokens)
        watch = _Watch(request, taken, self._agent, self._clock, self._billed.get(taken.lane))
        events = self._model.stream(request)
        over = False
        try:
            async for event in events:
                watch.see(event)
                if isinstance(event, Completed):
                    over = True
                    self._settle(watch, hold)
                yield event
        except ModelError as error:
            watch.fail(error)
            raise
        finally:
            if not over:
                self._settle(watch, hold)
            if isinstance(events, AsyncGenerator):
                await events.aclose()

    async def aclose(self) -> None:
        await self._model.aclose()

    def _settle(self, watch: _Watch, hold: Hold | None) -> None:
        attempt = watch.attempt()
        if self._budget is not None and hold is not None:
            self._budget.settle(hold, attempt)
        if attempt is not None:
            self._fingerprints.keep(attempt.taken)
            if attempt.status == "billed":
                self._billed[attempt.taken.lane] = attempt.usage
            self._record(attempt)


class _Watch:
    """What is known of an attempt so far."""

    def __init__(
        self, request: ModelRequest, taken: Taken, agent: str, clock: Callable[[], float], before: Usage | None
    ) -> None:
        self._request = request
        self._taken = taken
        self._agent = agent
        self._clock = clock
        self._before = before
        self._started = clock()
        self._accepted = False
        self._request_id = ""
        self._said: Json = {}  # the usage so far, as the API put it
        self._raw_bytes = self._block_bytes = 0
        self._completed: Completed | None = None
        self._may_have_arrived = True

    def see(self, event: ModelEvent) -> None:
        self._accepted = True  # whatever comes, somebody answers
        match event:
            case Accepted(request_id=request_id):
                self._request_id = request_id
            case Streamed(event=raw):
                self._take(raw)
            case BlockFinished(block=Text(text=text) | Thinking(thinking=text)):
                self._block_bytes += len(text.encode("utf-8", "replace"))
            case BlockFinished(block=ToolUse(input=raw)):
                self._block_bytes += len(str(raw))
            case Completed():
                self._completed = event

    def fail(self, error: ModelError) -> None:
        self._may_have_arrived = error.sent
        self._request_id = self._request_id or error.request_id

    def attempt(self) -> Attempt | None:
        """None when nothing of it can have been billed."""
        if self._completed is None and not self._accepted and not self._may_have_arrived:
            return None
        usage, status = self._used()
        seconds = self._clock() - self._started
        return Attempt(self._request, self._agent, usage, status, self._request_id, seconds, self._taken)

    def _used(self) -> tuple[Usage, Status]:
        if self._completed is not None and self._completed.usage.prompt_tokens:
            return self._completed.usage, "billed"
        usage = usage_from_api(self._said)
        if not usage.prompt_tokens:
            searches = usage.web_search_requests
            usage = replace(self._guessed_prompt(usage.output_tokens), web_search_requests=searches)
        if self._completed is None and not self._accepted:
            return usage, "unknown"
        seen = self._raw_bytes or self._block_bytes
        return replace(usage, output_tokens=max(usage.output_tokens, _tokens(seen))), "estimated"

    def _guessed_prompt(self, output: int) -> Usage:
        """What went on from the request before is taken to be cached as that was; the rest counts by size."""
        taken, before = self._taken, self._before
        cached = fresh = 0
        size = taken.print.size
        if before is not None and taken.before is not None and taken.difference is None:
            cached = before.cache_read_input_tokens + before.cache_creation_input_tokens
            fresh, size = before.input_tokens, sum(size for _, size, _ in taken.print.pieces[taken.shared :])
        fresh += _tokens(size)
        if self._request.marks or self._request.mark_system:
            return Usage(0, output, fresh, cached, fresh)
        return Usage(fresh, output, 0, cached)

    def _take(self, raw: Json) -> None:
        match raw:
            case {"type": "message_start", "message": {"usage": dict(usage)}}:
                self._said |= usage
            case {"type": "message_delta", "usage": dict(usage)}:
                self._said |= {name: value for name, value in usage.items() if value}
            case {"type": "content_block_delta", "delta": dict(delta)}:
                for name in ("text", "thinking", "partial_json"):
                    if isinstance(said := delta.get(name), str):
                        self._raw_bytes += len(said.encode("utf-8", "replace"))


def _tokens(size: int) -> int:
    return math.ceil(size / BYTES_PER_TOKEN)
