"""Compaction as front ends see it: the whole session, built as the product builds it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coder.app.build import open_session
from coder.app.pictures import shrunk
from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.core.config import Config, ModelConfig
from coder.core.errors import ProtocolError
from coder.core.messages import Image
from coder.core.pictures import identify
from tests.support.engine import Recorder
from tests.support.fakeapi import DEADLINE, KEY, RunningApi, fault, rule, running_api, tool, turn
from tests.support.pictures import png

SUMMARISES = {"last_user_contains": "This conversation is about to be shortened"}


@asynccontextmanager
async def session_on(
    api: RunningApi, tmp_path: Path, recorder: Recorder, start: Start = NEW, **more: Any
) -> AsyncIterator[Session]:
    project = tmp_path / "project"
    project.mkdir(exist_ok=True)
    model = ModelConfig("some-model", api.url, api_key=KEY, key_source="test")
    given = {"mode": "bypassPermissions", **more}
    config = Config(project, tmp_path / "home", model, env={"PATH": "/usr/bin:/bin"}, **given)
    session = await open_session(config, recorder, start=start)
    try:
        yield session
    finally:
        await session.aclose()


@pytest.mark.behaviour("B-566")
async def test_a_session_is_compacted_and_taken_back(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "a.txt").write_text("words of the file\n" * 500)
    path = str(tmp_path / "project" / "a.txt")
    reads = [turn(tool("Read", file_path=path, limit=limit)) for limit in (500, 400)]
    turns = [*reads, turn("Read."), turn("Hello."), turn("Hello again.")]
    script = {"rules": [rule(SUMMARISES, "All was read.")], "turns": turns}
    async with running_api(script) as api, session_on(api, tmp_path, Recorder()) as session:
        await session.prompt("Read it.")
        done = await session.compact("the file")
        assert done is not None and done.error == "" and done.trigger == "manual" and done.after < done.before
        assert (await session.prompt("Hi.")).text == "Hello."
        assert session.uncompact() and not session.uncompact()
        assert (await session.prompt("Hi again.")).text == "Hello again."
    bodies = [str(body["messages"]) for body in api.requests]
    assert ["words of the file" in body for body in bodies] == [False, True, True, True, False, True]
    assert "All was read." in bodies[-2] and "All was read." not in bodies[-1] and "'Hi.'" in bodies[-1]


@pytest.mark.behaviour("B-2603")
async def test_how_to_plan_is_told_again_once_while_plan_mode_is_on(tmp_path: Path) -> None:
    replies = [
        "Long: " + "words " * 3_000,
        "Hello.",
        "Long: " + "words " * 3_000,
        "Hello.",
        "Long: " + "words " * 3_000,
        "Bye.",
    ]
    script = {"rules": [rule(SUMMARISES, "All was told.")], "turns": [turn(text) for text in replies]}
    planning: dict[str, Any] = {"mode": "plan", "plan_instructions": "Ask the baker first."}
    async with running_api(script) as api, session_on(api, tmp_path, Recorder(), **planning) as session:
        for mode in ("plan", "plan", "default"):
            session.tuning.set_mode(mode)
            await session.prompt("Tell me a lot.")
            done = await session.compact()
            assert done is not None and done.after < done.before
            if mode == "default":
                break
            await session.prompt("Hi.")
        await session.prompt("Bye.")
        bodies = [str(body["messages"]) for body in api.requests]
    told = [body.count("Ask the baker first.") for body in bodies if "about to be shortened" not in body]
    assert told == [1, 1, 1, 1, 1, 0]


@pytest.mark.behaviour("B-566")
async def test_a_resumed_session_takes_a_compaction_back_and_keeps_what_was_said_since(tmp_path: Path) -> None:
    words = "words " * 3_000
    replies = ["Long: " + words, "Hello.", "Since.", "After."]
    script = {"rules": [rule(SUMMARISES, "All was told.")], "turns": [turn(text) for text in replies]}
    async with running_api(script) as api:
        async with session_on(api, tmp_path, Recorder()) as session:
            await session.prompt("Tell me a lot.")
            await session.prompt("Hi.")
            done = await session.compact()
            assert done is not None and done.error == "" and done.after < done.before
        again = Start(resume=session.facts.session_id)
        async with session_on(api, tmp_path, Recorder(), again) as session:
            await session.prompt("Said since the resume.")
            assert session.uncompact() and not session.uncompact()
        async with session_on(api, tmp_path, Recorder(), again) as session:
            await session.prompt("And now?")
        assert api.violations == []
    sent = str(api.requests[-1]["messages"])
    order = [sent.find(text) for text in ("Tell me a lot.", words, "Hi.", "Hello.", "Said since", "Since.", "And now?")]
    assert -1 not in order and order == sorted(order) and "All was told." not in sent


@pytest.mark.behaviour("B-546")
async def test_what_fills_the_context_is_counted_before_a_reply_and_after_a_compaction(tmp_path: Path) -> None:
    script = {
        "rules": [rule(SUMMARISES, "S.")],
        "turns": [turn("words " * 2_000, fault=fault("status", 401)), turn("x")],
    }
    async with running_api(script) as api, session_on(api, tmp_path, Recorder()) as session:
        for words in ("Hi.", "Hi again.", "And again."):
            await session.prompt(words)
            report = await session.context()  # refused requests are not answered: two messages of the person in a row
            assert (report.source, sum(share.tokens for share in report.shares)) == ("counted", report.total)
        done = await session.compact()
        assert done is not None and done.after < done.before
        report = await session.context()
        assert (report.source, report.tokens_of("summaries") > 0) == ("counted", True)


async def test_a_compaction_is_interrupted_like_a_run_and_excludes_one(tmp_path: Path) -> None:
    slow = {"when": SUMMARISES, "reply": turn("x", wait=60)}
    script = {"rules": [slow], "turns": [turn("words " * 2_000), turn("Hello."), turn("Still here.")]}
    async with running_api(script) as api, session_on(api, tmp_path, Recorder()) as session:
        await session.prompt("Tell me a lot.")
        await session.prompt("Hi.")
        compacting = asyncio.ensure_future(session.compact())
        async with asyncio.timeout(DEADLINE):
            while len(api.requests) < 3:
                await asyncio.sleep(0)
        with pytest.raises(ProtocolError):
            await session.prompt("And?")
        with pytest.raises(ProtocolError):
            await session.compact()
        with pytest.raises(ProtocolError):
            session.uncompact()
        session.interrupt()
        assert await compacting is None
        assert (await session.prompt("And now?")).text == "Still here."


@pytest.mark.behaviour("B-573")
def test_a_large_picture_is_made_smaller() -> None:
    made = shrunk(png(3_000, 1_000))
    assert made is not None
    found = identify(base64.b64decode(made.data))
    assert found is not None and max(found.width, found.height) == 1_568
    assert shrunk(Image("image/png", "no base64!")) is None and shrunk(Image("image/png", "AAAA")) is None
