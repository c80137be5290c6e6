"""What agents are doing, in words: when somebody is asked for them, and when not."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from coder.app.agent_progress import AgentProgress
from coder.app.asides import Aside, conversation, did
from coder.core.agents import AgentRow, Report
from coder.core.events import AgentEnded, AgentProgressed, AgentStarted, AnyEvent, MessageAdded
from coder.core.messages import Message, Meta, Text, ToolUse


class Small:
    """Stands for a small model; `asked` is what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def line(self, purpose: str, words: str) -> str:
        self.asked.append(words)
        return f"line {len(self.asked)}"


def reply(text: str, *calls: ToolUse) -> Message:
    return Message("assistant", (Text(text), *calls), Meta(kind="reply"))


def row(id: str) -> AgentRow:
    return AgentRow(id=id, kind="cook", title="bakes", model="m", state="running")


def started(id: str) -> AgentStarted:
    return AgentStarted(agent=id, row=row(id), prompt=f"task of {id}")


@pytest.mark.behaviour("B-2682")
async def test_nobody_is_asked_about_an_agent_that_has_not_gone_on() -> None:
    small, told, fifth = Small(), list[AgentProgressed](), asyncio.Event()

    def emit(event: AnyEvent) -> None:
        assert isinstance(event, AgentProgressed)
        told.append(event)
        progress.on(event)
        if event.agent == "b":
            progress.on(MessageAdded(agent="b", message=reply(f"step {len(told)}")))
            if sum(each.agent == "b" for each in told) == 5:
                fifth.set()

    progress = AgentProgress(lambda: cast(Aside, small), emit, 0.001)
    for id in ("a", "b", "quiet"):
        progress.on(started(id))
    progress.on(MessageAdded(agent="a", message=reply("I knead.", ToolUse("t", "Bash", {"command": "knead"}))))
    progress.on(MessageAdded(agent="b", message=reply("I heat.")))
    progress.on(MessageAdded(agent="main", message=reply("none of theirs")))
    async with asyncio.timeout(30):
        await fifth.wait()
    report = Report(id="b", kind="cook", title="bakes", model="m", state="completed")
    progress.on(AgentEnded(agent="b", row=row("b"), report=report))
    await progress.aclose()
    assert [each.agent for each in told].count("a") == 1 and {each.agent for each in told} == {"a", "b"}
    (of_a,) = (words for words in small.asked if "task of a" in words)
    assert "I knead." in of_a and "knead'" in of_a and "none of theirs" not in "".join(small.asked)
    assert len(small.asked) >= 6 and all("<steps>" in words for words in small.asked)


def test_the_end_of_a_conversation_is_bounded() -> None:
    long = [Message("user", (Text(f"{n} {'x' * 9_000}"),), Meta(kind="prompt")) for n in range(50)]
    quoted = conversation(
        [*long, reply("y" * 9_000 + " Shall I?"), Message("user", (Text("no"),), Meta(kind="reminder"))]
    )
    assert len(quoted) < 12_000 and "49 x" in quoted and "41 x" not in quoted and "Shall I?" in quoted
    assert conversation([]) == "" and did(reply("")) == ""
    assert len(did(reply("z", ToolUse("t", "Write", {"content": "w" * 9_000})))) < 2_000
