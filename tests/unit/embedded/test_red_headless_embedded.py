"""Programs that do with a session what nobody should."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from coder import Session
from coder.core.errors import ProtocolError
from coder.frontends.embedded.functions import tool as offered
from coder.frontends.embedded.messages import Message, Result, Text, ToolCall, ToolDone
from tests.support.fakeapi import running_api, tool, turn
from tests.unit.embedded.test_embedded_sessions import Desk


class Silent(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even that")


def mute() -> str:
    raise Silent


def leaves() -> str:
    sys.exit(7)


async def leaves_later() -> str:
    raise SystemExit("usage: x")


@pytest.mark.behaviour("B-2516")
@pytest.mark.parametrize(
    ("function", "told"),
    [
        (mute, "Silent: it does not say why"),
        (leaves, "it would have ended the program (7)"),
        (leaves_later, "it would have ended the program (usage: x)"),
    ],
)
async def test_a_tool_that_fails_in_any_way_is_an_answer(function: object, told: str) -> None:
    assert await offered(function).call({}) == (told, True)  # type: ignore[call-overload]  # any function


@pytest.mark.behaviour("B-2516")
@pytest.mark.parametrize("streams", [True, False])
async def test_a_second_prompt_is_refused_and_takes_nothing_from_the_first(tmp_path: Path, streams: bool) -> None:
    desk, told = Desk(tmp_path), list[Message]()
    refused = asyncio.Event()

    async def second(session: Session) -> None:
        with pytest.raises(ProtocolError, match="a run is under way"):
            if streams:
                [each async for each in session.stream("other")]
            else:
                await session.ask("other")
        refused.set()

    async def waits() -> str:
        await refused.wait()
        return "waited"

    script = [turn(tool("mcp__program__waits")), turn("The end."), turn("Next.")]
    async with running_api(script) as api, Session(desk.options(api, tools=(waits,))) as session:
        async for message in session.stream("go"):
            told.append(message)
            if isinstance(message, ToolCall):
                await second(session)
        assert (await session.ask("next")).text == "Next."
    assert [type(each) for each in told] == [ToolCall, ToolDone, Text, Result]
