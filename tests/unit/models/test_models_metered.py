from __future__ import annotations

import pytest

from coder.core.errors import ModelError
from coder.core.messages import Json, Message, Text, Usage
from coder.core.model import Accepted, BlockFinished, Completed, ModelEvent, ModelRequest, Streamed, TextPart
from coder.models.metered import Attempt, MeteredModel
from coder.models.scripted import Reply, ScriptedModel, reply

REQUEST = ModelRequest("m", (Message("user", (Text("hi" * 350),)),), purpose="title")
CUT = ModelError("It broke off.", "cut", retryable=True)


def started(**usage: object) -> Streamed:
    return Streamed({"type": "message_start", "message": {"usage": usage}})


def ended(**usage: object) -> Streamed:
    return Streamed({"type": "message_delta", "usage": usage})


def delta(text: str, kind: str = "text") -> Streamed:
    return Streamed({"type": "content_block_delta", "delta": {kind: text}})


async def told(play: Reply) -> Attempt | None:
    found: list[Attempt] = []
    model = MeteredModel(ScriptedModel([play]), found.append, agent="main/explore")
    try:
        async for _ in model.stream(REQUEST):
            pass
    except ModelError:
        pass
    assert len(found) < 2
    return found[0] if found else None


@pytest.mark.behaviour("B-530")
async def test_a_whole_reply_is_billed_as_the_api_says() -> None:
    usage = Usage(7, 3, 20, 100, 15, 5)
    events: list[ModelEvent | ModelError] = [Accepted("req_1"), Completed(reply("ok", usage=usage), "end_turn", usage)]
    attempt = await told(events)
    assert attempt is not None
    assert (attempt.usage, attempt.status, attempt.request_id) == (usage, "billed", "req_1")
    assert (attempt.agent, attempt.request.purpose) == ("main/explore", "title")


CUTS: dict[str, tuple[list[ModelEvent | ModelError], Usage]] = {
    "before its first event": ([Accepted("r"), CUT], Usage(input_tokens=208)),
    "after its start": ([Accepted("r"), started(input_tokens=50, output_tokens=1), CUT], Usage(50, 1)),
    "in a text": ([started(input_tokens=50, output_tokens=1), delta("x" * 70), CUT], Usage(50, 20)),
    "in a call": ([started(cache_read_input_tokens=9), delta("{" * 35, "partial_json"), CUT], Usage(0, 10, 0, 9)),
    "after its last count": (
        [started(input_tokens=50), delta("xy"), ended(output_tokens=400), CUT],
        Usage(50, 400),
    ),
    "of a server that streams no raw events": (
        [TextPart("x"), BlockFinished(Text("x" * 35)), ModelError("cut", "cut", sent=True)],
        Usage(208, 10),
    ),
}


@pytest.mark.behaviour("B-531")
@pytest.mark.parametrize("name", CUTS)
async def test_a_reply_that_breaks_off_counts_its_last_event_or_an_estimate(name: str) -> None:
    events, usage = CUTS[name]
    attempt = await told(events)
    assert attempt is not None
    assert attempt.usage == usage
    assert attempt.status == "estimated"


@pytest.mark.behaviour("B-531")
@pytest.mark.parametrize("usage", [{}, {"input_tokens": -5, "output_tokens": "many"}, {"input_tokens": float("nan")}])
async def test_a_whole_reply_that_says_nothing_of_its_usage_is_estimated(usage: Json) -> None:
    message = reply("x" * 700, usage=Usage())
    events: list[ModelEvent | ModelError] = [
        started(**usage), delta("x" * 700), Completed(message, "end_turn", Usage()),
    ]  # fmt: skip
    attempt = await told(events)
    assert attempt is not None
    assert (attempt.usage, attempt.status) == (Usage(208, 200), "estimated")


REFUSED = {
    "a refusal": ModelError("Rate limit.", "rate_limit", status=429, retryable=True),
    "no connection": ModelError("refused", "connection", retryable=True),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_was_refused_or_never_arrived_is_not_told(name: str) -> None:
    assert await told(REFUSED[name]) is None


async def test_what_got_no_answer_may_have_been_billed() -> None:
    attempt = await told(ModelError("nothing came", "timeout", retryable=True, sent=True))
    assert attempt is not None
    assert (attempt.status, attempt.usage) == ("unknown", Usage(input_tokens=208))


async def test_it_is_told_before_the_reply_is_passed_on() -> None:
    found: list[Attempt] = []
    async for event in MeteredModel(ScriptedModel([reply("a")]), found.append).stream(REQUEST):
        assert isinstance(event, Completed) == bool(found)
    assert len(found) == 1


async def test_requests_are_compared_with_the_last_one_that_was_not_refused() -> None:
    found: list[Attempt] = []
    inner = ScriptedModel([reply("a"), REFUSED["a refusal"], reply("b")])
    model = MeteredModel(inner, found.append)
    first = ModelRequest("m", (Message("user", (Text("one"),)),))
    second = ModelRequest("m", (*first.messages, reply("a"), Message("user", (Text("two"),))))
    for request in (first, second, second):
        try:
            async for _ in model.stream(request):
                pass
        except ModelError:
            pass
    assert [attempt.taken.shared for attempt in found] == [0, 1]
    assert len(found[1].taken.print.pieces) == 3


async def test_the_prompt_of_a_reply_that_never_began_is_guessed_from_the_request_before() -> None:
    found: list[Attempt] = []
    usage = Usage(4, 20, 100, 900, 100)
    model = MeteredModel(ScriptedModel([reply("ok", usage=usage), [Accepted("r"), CUT]]), found.append)
    first = ModelRequest("m", (Message("user", (Text("one"),)),), mark_system=True)
    second = ModelRequest("m", (*first.messages, reply("ok"), Message("user", (Text("x" * 673),))), mark_system=True)
    for request in (first, second):
        try:
            async for _ in model.stream(request):
                pass
        except ModelError:
            pass
    new = 4 + 208  # what was not cached before, and 728 bytes
    assert (found[1].usage, found[1].status) == (Usage(0, 0, new, 1000, new), "estimated")
