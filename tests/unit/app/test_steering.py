"""What a front end says to a session beside its prompts: the session as the product builds it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.app.session import Session
from coder.app.starting import Start
from coder.core.errors import ProtocolError, SessionError
from coder.core.events import AnyEvent, MessageAdded, PermissionAsked, TextDelta, ToolStarted
from coder.core.requests import Deny, Reply
from tests.support.engine import Recorder
from tests.support.fakeapi import DEADLINE, RunningApi, fault, running_api, tool, turn
from tests.support.pictures import png
from tests.support.talks import Talk, texts


class Front(Recorder):
    """A front end that does something when it is told of a kind of event."""

    def __init__(self, kind: type, do: Callable[[], object], *replies: Reply) -> None:
        super().__init__(*(replies or (Deny("nobody", nobody=True),)))
        self._kind = kind
        self._do: Callable[[], object] | None = do

    def emit(self, event: AnyEvent) -> None:
        super().emit(event)
        if isinstance(event, self._kind) and self._do is not None:
            do, self._do = self._do, None
            do()


def kinds(session: Session) -> list[str]:
    return [message.meta.kind for message in session._agent.history.messages]


async def requested(api: RunningApi, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while len(api.requests) < count:
            await asyncio.sleep(0)


@pytest.mark.behaviour("B-960")
async def test_what_was_said_to_an_interrupted_run_comes_back(tmp_path: Path) -> None:
    async with running_api([turn("Slow.", wait=60), turn("Second."), turn("Third.")]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        running = asyncio.ensure_future(session.prompt("Go."))
        await requested(api, 1)
        session.steer("also x")
        session.steer("and y")
        assert session.steering.queued == ("also x", "and y")
        session.interrupt()
        assert (await running).reason == "interrupted"
        assert session.steering.queued == ("also x", "and y")
        assert (await session.prompt("Again.")).text == "Second."  # nothing is sent by itself
        assert "also x" not in str(api.requests)
        assert session.steering.take_back() == ("also x", "and y") and session.steering.take_back() == ()
        assert (await session.prompt("And again.")).text == "Third."
        await session.aclose()
    assert "also x" not in str(api.requests) and "also x" not in str([path.read_text() for path in _all(tmp_path)])


def _all(root: Path) -> list[Path]:
    return list(root.rglob("*.jsonl"))


@pytest.mark.behaviour("B-960")
async def test_what_was_delivered_does_not_come_back(tmp_path: Path) -> None:
    front = Front(ToolStarted, lambda: session.steer("Use tabs."))
    async with running_api([turn(tool("Bash", command="true")), turn("Done.")]) as api:
        session = await Talk.at(tmp_path, api.url).open(front=front)
        assert (await session.prompt("Go.")).text == "Done."
        assert session.steering.queued == session.steering.take_back() == ()
        await session.aclose()
    added = [event.message for event in front.of(MessageAdded) if event.message.meta.kind == "steer"]
    assert [message.text for message in added] == ["Use tabs."]
    assert texts(api.requests[1])[-1] == "Use tabs."


@pytest.mark.behaviour("B-960")
async def test_what_was_said_comes_back_from_a_run_that_was_ended_at_a_question(tmp_path: Path) -> None:
    front = Front(PermissionAsked, lambda: session.steer("rather y"), Deny("stop", interrupt=True))
    async with running_api([turn(tool("Bash", command="touch x")), turn("Other.")]) as api:
        session = await Talk.at(tmp_path, api.url).open(front=front, permission_mode="default")
        assert (await session.prompt("Go.")).reason == "interrupted"
        assert session.steering.take_back() == ("rather y",)
        await session.aclose()
    assert len(api.requests) == 1


@pytest.mark.behaviour("B-961")
@pytest.mark.parametrize("saved", [True, False])
async def test_a_prompt_that_failed_is_asked_again_without_standing_there_twice(tmp_path: Path, saved: bool) -> None:
    replies = [turn("Hello."), turn("Now.", fault=fault("status", 401))]
    async with running_api(replies) as api:
        session = await Talk.at(tmp_path, api.url).open(no_session_persistence=not saved)
        await session.prompt("Hi.")
        assert not session.unsay()
        assert (await session.prompt("Fix it.")).reason == "model_error"
        assert session.unsay() and not session.unsay()
        assert session.checkpoints is not None
        assert [told.text for told in session.checkpoints._recording.told] == ["Hi."] * saved
        assert (await session.prompt("Fix it.")).text == "Now."
        await session.aclose()
    assert texts(api.requests[-1]) == ["Hi.", "Hello.", "Fix it."]
    assert bool(_all(tmp_path)) == saved


@pytest.mark.behaviour("B-961")
async def test_a_resumed_session_agrees_that_a_prompt_was_unsaid(tmp_path: Path) -> None:
    async with running_api([turn("Hello."), turn("x", wait=60), turn("Now.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        await session.prompt("Hi.")
        running = asyncio.ensure_future(session.prompt("Wrong words."))
        await requested(api, 2)
        with pytest.raises(ProtocolError):
            session.unsay()
        session.interrupt()
        await running
        assert session.unsay()
        await session.aclose()
        assert await talk.say("Right words.", Start(resume=session.facts.session_id)) == "Now."
    assert texts(api.requests[-1]) == ["Hi.", "Hello.", "Right words."]
    assert api.context_edits


@pytest.mark.behaviour("B-961")
async def test_the_first_prompt_of_a_session_can_be_unsaid(tmp_path: Path) -> None:
    async with running_api([turn("Hello.", fault=fault("status", 401))]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        await session.prompt("Hi!")
        assert session.unsay() and kinds(session) == ["context"]
        assert (await session.prompt("Hi.")).text == "Hello."
        assert kinds(session) == ["context", "prompt", "reply"]
        await session.aclose()
    assert texts(api.requests[-1]) == ["Hi."]


@pytest.mark.behaviour("B-961")
async def test_what_was_answered_in_part_stays(tmp_path: Path) -> None:
    front = Front(TextDelta, lambda: session.interrupt())
    async with running_api([turn("Some words of an answer. " * 50, delay=0.01)]) as api:
        session = await Talk.at(tmp_path, api.url).open(front=front)
        assert (await session.prompt("Go.")).reason == "interrupted"
        assert not session.unsay() and kinds(session)[-2:] == ["prompt", "reply"]
        await session.aclose()


@pytest.mark.behaviour("B-962")
async def test_pictures_go_along_with_a_prompt_and_a_steer(tmp_path: Path) -> None:
    picture = png(20, 10)
    path = tmp_path / "shot.png"
    path.write_bytes(base64.b64decode(picture.data))
    front = Front(ToolStarted, lambda: session.steer("And this.", [path]))
    async with running_api([turn(tool("Bash", command="true")), turn("Seen.")]) as api:
        session = await Talk.at(tmp_path, api.url).open(front=front)
        assert (await session.prompt("Look.", [picture, path])).text == "Seen."
        await session.aclose()
    sent = [part["type"] for message in api.requests[1]["messages"] for part in message["content"]]
    assert sent.count("image") == 3
    assert json.dumps(api.requests[0]).count(picture.data) == 2


@pytest.mark.behaviour("B-962")
@pytest.mark.parametrize("content", [b"no picture", b"", None])
async def test_a_bad_picture_is_named_and_nothing_is_said(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad\x1b[31m.png"
    if content is not None:
        path.write_bytes(content)
    async with running_api([turn("never")]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        for say in (session.steer, session.prompt):
            with pytest.raises(SessionError, match=r"bad.*\.png cannot be sent: ") as caught:
                said = say("Look.", [path])
                if said is not None:
                    await said
            assert "\x1b" not in str(caught.value) and "\n" not in str(caught.value)
        assert kinds(session) == [] and session.steering.queued == ()
        await session.aclose()
    assert api.requests == []
