"""Several runs of one process in a repository: the whole session, built as the product builds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from coder.app.build import open_session
from coder.app.session import Session
from coder.core.config import Config, ModelConfig
from tests.support.cli import Place
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY, RunningApi, running_api, tool, turn
from tests.support.processes import until
from tests.support.repositories import Repository


@asynccontextmanager
async def session_on(api: RunningApi, place: Place, *, persist: bool = True) -> AsyncIterator[Session]:
    model = ModelConfig("some-model", api.url, api_key=KEY, key_source="test")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(place.home)}
    config = Config(place.project, place.home / ".coder", model, mode="bypassPermissions", env=env, persist=persist)
    session = await open_session(config, Recorder())
    try:
        yield session
    finally:
        await session.aclose()


def told(request: dict[str, Any]) -> list[str]:
    blocks = [block for message in request["messages"] for block in message["content"] if block["type"] == "text"]
    return [block["text"] for block in blocks if block["text"].startswith("<git>\n")]


@pytest.mark.behaviour("B-1442")
async def test_runs_of_one_session_are_told_what_others_did_in_between(place: Place) -> None:
    made = Repository.shop(place)
    own = tool("Bash", command="echo x > own.txt; git checkout -q -b side; git merge -q --no-ff main")
    turns = [turn("ok"), turn(own), turn("done"), turn("ok"), turn("ok"), turn("ok")]
    async with running_api(turns) as api, session_on(api, place) as session:
        await session.prompt("hi")
        await session.prompt("work")
        await until(lambda: "own.txt" in next(place.home.rglob("git.json")).read_text())
        made.write("by-hand.txt", "")
        (place.project / "own.txt").unlink()
        await session.prompt("what now")
        assert len(told(api.requests[-1])) == 2
        await session.prompt("what now")
        made.write("later.txt", "")
        await session.prompt("what now")
    _, changed, later = told(api.requests[-1])
    assert (
        "Changed since:\n ?? by-hand.txt\nNo longer changed:\n own.txt\n</git>" in changed and "Branch" not in changed
    )
    assert "Changed since:\n ?? later.txt\n</git>" in later
    assert api.context_edits == []


@pytest.mark.behaviour("B-1442")
async def test_a_session_that_is_not_kept_is_told_too_and_keeps_nothing(place: Place) -> None:
    made = Repository.shop(place)
    own = tool("Bash", command="echo x > own.txt")
    async with running_api([turn(own), turn("ok", repeat=3)]) as api, session_on(api, place, persist=False) as session:
        await session.prompt("work")
        await session.prompt("hi")
        made.write("by-hand.txt", "")
        await session.prompt("hi")
    _, changed = told(api.requests[-1])
    assert "Changed since:\n ?? by-hand.txt\n</git>" in changed
    assert not list(place.home.rglob("git.json"))


@pytest.mark.behaviour("B-1442")
async def test_a_merge_that_somebody_begins_is_told(place: Place) -> None:
    made = Repository.shop(place)
    made.git("checkout", "-q", "-b", "side")
    made.write("README.md", "side")
    made.commit("side")
    made.git("checkout", "-q", "main")
    made.write("README.md", "main")
    made.commit("main")
    async with running_api([turn("ok", repeat=3)]) as api, session_on(api, place) as session:
        await session.prompt("hi")
        with pytest.raises(AssertionError):
            made.git("merge", "side")
        await session.prompt("now")
        assert (
            "In progress: merge\nChanges: 1 in conflict\nChanged since:\n UU README.md\n" in told(api.requests[-1])[1]
        )
        made.git("merge", "--abort")
        await session.prompt("now")
    assert (
        "In progress: nothing; it was a merge\nChanges: none\nNo longer changed:\n README.md\n"
        in told(api.requests[-1])[2]
    )


@pytest.mark.behaviour("B-1448")
async def test_a_shell_line_before_the_first_prompt_waits_for_nothing(place: Place) -> None:
    made = Repository.shop(place)
    async with running_api([turn("ok", repeat=2)]) as api, session_on(api, place) as session:
        await session.shell("echo > first.txt", lambda text: None)
        await session.prompt("hi")
        made.write("second.txt", "")
        await session.prompt("hi")
    assert "Branch: main" in told(api.requests[0])[0]
    assert "?? first.txt" in "".join(told(api.requests[0]))
    assert "?? second.txt" in told(api.requests[1])[-1]
