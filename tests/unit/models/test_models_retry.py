from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from coder.core.errors import ErrorKind, ModelError
from coder.core.messages import Message, Text
from coder.core.model import Completed, ModelEvent, ModelRequest, Retrying, TextPart
from coder.models.retry import RetryingModel
from coder.models.scripted import Reply, ScriptedModel, reply

REQUEST = ModelRequest("m", (Message("user", (Text("hi"),)),))


class Time:
    """A clock that only moves when somebody sleeps on it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


class SlowFailing:
    """A model that takes `seconds` to fail, each time."""

    def __init__(self, time: Time, seconds: float, error: ModelError) -> None:
        self.time, self.seconds, self.error, self.calls = time, seconds, error, 0

    async def stream(self, request: ModelRequest):  # type: ignore[no-untyped-def]
        self.calls += 1
        self.time.now += self.seconds
        if self.calls < 0:
            yield
        raise self.error

    async def aclose(self) -> None:
        pass


def failing(kind: ErrorKind = "overloaded", status: int | None = 529, retry_after: float | None = None) -> ModelError:
    return ModelError("Not now.", kind, retryable=True, status=status, retry_after=retry_after, request_id="r")


async def run(
    replies: Sequence[Reply], jitter: float = 1.0, max_retries: int = 10
) -> tuple[list[ModelEvent], Time, ScriptedModel]:
    time, inner = Time(), ScriptedModel(replies)
    model = RetryingModel(inner, max_retries=max_retries, clock=time, sleep=time.sleep, jitter=lambda: jitter)
    return [event async for event in model.stream(REQUEST)], time, inner


async def fail(replies: Sequence[Reply], max_retries: int = 10) -> tuple[ModelError, list[float], int]:
    time, inner = Time(), ScriptedModel(replies)
    model = RetryingModel(inner, max_retries=max_retries, clock=time, sleep=time.sleep, jitter=lambda: 1.0)
    with pytest.raises(ModelError) as caught:
        async for _ in model.stream(REQUEST):
            pass
    return caught.value, time.sleeps, len(inner.requests)


@pytest.mark.behaviour("B-114")
async def test_waits_grow_and_each_is_announced_before_it_starts() -> None:
    events, time, inner = await run([failing()] * 6 + [reply("ok")])
    announced = [event for event in events if isinstance(event, Retrying)]
    assert [event.delay for event in announced] == time.sleeps == [0.5, 1, 2, 4, 8, 8]
    assert [event.attempt for event in announced] == [1, 2, 3, 4, 5, 6]
    assert announced[0] == Retrying(1, 10, 0.5, "overloaded", 529, "Not now.")
    assert isinstance(events[-1], Completed)
    assert all(request is REQUEST for request in inner.requests)


async def test_jitter_spreads_the_whole_wait() -> None:
    _, time, _ = await run([failing()] * 2 + [reply("ok")], jitter=0.1)
    assert time.sleeps == pytest.approx([0.05, 0.1])


@pytest.mark.behaviour("B-118")
@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
async def test_the_wait_is_never_shorter_than_retry_after(jitter: float) -> None:
    _, time, _ = await run([failing("rate_limit", 429, 2.0)] * 3 + [reply("ok")], jitter=jitter)
    assert all(2.0 <= seconds <= 2.4 for seconds in time.sleeps) and len(time.sleeps) == 3


@pytest.mark.behaviour("B-118")
@pytest.mark.parametrize(("seconds", "words"), [(61.0, "1 min 1 s"), (3600.0, "1 h")])
async def test_a_retry_after_above_the_cap_is_reported_instead_of_waited_for(seconds: float, words: str) -> None:
    error, sleeps, requests = await fail([failing("rate_limit", 429, seconds)])
    assert (error.kind, error.retry_after, error.status, error.request_id) == ("rate_limit", seconds, 429, "r")
    assert (sleeps, requests) == ([], 1)
    assert f"wait {words}." in str(error)


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_it_gives_up_after_max_retries_and_says_so(retries: int) -> None:
    error, sleeps, requests = await fail([failing()] * 9, max_retries=retries)
    assert (len(sleeps), requests) == (retries, retries + 1)
    assert ("Gave up" in str(error)) == (retries > 0)
    assert error.kind == "overloaded"


async def test_no_setting_allows_more_than_fifteen_retries() -> None:
    _, _, requests = await fail([failing("server", 500, 0.001)] * 99, max_retries=99)
    assert requests == 16


@pytest.mark.behaviour("B-119")
async def test_overload_is_waited_for_about_three_minutes_at_most() -> None:
    error, sleeps, _ = await fail([failing("rate_limit", 429, 50.0)] * 99)
    assert 100 <= sum(sleeps) <= 180
    assert "Gave up" in str(error)


@pytest.mark.behaviour("B-119")
async def test_a_server_never_reached_is_given_up_within_seconds() -> None:
    _, sleeps, _ = await fail([failing("connection", None)] * 99)
    assert sum(sleeps) <= 5


@pytest.mark.parametrize("contact", [[TextPart("a"), failing("cut", None)], failing("overloaded", 529)])
async def test_a_connection_lost_after_contact_is_waited_for_longer(contact: Reply) -> None:
    lost = failing("connection", None)
    replies: list[Reply] = [contact, *[lost] * 8, reply("ok")]
    _, time, _ = await run(replies)
    assert sum(time.sleeps) > 20


async def test_slow_failures_are_tried_again_too() -> None:
    time = Time()
    model = SlowFailing(time, 170.0, failing("timeout", None))
    with pytest.raises(ModelError):
        async for _ in RetryingModel(model, clock=time, sleep=time.sleep, jitter=lambda: 1.0).stream(REQUEST):
            pass
    assert model.calls == 3


async def test_progress_renews_patience_but_not_the_number_of_retries() -> None:
    broken: Reply = [TextPart("a"), failing("cut", None, 50.0)]
    _, sleeps, requests = await fail([broken] * 99, max_retries=7)
    assert requests == 8 and sum(sleeps) > 300


async def test_what_cannot_get_better_is_not_tried_again() -> None:
    error, sleeps, requests = await fail([ModelError("Bad key.", "auth", status=401)])
    assert (str(error), sleeps, requests) == ("Bad key.", [], 1)


async def test_a_stream_that_just_stops_counts_as_cut() -> None:
    events, _, inner = await run([[TextPart("a")], reply("ok")])
    assert isinstance(events[-1], Completed) and len(inner.requests) == 2


async def test_nothing_follows_a_completed_reply() -> None:
    done = Completed(reply("ok"), "end_turn", reply("ok").meta.usage)
    events, _, inner = await run([[done, failing()], reply("again")])
    assert events == [done] and len(inner.requests) == 1


@pytest.mark.behaviour("B-113")
async def test_a_wait_can_be_cancelled_at_once() -> None:
    waiting = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    inner = ScriptedModel([failing("rate_limit", 429, 30.0)])
    model = RetryingModel(inner, sleep=sleep)

    async def listen() -> None:
        async for _ in model.stream(REQUEST):
            pass

    task = asyncio.create_task(listen())
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(inner.requests) == 1


async def wait_out(replies: Sequence[Reply], max_retries: int = 2) -> tuple[list[Retrying], Time, int]:
    time, inner = Time(), ScriptedModel(replies)
    model = RetryingModel(
        inner, max_retries=max_retries, waits_at_limits=True, clock=time, sleep=time.sleep, jitter=lambda: 1.0
    )
    events = [event async for event in model.stream(REQUEST)]
    assert isinstance(events[-1], Completed)
    return [event for event in events if isinstance(event, Retrying)], time, len(inner.requests)


@pytest.mark.behaviour("B-540")
async def test_a_rate_limit_is_waited_out_however_long_and_announced_each_minute() -> None:
    announced, time, requests = await wait_out([failing("rate_limit", 429, 3600.0), reply("ok")])
    assert (sum(time.sleeps), requests) == (3610.0, 2)
    assert [event.delay for event in announced] == [3610.0 - 60 * n for n in range(61)]
    assert {(event.attempt, event.max_retries) for event in announced} == {(1, 0)}


@pytest.mark.behaviour("B-540")
async def test_waits_at_a_limit_use_up_neither_retries_nor_patience() -> None:
    limited = [failing("rate_limit", 429, 100.0)] * 9
    announced, _, requests = await wait_out([failing(), *limited, failing(), reply("ok")])
    assert requests == 12 and announced[-1].attempt == 2


async def test_a_limit_that_names_no_time_is_asked_about_again_at_most_a_minute_later() -> None:
    _, time, _ = await wait_out([failing("rate_limit", 429)] * 12 + [reply("ok")])
    assert time.sleeps[-3:] == [60, 60, 60]


async def test_a_limit_is_waited_out_even_where_trying_again_soon_is_said_to_be_in_vain() -> None:
    limit = ModelError("Weekly limit.", "rate_limit", retryable=False, retry_after=30.0, status=429)
    assert (await wait_out([limit, reply("ok")]))[2] == 2


async def test_other_failures_are_not_waited_out() -> None:
    time, inner = Time(), ScriptedModel([failing("overloaded", 529, 3600.0)])
    model = RetryingModel(inner, waits_at_limits=True, clock=time, sleep=time.sleep)
    with pytest.raises(ModelError):
        async for _ in model.stream(REQUEST):
            pass
    assert time.sleeps == []
