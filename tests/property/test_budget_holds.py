"""No budget is ever passed: what the fake server billed, by its own usage and the price table, stays within it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from coder.agent.room import Batch, Keep, Room
from coder.core.config import ModelConfig
from coder.core.errors import ModelError
from coder.core.messages import Message, Text, usage_from_api
from coder.core.model import Completed, ModelRequest
from coder.core.tools import ToolContext, ToolOutput
from coder.models import catalog
from coder.models.budget import Budget
from coder.models.connecting import connect, transport
from coder.models.metered import Attempt, MeteredModel
from coder.models.retry import RetryingModel
from coder.replay.faults import CutStream, ErrorEvent, Fault, NoMessageStop, Status
from coder.replay.player import Call, Played
from coder.replay.script import Turn, perform
from coder.replay.server import Exchange
from tests.support.agents import Engine, prompt
from tests.support.engine import AnyParams, FakeTool, Recorder
from tests.support.fakeapi import KEY, fault, rule, running_api, tool_input, turn
from tests.support.mixed import template
from tests.support.pictures import png

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}
MODELS = ("claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-4-1")


class Spendthrift:
    """Replies of random length, often as long as the request allows, and fails in every way that may be billed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def play(self, call: Call) -> Played:
        most = call.request["max_tokens"]
        output = most if self._chance.random() < 0.4 else self._chance.randint(1, most)
        text = {"type": "text", "text": "word " * self._chance.randint(1, 300)}
        return perform(Turn((text,), usage={"output_tokens": output}), self._fault(), call)

    def _fault(self) -> Fault | None:
        faults: tuple[Fault | None, ...] = (
            Status(status=429, retry_after=0.001),
            Status(status=529, retry_after=0.001),
            ErrorEvent(after=3),
            CutStream(after=self._chance.randint(0, 6)),
            CutStream(before_headers=True),
            NoMessageStop(),
        )
        return self._chance.choice(faults) if self._chance.random() < 0.3 else None

    def is_known_thinking(self, thinking: str, signature: str) -> bool:
        return True

    def unfinished(self) -> str:
        return ""


async def at_once(seconds: float) -> None:
    pass


async def spend(seed: int) -> tuple[float, int, float, int, int]:
    """What was billed in dollars and tokens, the limits, and how many requests were answered."""
    chance = random.Random(seed)
    dollars, tokens = chance.choice((0.02, 0.1, 0.5, 2.0)), chance.choice((3_000, 20_000, 200_000))
    model = chance.choice(MODELS)
    budget = Budget(dollars, tokens, catalog.price, catalog.dearest)
    told: list[Attempt] = []
    async with running_api(Spendthrift(chance)) as api:
        server = transport(ModelConfig(model, api.url, api_key=KEY))
        metered = MeteredModel(server, told.append, budget=budget, counter=server)
        chain = RetryingModel(metered, max_retries=3, sleep=at_once)
        messages: tuple[Message, ...] = ()
        for _ in range(25):
            messages = (*messages, Message("user", (Text("please " * chance.randint(1, 2_000)),)))
            marks = ((len(messages) - 1, 0),) if chance.random() < 0.8 else ()
            most = chance.choice((500, 4_000, 32_000))
            request = ModelRequest(model, messages, ("Be good.",), max_tokens=most, marks=marks)
            try:
                async for event in chain.stream(request):
                    if isinstance(event, Completed):
                        messages = (*messages, event.message)
            except ModelError as error:
                messages = messages[:-1]
                if error.kind in ("budget", "token_budget"):
                    break
        await chain.aclose()
        billed = [usage_from_api(each.usage) for each in api.exchanges if _may_be_billed(each)]
    assert sum(attempt.status == "billed" for attempt in told) <= len(billed)
    spent = sum(catalog.price(model, usage) or 0.0 for usage in billed)
    used = sum(usage.prompt_tokens + usage.output_tokens for usage in billed)
    return spent, used, dollars, tokens, len(billed)


def _may_be_billed(exchange: Exchange) -> bool:
    """Whatever was worked on, whether or not its reply came through."""
    return exchange.usage is not None and exchange.path.endswith("/messages")


async def sweep(seeds: range) -> None:
    answered = 0
    closest = 0.0
    for seed in seeds:
        spent, used, dollars, tokens, billed = await spend(seed)
        assert spent <= dollars * (1 + 1e-9), f"seed {seed}: ${spent} of ${dollars}"
        assert used <= tokens, f"seed {seed}: {used} of {tokens} tokens"
        answered += billed
        closest = max(closest, spent / dollars, used / tokens)
    assert answered > len(seeds) and closest > 0.8  # or nothing was tried


@pytest.mark.behaviour("B-534")
@pytest.mark.behaviour("B-535")
async def test_no_budget_is_ever_passed() -> None:
    await sweep(range(40))


@pytest.mark.behaviour("B-534")
@pytest.mark.parametrize("dollars", [0.005, 0.011, 0.03, 0.1, 1.0])
async def test_a_budget_holds_through_compactions_repairs_and_retries(tmp_path: Path, dollars: float) -> None:
    recorder = Recorder()
    model = "claude-haiku-5-5"
    budget = Budget(dollars, None, catalog.price, catalog.dearest)
    room = Room(window=30_000, max_output=2_000, folder=tmp_path, keep=Keep(1, 4_000), clearing=Batch(above=10**9))
    again = fault("status", 529, retry_after=0.01)
    refused = fault("status", 400, message="Could not process image")
    call = tool_input("Look", {})
    breaks = (None, again, fault("cut", after=2))
    reads = [turn(call, **({"fault": broken} if (broken := breaks[n % 3]) else {})) for n in range(24)]
    summary = rule(SUMMARISES, "S " * 400, fault=again, usage={"output_tokens": 3_000})
    script = {"rules": [summary], "turns": [*reads[:4], turn(call, fault=refused), *reads[4:], turn("Done.")]}
    async with running_api(script) as api:
        server = connect(ModelConfig(model, api.url, api_key=KEY, key_source="test", max_retries=2), budget=budget)
        request = replace(template(), model=model)
        engine = Engine(
            server,
            [_Looks("Look")],
            recorder=recorder,
            mode="bypassPermissions",
            policies=(),
            template=request,
            room=room,
        )
        ended = await engine.agent.run(prompt("Look at it."))
        await server.aclose()
        billed = [usage_from_api(each.usage) for each in api.exchanges if _may_be_billed(each)]
    spent = sum(catalog.price(model, usage) or 0.0 for usage in billed)
    assert spent <= dollars * (1 + 1e-9)
    assert ended.error.endswith('"go on"' if dollars < 1 else "")
    assert ended.reason == ("budget" if dollars < 1 else "done"), ended.error
    if ended.reason == "done":
        assert api.context_edits.count("compaction") > 1 and "leave out what the API refused" in api.context_edits


class _Looks(FakeTool):
    async def run(self, params: AnyParams, context: ToolContext) -> ToolOutput:
        return ToolOutput((Text("a line of what is there\n" * 350), png(20, 20)))


@pytest.mark.soak
async def test_no_budget_is_ever_passed_in_many_runs() -> None:
    await sweep(range(1_000, 2_500))
