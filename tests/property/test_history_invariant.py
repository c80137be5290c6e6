"""R16: whatever happens, the history is one that the API accepts after every commit."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coder.agent.history import History
from coder.agent.loop import Agent
from coder.agent.room import Batch, Keep, Room
from coder.core.edits import ContextEdit, applied
from coder.core.errors import ModelError, ToolError
from coder.core.messages import Block, Json, Message, Meta, Text, Thinking, ToolResult, ToolUse
from coder.core.requests import Allow, Deny
from tests.support.agents import Engine
from tests.support.engine import FakeTool, PlayedModel, Recorder, Reply

CASES = 4000 if os.environ.get("CODER_FUZZ") == "long" else 250


def valid(view: Sequence[Message]) -> None:
    """The API's own rules about the form of a conversation."""
    pending: list[str] = []
    for index, message in enumerate(view):
        assert message.role == ("user" if index % 2 == 0 else "assistant")
        assert message.content
        heads = [b.tool_use_id for b in message.content[: len(pending)] if isinstance(b, ToolResult)]
        assert heads == pending
        assert sum(isinstance(b, ToolResult) for b in message.content) == len(pending)
        for block in message.content:
            match block:
                case Text(text=text):
                    assert text.strip()
                    text.encode("utf-8")
                case ToolResult(content=content):
                    assert all(b.text.strip() for b in content if isinstance(b, Text))
                case Thinking(signature=signature):
                    assert signature
        pending = [call.id for call in message.tool_uses]
        assert len(set(pending)) == len(pending)


def sendable(messages: Sequence[Message]) -> None:
    valid(messages)
    assert not messages or messages[-1].role == "user" or not messages[-1].tool_uses


def crash(raw: Json) -> str:
    raise RuntimeError("a bug in the tool")


def refuse(raw: Json) -> str:
    raise ToolError("no such file")


TOOLS: dict[str, Callable[[], FakeTool]] = {
    "reads": lambda: FakeTool("reads", lambda raw: "", pauses=2),
    "writes": lambda: FakeTool("writes", lambda raw: "x\ud83d", command="rm -rf build", pauses=2),
    "lists": lambda: FakeTool("lists", command="ls", pauses=1),
    "crashes": lambda: FakeTool("crashes", crash),
    "refuses": lambda: FakeTool("refuses", refuse),
}

texts = st.sampled_from(["", " ", "fine", "half \ud83d", "a longer answer\nwith lines"])
names = st.sampled_from([*TOOLS, "unknown"])
calls = st.builds(
    lambda n, i, bad, err: ToolUse(i, n, {"invalid": True} if bad else {"k": "v\udc00"}, "bad json" if err else ""),
    names,
    st.sampled_from(["t1", "t2", "t3", ""]),
    st.booleans(),
    st.sampled_from([False, False, False, True]),
)
blocks = st.one_of(
    st.builds(Text, texts),
    st.builds(Thinking, texts, st.sampled_from(["", "sig"])),
    calls,
    calls,
)
errors = st.sampled_from([None, None, None, ModelError("overloaded", "overloaded", status=529)])
stops = st.sampled_from(["end_turn", "tool_use", "max_tokens", "pause_turn", "refusal", "new_reason"])
replies = st.lists(st.builds(Reply, st.lists(blocks, max_size=5).map(tuple), stops, errors), min_size=1, max_size=5)
answers = st.lists(
    st.sampled_from([Allow(), Deny("no"), Deny("stop", interrupt=True), Deny("x", nobody=True)]), min_size=1
)


TIGHT = Room(200, 20, keep=Keep(2, 60), clearing=Batch(40, 10, 40, 10, 1), renewal=lambda call: "again")


def build(
    played: Sequence[Reply], answered: Sequence[object], room: Room | None = None
) -> tuple[Agent, Callable[[], object]]:
    """Whatever is committed or edited is valid at once, and loading it again gives the same conversation."""
    stored: tuple[Message, ...] = ()

    def sink(entry: Message | ContextEdit) -> None:
        nonlocal stored
        stored = (*stored, entry) if isinstance(entry, Message) else applied(stored, entry)
        valid(History(messages=stored).view)

    tools = [make() for make in TOOLS.values()]
    history = History(sink, edit_sink=sink)
    engine = Engine(PlayedModel(played), tools, recorder=Recorder(*answered), history=history, room=room)
    return engine.agent, lambda: stored


async def one_session(
    played: Sequence[Reply], answered: Sequence[object], cuts: Sequence[int], room: Room | None = None
) -> None:
    agent, stored = build(played, answered, room)
    history = agent.history
    for number, cut in enumerate(cuts):
        prompt = Message("user", (Text(f"prompt {number}"),), Meta(kind="prompt"))
        run = asyncio.ensure_future(agent.run(prompt))
        for step in range(cut):
            if run.done():
                break
            if number % 2 and step in (1, 20):
                agent.steer(Message("user", (Text("and this" if step == 1 else "stop"),), Meta(kind="steer")))
                agent.tell(Message("user", (Text("this happened"),), Meta(kind="shell")))
            await asyncio.sleep(0)
        run.cancel()
        await asyncio.wait({run})
        if not run.cancelled():
            run.result()
        agent.tell(Message("user", (Text("that happened"),), Meta(kind="shell")))
        valid(history.view)
        assert not agent.inbox.drain()
        assert not any(call.id for call in history.pending)
        assert stored() == history.messages


@pytest.mark.behaviour("B-001")
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
@given(replies, answers, st.lists(st.integers(0, 90), min_size=1, max_size=5))
def test_history_stays_sendable_wherever_a_run_is_interrupted(
    played: list[Reply], answered: list[object], cuts: list[int]
) -> None:
    asyncio.run(one_session(played, answered, cuts))


@pytest.mark.behaviour("B-001")
@pytest.mark.behaviour("B-560")
@settings(max_examples=CASES // 3, deadline=None, suppress_health_check=list(HealthCheck))
@given(replies, answers, st.lists(st.integers(0, 200), min_size=1, max_size=5))
def test_history_stays_sendable_while_it_is_cleared_and_compacted(
    played: list[Reply], answered: list[object], cuts: list[int]
) -> None:
    asyncio.run(one_session(played, answered, cuts, TIGHT))


def some_block(seed: random.Random) -> Block:
    made: list[Block] = [
        Text("words and words"),
        Thinking("hm", "sig"),
        ToolUse(f"id{seed.randrange(4)}", seed.choice(list(TOOLS)), {}),
    ]
    return seed.choice(made)


@pytest.mark.soak
def test_history_stays_sendable_through_a_long_sweep_of_interrupts() -> None:
    seed = random.Random(20261122)
    for _ in range(3000):
        played = [
            Reply(
                tuple(some_block(seed) for _ in range(seed.randrange(6))),
                "tool_use",
            )
            for _ in range(4)
        ]
        # one_session asserts the invariant after every commit and every interrupt
        asyncio.run(one_session(played, [Allow()], [seed.randrange(60) for _ in range(4)]))
