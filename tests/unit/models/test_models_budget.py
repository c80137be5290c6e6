from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from coder.core.errors import ModelError
from coder.core.messages import Message, Text, Usage
from coder.core.model import Completed, ModelEvent, ModelRequest, TextPart
from coder.core.prints import PromptPrint
from coder.models.budget import Budget
from coder.models.metered import Attempt, MeteredModel
from coder.models.prints import Fingerprints
from coder.models.scripted import Reply, ScriptedModel, reply

PROMPT = ModelRequest("m", (Message("user", (Text("x" * 3_000),)),), max_tokens=8_000)
IN, OUT = 1e-5, 1e-4  # dollars a token


def price(model: str, usage: Usage) -> float | None:
    return usage.prompt_tokens * IN + usage.output_tokens * OUT if model == "m" else None


def rates(model: str, prompt: int) -> tuple[float, float] | None:
    return (IN, OUT) if model == "m" else None


def budget(dollars: float | None = None, tokens: int | None = None) -> Budget:
    return Budget(dollars, tokens, price, rates)


def printed(request: ModelRequest) -> PromptPrint:
    return Fingerprints().take(request).print


def attempt_of(usage: Usage, status: str = "billed", request: ModelRequest = PROMPT) -> Attempt:
    return Attempt(request, "main", usage, status, "", 0.0, Fingerprints().take(request))  # type: ignore[arg-type]


class Counter(ScriptedModel):
    """Counts prompts as told."""

    def __init__(self, tokens: int | ModelError, replies: Sequence[Reply] = ()) -> None:
        super().__init__(replies)
        self.tokens, self.counted = tokens, 0

    async def count_tokens(self, request: ModelRequest) -> int:
        self.counted += 1
        if isinstance(self.tokens, ModelError):
            raise self.tokens
        return self.tokens


