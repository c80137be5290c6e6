"""Calls that their server takes as tasks only, or after a page was visited; and lists that come a page at a time."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from coder.core.messages import Json
from coder.mcp.errors import ServerError
from coder.mcp.server import Server, Stdio
from tests.support.mcp_links import SERVERS, Asked, linked, place_in, say, server_of
from tests.support.processes import until


def tasks(folder: Path) -> Server:
    return server_of(Stdio(sys.executable, (str(SERVERS / "tasks.py"), str(folder / "notes"))), "tasks")


def notes(folder: Path, what: str = "") -> list[str]:
    path = folder / "notes"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in lines if line.startswith("level ") is (what == "level")]


@pytest.mark.behaviour("B-1815")
async def test_a_tool_that_is_a_task_is_called_as_one_and_others_are_not(tmp_path: Path) -> None:
    moves: list[tuple[float, float | None, str]] = []
    async with linked(tasks(tmp_path), place_in(tmp_path)) as link:
        assert await link.ready(), link.standing.reason
        assert [tool.tool for tool in link.offer.tools] == ["research", "forever", "plain", "pay"]  # four pages
        assert ([one.uri for one in link.offer.resources], link.offer.problems) == (["t://one"], ())
        answer = await link.call("research", {}, lambda *move: moves.append(move))
        assert (answer.content[0]["text"], answer.is_error) == ("found", False)
        assert moves == [(1.0, None, "half")]
        assert await say(link, tool="plain") == "plain"
    assert notes(tmp_path) == ["call research as a task", "call plain at once"]


async def test_no_more_of_its_log_is_wanted_than_people_can_use(tmp_path: Path) -> None:
    async with linked(tasks(tmp_path), place_in(tmp_path)) as link:
        assert await link.ready(), link.standing.reason
        await until(lambda: notes(tmp_path, "level") == ["level info"])


@pytest.mark.behaviour("B-1815")
async def test_a_task_that_nobody_waits_for_is_cancelled(tmp_path: Path) -> None:
    async with linked(tasks(tmp_path), place_in(tmp_path)) as link:
        call = asyncio.create_task(link.call("forever", {}, lambda *move: None))
        await until(lambda: notes(tmp_path) == ["call forever as a task"])
        await say(link, tool="plain")  # by then the server has answered that it begun
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        await until(lambda: notes(tmp_path)[-1] == "cancelled forever")
        assert await say(link, tool="plain") == "plain"


@pytest.mark.behaviour("B-1816")
@pytest.mark.parametrize("action", ["accept", "decline"])
async def test_a_page_that_must_be_visited_is_asked_about_and_then_the_call_is_made_again(
    action: str, tmp_path: Path
) -> None:
    host = Asked()
    answer: Json = {"action": action}
    host.answers = {"elicit": answer}
    async with linked(tasks(tmp_path), place_in(tmp_path), host) as link:
        if action == "accept":
            assert await say(link, tool="pay") == "pay"
        else:
            with pytest.raises(ServerError, match="refused the tool pay: a page must be visited"):
                await say(link, tool="pay")
    ((kind, asked),) = host.questions
    assert kind == "elicit" and (asked["mode"], asked["url"]) == ("url", "https://pay.invalid/1")
    assert len(notes(tmp_path)) == (2 if action == "accept" else 1)
