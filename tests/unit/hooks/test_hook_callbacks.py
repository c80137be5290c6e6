"""Hooks that are callbacks of the program which embeds us."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coder.core.config import HookSource
from coder.core.messages import Json
from coder.hooks.config import HookSet
from coder.hooks.engine import Engine
from coder.hooks.examples import examples
from coder.hooks.inputs import subject_of
from coder.hooks.outcome import Merged
from coder.hooks.points import POINTS
from coder.hooks.surroundings import CallHost, HostError, Links
from tests.support.hooking import Bench


def hosted(events: Json) -> tuple[HookSet, tuple[str, ...]]:
    return HookSet.of([HookSource("the host", "session", events, hosted=True)])


async def run(bench: Bench, events: Json, call: CallHost | None, event: str, **fields: Any) -> Merged:
    made, warnings = hosted(events)
    assert warnings == ()
    engine = Engine(made, bench.surroundings(), Links(bench.told.append, call_host=call))
    payload = examples(str(bench.folder))[event] | fields
    return await engine.run(event, subject_of(payload), payload)


def group(*ids: str, **more: Any) -> list[Json]:
    return [{"matcher": None, "hookCallbackIds": list(ids), **more}]


@pytest.mark.behaviour("B-2224")
async def test_they_are_called_at_once_at_every_point_there_is(bench: Bench) -> None:
    called: list[str] = []
    everybody = asyncio.Event()

    async def call(id: str, given: Json) -> Json:
        called.append(f"{id} {given['hook_event_name']}")
        if len(called) % 2 == 0:
            everybody.set()
        await everybody.wait()
        return {"continue": True}

    for event in POINTS:
        everybody.clear()
        merged = await run(bench, {event: group("a", "b")}, call, event)
        assert merged.said.problem == "" and not merged.said.blocked and len(merged.parts) == 2
    assert called == [f"{id} {event}" for event in POINTS for id in "ab"]
    assert len(bench.started) == len(bench.ended) == 2 * len(POINTS)


@pytest.mark.parametrize(
    ("event", "says", "blocks", "is_held_up"),
    [
        ("PreToolUse", "never", False, True),
        ("UserPromptSubmit", "never", False, True),
        ("PostToolUse", "never", False, False),
        ("Stop", "never", True, False),
        ("PreToolUse", HostError("gone", gone=True), False, True),
        ("PreToolUse", HostError("a bug"), False, False),
        ("PreToolUse", HostError("a bug"), True, True),
        ("UserPromptSubmit", HostError("a bug"), True, True),
        ("Stop", HostError("a bug"), True, False),
        ("PreToolUse", {"decision": "perhaps"}, False, False),
        ("PreToolUse", {"decision": "perhaps"}, True, True),
        ("PreToolUse", {"async": True, "decision": "block"}, True, False),
    ],
)
@pytest.mark.behaviour("B-2226")
async def test_what_becomes_of_one_that_gives_no_answer(
    bench: Bench, event: str, says: Any, blocks: bool, is_held_up: bool
) -> None:
    async def call(id: str, given: Json) -> Json:
        if isinstance(says, Exception):
            raise says
        if says == "never":
            await asyncio.Event().wait()
        return dict(says)

    more: Json = {"timeout": 0.01} | ({"onFailure": "block"} if blocks else {})
    merged = await run(bench, {event: group("one", **more)}, call, event)
    assert merged.said.blocked is is_held_up
    is_async = isinstance(says, dict) and "async" in says
    assert bool(merged.said.problem) is not is_async
    assert [each.outcome for each in bench.ended] == ["success" if is_async else "error"]


async def test_a_question_is_answered_with_no_where_a_failure_blocks(bench: Bench) -> None:
    async def call(id: str, given: Json) -> Json:
        raise HostError("a bug")

    merged = await run(bench, {"PermissionRequest": group("one", onFailure="block")}, call, "PermissionRequest")
    assert merged.said.decision is not None and not merged.said.decision.allow
    assert "a bug" in merged.said.decision.message
    merged = await run(bench, {"PreToolUse": group("one")}, None, "PreToolUse")
    assert merged.said.blocked, "with nobody to call back nothing is let through"


async def test_no_file_can_name_a_callback() -> None:
    made, warnings = HookSet.of(
        [HookSource("file", "user", {"Stop": [{"hooks": [{"type": "callback", "callback": "hook_0"}]}]})]
    )
    assert not made and "has the type 'callback'" in warnings[0]
    made, warnings = HookSet.of([HookSource("file", "user", {"Stop": group("hook_0")})])
    assert not made and len(warnings) == 1


@pytest.mark.parametrize(
    "wrong", [{"hookCallbackIds": "x"}, {"hookCallbackIds": [1]}, {"timeout": 0}, {"matcher": 1}, {}]
)
async def test_what_is_wrong_with_one_is_said(wrong: Json) -> None:
    given = wrong if not wrong or "hookCallbackIds" in wrong else {"hookCallbackIds": ["a"], **wrong}
    made, warnings = hosted({"PreToolUse": [given]})
    assert not made and len(warnings) == 1 and "the host: hooks.PreToolUse[0]" in warnings[0]