async def refusal(each: Budget, request: ModelRequest = PROMPT, counter: Counter | None = None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await each.reserve(request, printed(request), counter)
    return caught.value


@pytest.mark.behaviour("B-536")
async def test_a_reply_may_be_as_long_as_the_budget_still_pays() -> None:
    each = budget(dollars=0.5)
    hold = await each.reserve(PROMPT, printed(PROMPT), None)
    bound = 3_000 + 1_000 + 25  # its bytes, the JSON around them, and what the API adds
    assert bound - 30 < hold.prompt < bound + 30
    assert hold.max_tokens == int((0.5 - hold.prompt * IN) / OUT) < 8_000
    roomy = await budget(dollars=50).reserve(PROMPT, printed(PROMPT), None)
    assert roomy.max_tokens == 8_000


@pytest.mark.behaviour("B-536")
async def test_what_does_not_pay_for_a_thousand_tokens_is_refused_and_says_what_to_do() -> None:
    each = budget(dollars=0.2)
    hold = await each.reserve(PROMPT, printed(PROMPT), None)
    each.settle(hold, attempt_of(Usage(4_000, 700)))
    error = await refusal(each)
    assert (error.kind, error.retryable) == ("budget", False)
    assert "$0.11 of $0.20 used" in str(error) and "-c --max-budget-usd 0.2" in str(error)


@pytest.mark.behaviour("B-1754")
async def test_searches_of_the_provider_are_paid_for_at_their_worst_before_they_are_made() -> None:
    def dearer(model: str, usage: Usage) -> float | None:
        return (price(model, usage) or 0.0) + usage.web_search_requests * 0.01

    tool = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    request = replace(PROMPT, server_tools=(tool,), max_tokens=100)
    each = Budget(2.0, None, dearer, rates)
    plain = await budget(dollars=50).reserve(PROMPT, printed(PROMPT), None)
    hold = await each.reserve(request, printed(request), None)
    assert 0 <= hold.prompt - (4 * plain.prompt + 6 * 10_000) < 4 * 200  # what is read again after each search
    assert hold.dollars == pytest.approx(hold.prompt * IN + 100 * OUT + 0.03)
    each.settle(hold, attempt_of(Usage(4_000, 100, web_search_requests=3), request=request))
    small = Budget(0.75, None, dearer, rates)
    assert hold.dollars > 0.75 and (await refusal(small, request)).kind == "budget"
    counted = await Budget(0.75, None, dearer, rates).reserve(request, printed(request), Counter(50))
    assert counted.prompt == 4 * (50 + 1 + 100) + 60_000
    short = Budget(0.64, None, dearer, rates)  # enough for all but the searches themselves
    assert (await refusal(short, request, Counter(50))).kind == "budget"


async def test_a_short_reply_is_paid_for_where_a_long_one_is_not() -> None:
    title = ModelRequest("m", PROMPT.messages, max_tokens=50, purpose="title")
    assert (await refusal(budget(dollars=0.1))).kind == "budget"
    assert (await budget(dollars=0.1).reserve(title, printed(title), None)).max_tokens == 50


@pytest.mark.behaviour("B-535")
async def test_tokens_of_prompt_and_reply_count_together() -> None:
    each = budget(tokens=10_000)
    hold = await each.reserve(PROMPT, printed(PROMPT), None)
    assert hold.prompt + hold.max_tokens == 10_000
    each.settle(hold, attempt_of(Usage(1_000, 2_000, 3_000, 2_500)))
    error = await refusal(each)
    assert error.kind == "token_budget" and "8,500 of 10,000 tokens used" in str(error)
    assert "--max-tokens" in str(error)


async def test_the_tighter_of_two_limits_holds() -> None:
    hold = await budget(dollars=1.0, tokens=6_000).reserve(PROMPT, printed(PROMPT), None)
    assert hold.prompt + hold.max_tokens == 6_000
    assert (await refusal(budget(dollars=0.001, tokens=10**9))).kind == "budget"


@pytest.mark.behaviour("B-2854")
async def test_a_limit_below_a_hundredth_of_a_cent_is_not_called_nothing() -> None:
    assert "$0.00 of <$0.0001 used" in str(await refusal(budget(dollars=0.00001)))


async def test_what_was_counted_before_is_known_of_the_same_beginning() -> None:
    each = budget(tokens=100_000)
    hold = await each.reserve(PROMPT, printed(PROMPT), None)
    each.settle(hold, attempt_of(Usage(900, 10)))
    longer = ModelRequest("m", (*PROMPT.messages, reply("y" * 50), PROMPT.messages[0]), max_tokens=8_000)
    known = await each.reserve(longer, printed(longer), None)
    assert 900 + 3_050 < known.prompt < 900 + 3_050 + 250
    each.settle(known, None)
    other = ModelRequest("m2", longer.messages, max_tokens=8_000)
    assert (await each.reserve(other, printed(other), None)).prompt > 7_000


@pytest.mark.behaviour("B-536")
async def test_the_api_is_asked_to_count_only_when_the_bytes_alone_are_too_many() -> None:
    counter = Counter(700)
    roomy = await budget(tokens=20_000).reserve(PROMPT, printed(PROMPT), counter)
    assert (counter.counted, roomy.max_tokens) == (0, 8_000)
    hold = await budget(tokens=2_000).reserve(PROMPT, printed(PROMPT), counter)
    assert (counter.counted, hold.prompt, hold.max_tokens) == (1, 700 + 14 + 100, 2_000 - 814)
    error = await refusal(budget(tokens=2_000), counter=Counter(ModelError("no such place", "not_found")))
    assert error.kind == "token_budget"


@pytest.mark.behaviour("B-538")
async def test_a_request_waits_for_others_that_hold_what_it_needs() -> None:
    each = budget(tokens=10_000)
    first = await each.reserve(PROMPT, printed(PROMPT), None)
    second = asyncio.create_task(each.reserve(PROMPT, printed(PROMPT), None))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not second.done()
    each.settle(first, attempt_of(Usage(500, 100)))
    assert (await second).max_tokens > 1_000
    third = asyncio.create_task(refusal(each))
    await asyncio.sleep(0)
    each.settle(await second, attempt_of(Usage(4_000, 5_000)))
    assert (await third).kind == "token_budget"


@pytest.mark.behaviour("B-534")
async def test_what_broke_off_stays_paid_for_at_its_worst_and_is_named() -> None:
    each = budget(dollars=0.5)
    hold = await each.reserve(PROMPT, printed(PROMPT), None)
    each.settle(hold, attempt_of(Usage(1_000, 5), "estimated"))
    error = await refusal(each)
    assert "$0.01 of $0.50 used (and up to $0.49 for what broke off)" in str(error).replace("$0.0105", "$0.01")


async def test_what_was_not_billed_costs_nothing() -> None:
    each = budget(dollars=0.5)
    for _ in range(5):
        each.settle(await each.reserve(PROMPT, printed(PROMPT), None), None)
    assert (await each.reserve(PROMPT, printed(PROMPT), None)).max_tokens > 4_000


@pytest.mark.behaviour("B-537")
async def test_a_model_without_a_price_is_refused_only_where_money_is_limited() -> None:
    local = ModelRequest("local", PROMPT.messages)
    assert "price of local is not known" in str(await refusal(budget(dollars=5.0), local))
    assert (await budget(tokens=50_000).reserve(local, printed(local), None)).max_tokens


async def run(model: MeteredModel) -> list[ModelEvent]:
    return [event async for event in model.stream(PROMPT)]


async def test_every_attempt_is_reserved_sent_with_what_is_left_and_settled() -> None:
    inner = ScriptedModel([reply("a", usage=Usage(1_000, 2_000)), [TextPart("b"), ModelError("cut", "cut", sent=True)]])
    told: list[Attempt] = []
    model = MeteredModel(inner, told.append, budget=budget(tokens=10_000))
    assert isinstance((await run(model))[-1], Completed)
    for _ in range(2):
        with pytest.raises(ModelError):
            await run(model)
    assert [request.max_tokens for request in inner.requests] == [10_000 - 4_025, 7_000 - 1_100]
    assert [attempt.status for attempt in told] == ["billed", "estimated"]


async def test_a_request_that_is_cancelled_gives_its_hold_back() -> None:
    class Silent:
        async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
            await asyncio.Event().wait()
            yield TextPart("never")

        async def aclose(self) -> None:
            pass

    told: list[Attempt] = []
    each = budget(tokens=10_000)
    task = asyncio.create_task(run(MeteredModel(Silent(), told.append, budget=each)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [attempt.status for attempt in told] == ["unknown"]
    assert "0 of 10,000 tokens used (and up to" not in str(await refusal(each))
