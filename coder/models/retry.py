"""Tries a model again after failures that can pass. Must not know transports, tools or history."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from coder.core.errors import ModelError
from coder.core.model import BlockFinished, Completed, Model, ModelEvent, ModelRequest, Retrying, TextPart, ThinkingPart
from coder.core.spans import span

MAX_RETRIES = 15
LONGEST_RETRY_AFTER = 60.0
PATIENCE = 180.0
PATIENCE_WITH_NO_CONTACT = 5.0
NO_LIMIT = 0  # as the number of retries in `Retrying`
_BASE, _LONGEST_BACKOFF, _LONGEST_BACKOFF_AT_LIMIT = 0.5, 8.0, 60.0
_LONGEST_JITTER = 10.0
_ANNOUNCED_EVERY = 60.0


class RetryingModel:
    """Model to Model: the same request again after each retryable failure, announced by `Retrying` before the wait.

    A wait is never shorter than the server's Retry-After; one above `longest_retry_after` seconds is not waited for.
    Gives up after `max_retries`, or `PATIENCE` seconds of failures in a row (a few seconds while the server was
    never reached at all: then the address or the network is wrong). Cancelling ends a wait at once.
    With `waits_at_limits` a rate limit is waited out however long it takes, announced once a minute with what is left.
    """

    def __init__(
        self,
        model: Model,
        *,
        max_retries: int = 10,
        longest_retry_after: float = LONGEST_RETRY_AFTER,
        waits_at_limits: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._model = model
        self._max_retries = max(0, min(max_retries, MAX_RETRIES))
        self._longest_retry_after = longest_retry_after
        self._waits_at_limits = waits_at_limits
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._reached = False

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        retries = waits = 0
        started = self._clock()
        failing_since: float | None = None
        while True:
            attempt = self._model.stream(request)
            try:
                async for event in attempt:
                    self._reached = True
                    yield event
                    if isinstance(event, Completed):
                        return
                    if isinstance(event, TextPart | ThinkingPart | BlockFinished):
                        failing_since = None
                failure = ModelError("The model's reply ended before it was complete.", "cut", retryable=True)
            except ModelError as error:
                failure = error
            finally:
                if isinstance(attempt, AsyncGenerator):
                    await attempt.aclose()
            self._reached = self._reached or failure.status is not None
            now = self._clock()
            if self._waits_at_limits and _is_limit(failure):
                waits, failing_since = waits + 1, None
                async for notice in self._wait(failure, waits):
                    yield notice
                continue
            failing_since = now if failing_since is None else failing_since
            delay = self._delay(failure, retries)
            if self._is_hopeless(failure, retries) or self._is_over(failure, now + delay, started, failing_since):
                raise _final(failure, retries, now - failing_since) from failure.__cause__
            retries += 1
            yield Retrying(
                retries, self._max_retries, delay, failure.kind, failure.status, str(failure), failure.retry_after
            )
            await self._sleep(delay)

    async def _wait(self, failure: ModelError, waits: int) -> AsyncIterator[Retrying]:
        """Waits a rate limit out."""
        left = self._delay(failure, waits, _LONGEST_BACKOFF_AT_LIMIT)
        while left > 0:
            yield Retrying(waits, NO_LIMIT, left, failure.kind, failure.status, str(failure), failure.retry_after)
            step = min(left, _ANNOUNCED_EVERY)
            await self._sleep(step)
            left -= step

    async def aclose(self) -> None:
        await self._model.aclose()

    def _delay(self, failure: ModelError, retries: int, longest: float = _LONGEST_BACKOFF) -> float:
        """What the server asks for and up to a tenth more; without a wish, exponential backoff with full jitter."""
        if failure.retry_after:
            return failure.retry_after + min(0.1 * failure.retry_after, _LONGEST_JITTER) * self._jitter()
        return min(longest, _BASE * 2.0**retries) * self._jitter()

    def _is_hopeless(self, failure: ModelError, retries: int) -> bool:
        asked = failure.retry_after or 0.0
        return not failure.retryable or retries >= self._max_retries or asked > self._longest_retry_after

    def _is_over(self, failure: ModelError, then: float, started: float, failing_since: float) -> bool:
        """Whether the next attempt, at `then`, would come later than patience lasts."""
        if failure.kind == "connection" and not self._reached:
            return then - started > PATIENCE_WITH_NO_CONTACT
        return then - failing_since > PATIENCE


def _is_limit(failure: ModelError) -> bool:
    """A rate limit that passes: the server says when, or at least not that trying again is in vain."""
    return failure.kind == "rate_limit" and (failure.retryable or failure.retry_after is not None)


def _final(failure: ModelError, retries: int, waited: float) -> ModelError:
    """The failure to report, with what was tried. Still retryable, so that the run can be taken up later."""
    words = [str(failure)]
    if failure.retryable and failure.retry_after is not None and failure.retry_after > 1:
        words.append(f"The server asks to wait {span(failure.retry_after)}.")
    if retries and failure.retryable:
        words.append(f"Gave up after {retries} {'retry' if retries == 1 else 'retries'} in {span(waited)}.")
    return ModelError(
        " ".join(words),
        failure.kind,
        retryable=failure.retryable,
        retry_after=failure.retry_after,
        status=failure.status,
        request_id=failure.request_id,
        sent=failure.sent,
    )
