from __future__ import annotations

import asyncio

import pytest

from coder.core.events import MessageAdded, ToolStarted
from coder.core.messages import Json, Text, ToolResult, ToolUse
from tests.support.agents import Engine, prompt
from tests.support.engine import FakeTool, PlayedModel, Recorder, Reply
from tests.support.fakeapi import DEADLINE


class Log:
    """Notes in one list what the engine tells, beside what it announces."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.results: dict[str, tuple[str, int, int, ToolResult, Json | None]] = {}

    def started(self, call: ToolUse) -> None:
        self.told.append(("started", call.id))

    async def settle(self) -> None:
        await asyncio.sleep(0)
        self.told.append(("settled",))

    def finished(self, message_uuid: str, index: int, count: int, result: ToolResult, data: Json | None) -> None:
        self.told.append(("finished", result.tool_use_id))
        self.results[result.tool_use_id] = (message_uuid, index, count, result, data)


class Watching(Recorder):
    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, event):  # type: ignore[no-untyped-def]
        super().emit(event)
        if isinstance(event, ToolStarted):
            self._log.told.append(("runs", event.call.id))
        if isinstance(event, MessageAdded) and event.message.meta.kind == "results":
            self._log.told.append(("committed", event.message.meta.uuid))


def engine(log: Log, *calls: ToolUse, tools: list[FakeTool]) -> Engine:
    replies = [Reply(calls, "tool_use"), Reply((Text("Done."),))]
    return Engine(PlayedModel(replies), tools, recorder=Watching(log), mode="bypassPermissions", log=log)


@pytest.mark.behaviour("B-577")
async def test_outcomes_are_told_as_they_come_and_before_they_are_committed() -> None:
    log = Log()
    slow, quick = FakeTool("slow", lambda raw: "half \ud83d", pauses=9), FakeTool("quick", pauses=1)
    made = engine(
        log, ToolUse("t0", "slow", {}), ToolUse("t1", "quick", {}), ToolUse("t2", "none", {}), tools=[slow, quick]
    )
    await made.agent.run(prompt())
    results = made.history.messages[2]
    order = [entry for entry in log.told if entry[0] in ("finished", "committed")]
    assert order == [("finished", "t1"), ("finished", "t0"), ("finished", "t2"), ("committed", results.meta.uuid)]
    assert [log.results[f"t{n}"][:3] for n in range(3)] == [(results.meta.uuid, n, 3) for n in range(3)]
    assert tuple(log.results[f"t{n}"][3] for n in range(3)) == results.content
    assert tuple(log.results[f"t{n}"][4] for n in range(3)) == results.meta.tool_data


@pytest.mark.behaviour("B-577")
async def test_a_start_is_noted_first_and_lasts_before_anything_may_change() -> None:
    log = Log()
    look, change = FakeTool("look", command="ls"), FakeTool("change", command="touch x")
    made = engine(log, ToolUse("t0", "look", {}), ToolUse("t1", "change", {}), tools=[look, change])
    await made.agent.run(prompt())
    assert log.told[:3] == [("started", "t0"), ("runs", "t0"), ("finished", "t0")]
    assert log.told[3:7] == [("started", "t1"), ("settled",), ("runs", "t1"), ("finished", "t1")]


@pytest.mark.behaviour("B-577")
async def test_what_an_interrupt_cut_off_is_committed_but_not_told_as_finished() -> None:
    log = Log()
    slow = FakeTool("slow", command="touch x", pauses=10_000)
    tools = [FakeTool("quick"), slow, FakeTool("later", command="touch y")]
    made = engine(
        log, ToolUse("t0", "quick", {}), ToolUse("t1", "slow", {}), ToolUse("t2", "later", {}),
        tools=tools,
    )  # fmt: skip
    run = asyncio.ensure_future(made.agent.run(prompt()))
    async with asyncio.timeout(DEADLINE):
        while ("runs", "t1") not in log.told:
            await asyncio.sleep(0)
    run.cancel()
    await asyncio.wait({run})
    assert set(log.results) == {"t0"} and ("started", "t2") not in log.told
    content = made.history.messages[2].content
    assert content[0] == log.results["t0"][3] and len(content) == 3
    assert made.history.messages[2].meta.uuid == log.results["t0"][0]
