"""A long mixed session, seeded: reads, searches, test runs and edits of the sizes they have in real work, and 12 calls
side by side in 1 of 8 requests. Plays on the fake API; the tools answer without touching anything."""

from __future__ import annotations

import math
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from coder.agent.history import History
from coder.agent.policies import TurnPolicy
from coder.agent.room import Renewal, Room
from coder.core.config import ModelConfig
from coder.core.events import AnyEvent
from coder.core.messages import Json, Message, Meta, Text, ToolUse
from coder.core.model import ModelRequest, ToolSpec
from coder.core.tools import Tool
from coder.models.connecting import connect
from tests.support.agents import Engine
from tests.support.engine import FakeTool, Recorder
from tests.support.fakeapi import KEY, RunningApi, running_api, tool_input, turn

RUNS, REQUESTS = 5, 50
# name: how often, median tokens of a result, spread (sigma of its logarithm)
KINDS = {"Read": (45, 2_200, 0.9), "Grep": (25, 600, 1.0), "Bash": (15, 900, 0.9), "Edit": (15, 200, 0.3)}
_MOST = 24_000  # tokens: what Read shows at most
_WORDS = ["def", "return", "self", "path", "config", "value", "error", "session", "token", "result", "match", "assert"]
READ, WRITE, OUTPUT = 0.1, 1.25, 5.0  # prices, in units of an uncached input token


CONTEXT = Message("user", (Text("Working folder: /project. " * 20),), Meta(kind="context"))


def mixed_script(seed: int, requests: int = REQUESTS, runs: int = RUNS) -> list[Json]:
    chance = random.Random(seed)
    wide = {index for index in range(requests) if index % 8 == 5}
    turns = []
    for index in range(requests):
        if index % (requests // runs) == requests // runs - 1:
            turns.append(turn(_text(chance, 250)))
            continue
        count = 12 if index in wide else chance.randint(1, 4)
        calls = [tool_input(*_call(chance, index, number)) for number in range(count)]
        turns.append(turn(_text(chance, chance.randint(20, 90)), *calls))
    return turns


def _call(chance: random.Random, index: int, number: int) -> tuple[str, Json]:
    name = chance.choices(list(KINDS), [weight for weight, _, _ in KINDS.values()])[0]
    _, median, spread = KINDS[name]
    size = min(_MOST, int(median * math.exp(chance.gauss(0, spread))))
    path = f"/project/src/module_{index}_{number}.py"
    about = {"Bash": {"command": f"pytest {path}"}, "Grep": {"pattern": f"name_{index}_{number}"}}
    more = {"old_string": _text(chance, 60), "new_string": _text(chance, 80)} if name == "Edit" else {}
    return name, {**about.get(name, {"file_path": path}), **more, "tokens": size}


def _text(chance: random.Random, tokens: int) -> str:
    words = chance.choices(_WORDS, k=max(1, int(tokens * 3.5 / 6)))
    return " ".join(words)


def _output(raw: Json) -> str:
    chance = random.Random(str(sorted(raw.items())))
    text = _text(chance, int(raw["tokens"]))
    return "\n".join(text[at : at + 70] for at in range(0, len(text), 70))


def renewal(call: ToolUse) -> Renewal:
    return {"Edit": "never", "Bash": "file"}.get(call.name, "again")  # type: ignore[return-value]  # one of Renewal


def tools() -> list[FakeTool]:
    return [FakeTool(name, _output, pauses=0) for name in KINDS]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one session: tokens by price, and the largest prompt."""

    read: int
    written: int
    fresh: int
    output: int
    peak: int

    @property
    def hit_rate(self) -> float:
        return self.read / (self.read + self.written + self.fresh)

    @property
    def cost(self) -> float:
        return self.read * READ + self.written * WRITE + self.fresh + self.output * OUTPUT

    @property
    def uncached_cost(self) -> float:
        return self.read + self.written + self.fresh + self.output * OUTPUT


def figures_of(usages: Sequence[Json]) -> Figures:
    def total(name: str) -> int:
        return sum(int(usage[name]) for usage in usages)

    names = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    peak = max(sum(int(usage[name]) for name in names) for usage in usages)
    return Figures(total(names[2]), total(names[1]), total(names[0]), total("output_tokens"), peak)


def template() -> ModelRequest:
    """About the size of the real first request."""
    chance = random.Random(1)
    specs = tuple(ToolSpec(name, _text(chance, 500), {"type": "object"}) for name in KINDS)
    return ModelRequest("claude-test", (), (_text(chance, 3_000),), specs, mark_system=True)


async def play(seed: int, room: Room, requests: int = REQUESTS, runs: int = RUNS) -> tuple[Figures, list[AnyEvent]]:
    """The whole session on a fake API of its own. Continuity is checked."""
    recorder = Recorder()
    async with (
        running_api(mixed_script(seed, requests, runs), cache_min_tokens=1024) as api,
        engine_on(api, room, recorder) as engine,
    ):
        for number in range(runs):
            ended = await engine.agent.run(Message("user", (Text(f"Do step {number}."),), Meta(kind="prompt")))
            assert ended.reason == "done", ended.error
    return figures_of([e.usage for e in api.exchanges if e.usage]), recorder.events


@asynccontextmanager
async def engine_on(
    api: RunningApi,
    room: Room,
    recorder: Recorder,
    fakes: Sequence[Tool] = (),
    history: History | None = None,
    model: str = "claude-test",
    policies: Sequence[TurnPolicy] = (),
) -> AsyncIterator[Engine]:
    """An agent that talks to the fake API over HTTP."""
    connected = connect(ModelConfig(model, api.url, api_key=KEY, key_source="test", max_retries=0))
    try:
        yield Engine(
            connected,
            fakes or tools(),
            recorder=recorder,
            mode="bypassPermissions",
            policies=policies,
            context=CONTEXT,
            template=replace(template(), model=model),
            room=room,
            history=history,
        )
    finally:
        await connected.aclose()
