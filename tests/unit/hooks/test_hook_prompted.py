"""Hooks that ask the model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.errors import ModelError
from coder.hooks.outcome import Ended
from coder.hooks.points import POINTS
from coder.hooks.prompted import judged
from tests.support.hooking import Bench, hook_set, on


class Model:
    def __init__(self, reply: str) -> None:
        self.reply = reply
        self.asked: list[tuple[str, str, float]] = []

    async def __call__(self, prompt: str, model: str, timeout: float) -> str:
        self.asked.append((prompt, model, timeout))
        if self.reply == "fail":
            raise ModelError("no key", "auth")
        if self.reply == "hang":
            await asyncio.Event().wait()
        return self.reply


def hook(**more: Any) -> dict[str, Any]:
    return {"type": "prompt", "prompt": "Are the tests run? $ARGUMENTS", **more}


@pytest.mark.behaviour("B-1189")
async def test_a_no_blocks_and_a_yes_allows_nothing(bench: Bench) -> None:
    model = Model('Here you are:\n```json\n{"ok": false, "reason": "they were not"}\n```')
    engine = bench.engine(on("Stop", hook(model="small")) | on("PreToolUse", hook()), ask_model=model)
    assert (await bench.run(engine, "Stop")).said.reason == "they were not"
    assert (await bench.run(engine, "PreToolUse")).said.verdict == "deny"
    model.reply = '{"ok": true, "reason": "fine"}'
    said = (await bench.run(engine, "PreToolUse")).said
    assert (said.verdict, said.blocked, said.notes) == ("", False, ())
    prompt, name, timeout = model.asked[0]
    assert (name, timeout) == ("small", 30.0)
    assert '"last_assistant_message": "All tests pass."' in prompt
    assert "$ARGUMENTS" not in prompt


async def test_the_input_is_added_where_no_place_is_named(bench: Bench) -> None:
    model = Model('{"ok": true}')
    engine = bench.engine(on("Stop", hook(prompt="Look at it: {{name}}")), ask_model=model)
    await bench.run(engine, "Stop")
    assert "Look at it: {{name}}\n\n{" in model.asked[0][0]


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ("fail", "the model could not be asked: no key"),
        ("hang", "took longer than 0.2 s and was ended"),
        ("", "the model gave no verdict: it said nothing"),
        ("yes", "the model gave no verdict: yes"),
        ('{"ok": "no"}', "the model gave no verdict"),
        ("}{", "the model gave no verdict"),
        ('{"a":' * 100_000 + "}", "the model gave no verdict"),
    ],
)
async def test_no_verdict_decides_nothing(bench: Bench, reply: str, problem: str) -> None:
    engine = bench.engine(on("Stop", hook(timeout=0.2)), ask_model=Model(reply))
    said = (await bench.run(engine, "Stop")).said
    assert not said.blocked
    assert said.problem.startswith(problem)
    assert bench.ended[0].outcome == "error"


async def test_without_a_model(bench: Bench) -> None:
    assert (await bench.run(bench.engine(on("Stop", hook())), "Stop")).said.problem == "there is no model to ask here"


@pytest.mark.behaviour("B-1947")
async def test_an_agent_judges_like_the_model_and_not_what_an_agent_does(bench: Bench) -> None:
    model, agent = Model('{"ok": true}'), Model('{"ok": false, "reason": "no test covers it"}')
    engine = bench.engine(on("Stop", hook(type="agent")), ask_model=model, ask_agent=agent)
    said = (await bench.run(engine, "Stop")).said
    assert (said.blocked, said.reason) == (True, "no test covers it")
    prompt, _, seconds = agent.asked[0]
    assert "Are the tests run? {" in prompt and "Hand in `ok`" in prompt
    assert (seconds, model.asked) == (60.0, [])
    said = (await bench.run(engine.for_agent(lambda part: None), "Stop")).said
    assert not said.blocked and said.problem.startswith("no agent is asked here")
    assert len(agent.asked) == 1


@pytest.mark.parametrize(
    ("event", "more", "reply", "fields"),
    [
        ("Stop", {}, {"impossible": True}, {"blocked": False, "messages": ("r",)}),
        ("PostToolUse", {}, {}, {"stop": "r", "notes": ()}),
        ("PostToolUse", {"continueOnBlock": True}, {}, {"stop": None, "notes": ("r",)}),
        ("PostToolBatch", {"continueOnBlock": True}, {}, {"blocked": False, "notes": ("r",)}),
        ("PostToolBatch", {}, {}, {"blocked": True, "reason": "r"}),
        ("UserPromptSubmit", {}, {}, {"blocked": True, "reason": "r"}),
        ("PermissionDenied", {}, {}, {"blocked": False, "lines": ("r",)}),
    ],
)
def test_what_a_no_means(event: str, more: dict[str, Any], reply: dict[str, Any], fields: dict[str, Any]) -> None:
    (handler,) = hook_set(on(event, hook(**more))).all
    said = judged(handler, POINTS[event], Ended(None, json.dumps({"ok": False, "reason": "r"} | reply)))
    assert {name: getattr(said, name) for name in fields} == fields


def test_a_permission_is_refused() -> None:
    (handler,) = hook_set(on("PermissionRequest", hook())).all
    decision = judged(handler, POINTS["PermissionRequest"], Ended(None, '{"ok": false}')).decision
    assert decision is not None
    assert not decision.allow


@given(st.text(max_size=80), st.sampled_from([name for name, point in POINTS.items() if point.judged]))
def test_total(reply: str, event: str) -> None:
    (handler,) = hook_set(on(event, hook())).all
    judged(handler, POINTS[event], Ended(None, reply))
