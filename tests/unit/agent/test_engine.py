from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coder.core.config import RuleText
from coder.core.events import MessageAdded, PermissionDenied, RunEnded, TextDelta, ToolFinished, ToolStarted
from coder.core.messages import Json, Message, Meta, Text, Thinking, ToolResult
from coder.core.requests import Allow, Deny
from tests.support.agents import CWD, Engine, prompt
from tests.support.engine import FakeTool, PlayedModel, Recorder, Reply, call


def replies(*calls: object) -> PlayedModel:
    return PlayedModel([Reply(tuple(calls)), Reply((Text("Done."),))])  # type: ignore[arg-type]  # calls are blocks


def results(engine: Engine) -> list[ToolResult]:
    return [b for m in engine.history.messages for b in m.content if isinstance(b, ToolResult)]


def words(result: ToolResult) -> str:
    return "".join(b.text for b in result.content if isinstance(b, Text))


class Overlap:
    """Counts how many calls are under way at the same time."""

    def __init__(self) -> None:
        self.now = 0
        self.most = 0
        self.order: list[str] = []


class OverlapTool(FakeTool):
    def __init__(self, name: str, seen: Overlap, command: str = "") -> None:
        super().__init__(name, command=command)
        self._seen = seen

    async def run(self, params, context):  # type: ignore[no-untyped-def]
        self._seen.now += 1
        self._seen.most = max(self._seen.most, self._seen.now)
        self._seen.order.append(context.tool_use_id)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self._seen.now -= 1
        return await super().run(params, context)


@pytest.mark.behaviour("B-005")
@pytest.mark.parametrize(
    ("command", "together"), [("", 3), ("sleep 1", 3), ("echo hi", 3), ("touch x", 1), ("cd sub", 1)]
)
async def test_only_calls_that_read_run_side_by_side(command: str, together: int) -> None:
    seen = Overlap()
    model = replies(*(call(f"t{number}", "tool", n=number) for number in range(3)))
    engine = Engine(model, [OverlapTool("tool", seen, command)], mode="bypassPermissions")
    ended = await engine.agent.run(prompt())
    assert ended.reason == "done" and seen.most == together
    assert [result.tool_use_id for result in results(engine)] == ["t0", "t1", "t2"]


@pytest.mark.behaviour("B-005")
async def test_a_writing_call_waits_for_the_reads_before_it() -> None:
    seen = Overlap()
    tools = [OverlapTool("read", seen), OverlapTool("write", seen, "touch x")]
    model = replies(call("r1", "read"), call("r2", "read"), call("w", "write"), call("r3", "read"))
    engine = Engine(model, tools, mode="bypassPermissions")
    await engine.agent.run(prompt())
    assert seen.order == ["r1", "r2", "w", "r3"] and seen.most == 2


@pytest.mark.behaviour("B-006")
async def test_a_denied_call_never_runs_and_the_model_is_told() -> None:
    tool = FakeTool("shell", command="rm -rf build")
    engine = Engine(replies(call("t", "shell")), [tool], recorder=Recorder(Deny("not today")))
    ended = await engine.agent.run(prompt())
    assert tool.ran == [] and "not today" in words(results(engine)[0]) and results(engine)[0].is_error
    assert not ended.all_denied and len(engine.recorder.of(PermissionDenied)) == 1
    assert engine.recorder.of(ToolStarted) == []


@pytest.mark.behaviour("B-006")
async def test_a_deny_rule_beats_a_person_who_would_allow() -> None:
    tool = FakeTool("Bash", command="rm -rf build")
    rule = RuleText("Bash(rm *)", "deny", "project", "settings.json", CWD)
    engine = Engine(
        replies(call("t", "Bash", command="rm -rf build")), [tool], recorder=Recorder(Allow()), rules=[rule]
    )
    await engine.agent.run(prompt())
    assert tool.ran == [] and engine.recorder.asked == []
    assert "Bash(rm *)" in words(results(engine)[0])


async def test_an_answer_may_edit_the_call() -> None:
    tool = FakeTool("shell", command="touch x")
    engine = Engine(replies(call("t", "shell", a=1)), [tool], recorder=Recorder(Allow(input={"a": 2})))
    await engine.agent.run(prompt())
    assert tool.ran == [{"a": 2}]


async def test_a_no_that_interrupts_ends_the_run_with_every_call_answered() -> None:
    tool = FakeTool("shell", command="touch x")
    model = replies(call("t1", "shell"), call("t2", "shell"))
    engine = Engine(model, [tool], recorder=Recorder(Deny("stop", interrupt=True)))
    ended = await engine.agent.run(prompt())
    assert ended.reason == "interrupted" and len(model.requests) == 1
    assert [result.tool_use_id for result in results(engine)] == ["t1", "t2"]


async def test_nobody_to_ask_is_counted_over_the_last_turn_with_tools() -> None:
    tool = FakeTool("shell", command="touch x")
    engine = Engine(replies(call("t", "shell")), [tool])
    assert (await engine.agent.run(prompt())).all_denied


@pytest.mark.behaviour("B-007")
async def test_a_bug_in_a_tool_answers_its_call_and_the_run_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def bug(raw: Json) -> str:
        raise ZeroDivisionError("division by zero")

    engine = Engine(replies(call("t", "broken")), [FakeTool("broken", bug)])
    ended = await engine.agent.run(prompt())
    assert ended.reason == "done" and results(engine)[0].is_error
    assert "ZeroDivisionError" in words(results(engine)[0]) and "the tool broken failed" in caplog.text


