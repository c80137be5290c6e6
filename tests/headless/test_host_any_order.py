"""Whatever a host says and asks, in whatever order: each message has its one result, or is told as dropped."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coder.core.loop import run
from tests.support.fakeapi import rule, running_api, tool
from tests.support.hosted import hosted, said

_STEPS = ("word", "word", "calls", "/cost", "bad", "interrupt", "drop", "model", "mode", "ask", "pause")
_SCRIPT = {
    "rules": [
        rule({"last_tool": "Bash"}, "Done."),
        rule({"last_user_contains": "calls"}, tool("Bash", command="sleep 0.05")),
        rule({"last_user_contains": ""}, "A word.", delay=0.002),
    ]
}


async def _holds(steps: list[str]) -> None:
    names: list[str] = []
    drops = []
    with tempfile.TemporaryDirectory() as root:
        async with running_api(_SCRIPT) as api, hosted(Path(root), api.url) as wire:
            for number, step in enumerate(steps):
                match step:
                    case "word" | "calls" | "/cost" | "bad":
                        names.append(str(uuid4()))
                        content = [{"type": "nope"}] if step == "bad" else step
                        wire.send(said(content, uuid=names[-1]))
                    case "interrupt":
                        wire.request("interrupt")
                    case "drop":
                        drops.append(wire.request("interrupt", cancel_queued=True))
                    case "model":
                        wire.request("set_model", model=("haiku", None)[number % 2])
                    case "mode":
                        wire.request("set_permission_mode", mode=("acceptEdits", "default")[number % 2])
                    case "ask":
                        await wire.ask("initialize")
                    case _:
                        await asyncio.sleep(0.02)
            await wire.rest()
            dropped = {name for each in drops for name in (await wire.answer(each))["response"]["cancelled"]}
            results = [frame for frame in wire.seen if frame["type"] == "result"]
            assert [each["user_message_uuid"] for each in results] == [name for name in names if name not in dropped]
            assert await wire.run in (0, 1, 130) and not api.violations
            assert bool(await wire.run) == bool(results and results[-1]["is_error"])


@pytest.mark.behaviour("B-2200", "B-2210")
@settings(max_examples=4, deadline=None)
@example(["ask", "calls", "pause", "word", "word", "pause", "interrupt", "word"])
@example(["ask", "calls", "pause", "word", "/cost", "pause", "drop", "word"])
@given(st.lists(st.sampled_from(_STEPS), min_size=1, max_size=9))
def test_each_message_has_its_result_in_order(steps: list[str]) -> None:
    run(_holds(steps))


@pytest.mark.soak
@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(_STEPS), min_size=1, max_size=25))
def test_each_message_has_its_result_in_order_at_length(steps: list[str]) -> None:
    run(_holds(steps))