@pytest.mark.behaviour("B-008")
async def test_what_is_said_during_a_run_lands_at_the_turn_boundary() -> None:
    def speak(raw: Json) -> str:
        engine.agent.steer(Message("user", (Text("Use tabs."),), Meta(kind="steer")))
        return "ok"

    model = replies(call("t", "tool"))
    engine = Engine(model, [FakeTool("tool", speak)])
    await engine.agent.run(prompt())
    last = model.requests[1].messages[-1].content
    assert isinstance(last[0], ToolResult) and last[1] == Text("Use tabs.")


@pytest.mark.behaviour("B-973")
@pytest.mark.parametrize(
    ("said", "ran"), [("Stop, use tabs.", 1), ("pause", 1), ("Stopwatches are fine.", 4), ("Do not stop.", 4)]
)
async def test_a_stop_is_read_before_another_call_is_begun(said: str, ran: int) -> None:
    def speak(raw: Json) -> str:
        if raw.get("n") == 0:
            engine.agent.steer(Message("user", (Text(said),), Meta(kind="steer")))
        return "ok"

    writes, reads = FakeTool("writes", speak, command="touch x"), FakeTool("reads", speak)
    calls = [call("t0", "writes", n=0), call("t1", "writes", n=1), call("t2", "reads", n=2), call("t3", "reads", n=3)]
    model = replies(*calls)
    engine = Engine(model, [writes, reads], mode="bypassPermissions")
    assert (await engine.agent.run(prompt())).text == "Done."
    assert len(writes.ran) + len(reads.ran) == ran
    answered = results(engine)
    assert [result.tool_use_id for result in answered] == ["t0", "t1", "t2", "t3"]
    assert [words(result).startswith("Not run: the person said something") for result in answered] == [
        number >= ran for number in range(4)
    ]
    assert model.requests[1].messages[-1].content[-1] == Text(said)


async def test_a_message_during_the_final_answer_gets_an_answer_too() -> None:
    class Speaking(PlayedModel):
        async def stream(self, request):  # type: ignore[no-untyped-def]
            if not self.requests:
                engine.agent.steer(Message("user", (Text("And?"),), Meta(kind="steer")))
            async for event in super().stream(request):
                yield event

    model = Speaking([Reply((Text("First."),)), Reply((Text("Second."),))])
    engine = Engine(model, [])
    assert (await engine.agent.run(prompt())).text == "Second."


async def test_a_long_result_is_cut_and_kept_whole_in_a_file(tmp_path: Path) -> None:
    whole = "line of output\n" * 20_000
    engine = Engine(replies(call("t1", "tool")), [FakeTool("tool", lambda raw: whole)], spill_dir=tmp_path / "spill")
    await engine.agent.run(prompt())
    shown = words(results(engine)[0])
    assert len(shown) < 91_000 and "left out here" in shown
    assert (tmp_path / "spill" / "t1.txt").read_text(encoding="utf-8") == whole


async def test_the_context_comes_first_and_once() -> None:
    context = Message("user", (Text("facts"),), Meta(kind="context"))
    model = PlayedModel([Reply((Text("a"),))])
    engine = Engine(model, [], context=context)
    await engine.agent.run(prompt("one"))
    await engine.agent.run(prompt("two"))
    texts = [[b.text for b in m.content if isinstance(b, Text)] for m in model.requests[1].messages]
    assert texts == [["facts", "one"], ["a"], ["two"]]
    assert model.requests[1].marks == ((0, 0), (0, 1), (2, 0))


@pytest.mark.behaviour("B-051")
async def test_what_was_said_before_an_interrupt_is_kept_and_half_a_call_is_not() -> None:
    blocks = (Thinking("so", "sig"), Text("All of this."), call("t", "tool"), Text("And half of this sentence"))
    tool = FakeTool("tool")
    engine = Engine(PlayedModel([Reply(blocks)]), [tool])
    run = asyncio.ensure_future(engine.agent.run(prompt()))
    while not any(event.text == "And " for event in engine.recorder.of(TextDelta)):
        await asyncio.sleep(0)
    run.cancel()
    await asyncio.wait({run})
    assert engine.history.messages[-1].content == (Thinking("so", "sig"), Text("All of this."), Text("And "))
    assert run.cancelled() and tool.ran == []


async def test_a_refused_turn_runs_none_of_its_calls() -> None:
    tool = FakeTool("tool")
    model = PlayedModel([Reply((Text("No."), call("t", "tool")), "refusal")])
    engine = Engine(model, [tool])
    ended = await engine.agent.run(prompt())
    assert ended.reason == "refusal" and tool.ran == [] and ended.text == "No."


async def test_events_tell_the_run_in_order() -> None:
    engine = Engine(replies(Text("Look."), call("t", "tool")), [FakeTool("tool")])
    await engine.agent.run(prompt())
    kinds = [type(event).__name__ for event in engine.recorder.events if type(event).__name__ != "TextDelta"]
    assert kinds == [
        "MessageAdded", "RunStarted", "TurnStarted", "MessageAdded", "ToolStarted", "ToolFinished",
        "MessageAdded", "TurnEnded", "TurnStarted", "MessageAdded", "TurnEnded", "RunEnded",
    ]  # fmt: skip
    assert len(engine.recorder.of(MessageAdded)) == 4 and len(engine.recorder.of(ToolFinished)) == 1
    assert engine.recorder.of(RunEnded)[0].turns == 2
