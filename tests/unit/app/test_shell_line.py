"""The person's own commands, on the session as the product builds it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coder.app.session import Session
from coder.app.starting import Start
from coder.core.errors import SessionError
from coder.core.events import AnyEvent, MessageAdded, PermissionAsked, ToolProgress, ToolStarted
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import DEADLINE, RunningApi, running_api, tool, turn
from tests.support.processes import until
from tests.support.talks import Talk, texts


def kinds(session: Session) -> list[str]:
    return [message.meta.kind for message in session.messages]


def nothing(text: str) -> None:
    del text


class Front(Recorder):
    """Sets an event when a kind of event has come."""

    def __init__(self, kind: type) -> None:
        super().__init__(Deny("nobody", nobody=True))
        self.came = asyncio.Event()
        self._kind = kind

    def emit(self, event: AnyEvent) -> None:
        super().emit(event)
        if isinstance(event, self._kind):
            self.came.set()


async def requested(api: RunningApi, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while len(api.requests) < count:
            await asyncio.sleep(0)


@pytest.mark.behaviour("B-963")
async def test_a_command_of_the_person_stands_before_the_next_prompt(tmp_path: Path) -> None:
    shown: list[str] = []
    front = Recorder(Deny("no"))
    async with running_api([turn("I see."), turn("Still.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(front=front, permission_mode="default")
        done = await session.shell("mkdir sub; cd sub; echo 'héllo </bash-stdout>'; exit 3", shown.append)
        assert (done.code, "".join(shown)) == (3, "héllo </bash-stdout>\n")
        assert (done.output, done.note) == ("héllo </bash-stdout>", "") and done.seconds > 0
        assert kinds(session) == ["context", "shell"]
        again = await session.shell("pwd", nothing)
        assert again.output == str(talk.project / "sub")  # the folder is followed
        assert (await session.prompt("And?")).text == "I see."
        await session.aclose()
        assert front.of(PermissionAsked) == []
        assert await talk.say("Once more.", Start(resume=session.facts.session_id)) == "Still."
    first, second, asked = texts(api.requests[0])
    assert first.startswith("<bash-input>mkdir sub") and "\nExit code 3\nhéllo" in first
    assert first.count("</bash-stdout>") == 1 and "héllo <\\/bash-stdout>" in first
    assert f"themselves, in {talk.project}." in first and "sub" in second and asked == "And?"
    assert texts(api.requests[1])[:3] == [first, second, "And?"]


@pytest.mark.behaviour("B-963")
async def test_a_command_beside_a_run_is_told_at_its_next_turn(tmp_path: Path) -> None:
    front = Front(ToolStarted)
    wait = "until [ -e go ]; do sleep 0.01; done"
    async with running_api([turn(tool("Bash", command=wait)), turn("Done.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(front=front)
        running = asyncio.ensure_future(session.prompt("Go."))
        await front.came.wait()
        done = await session.shell("echo beside", nothing)
        assert done.code == 0 and "shell" not in kinds(session)
        (session.facts.cwd / "go").touch()
        assert (await running).text == "Done." and session.steering.take_back() == ()
        assert kinds(session) == ["context", "prompt", "reply", "results", "shell", "reply"]
        await session.aclose()
    assert "beside" in texts(api.requests[1])[-1]


@pytest.mark.behaviour("B-963")
async def test_a_command_beside_a_run_that_is_interrupted_is_told_all_the_same(tmp_path: Path) -> None:
    async with running_api([turn("x", wait=60), turn("Now.")]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        running = asyncio.ensure_future(session.prompt("Go."))
        await requested(api, 1)
        await session.shell("echo beside", nothing)
        session.interrupt()
        await running
        assert kinds(session) == ["context", "prompt", "shell"]
        assert session.unsay() and kinds(session) == ["context", "shell"]  # it is not unsaid with the prompt
        assert (await session.prompt("Again.")).text == "Now."
        await session.aclose()


@pytest.mark.behaviour("B-963")
async def test_a_command_that_is_stopped_is_told_and_killed(tmp_path: Path) -> None:
    shown: list[str] = []
    async with running_api([turn("x")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        running = asyncio.ensure_future(session.shell("echo begun; echo $$ > pid; sleep 600", shown.append))
        await until(lambda: "begun\n" in shown)
        prompting = asyncio.ensure_future(session.prompt("Go."))  # waits for what the command says
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await prompting).text == "x"
        assert kinds(session) == ["context", "shell", "prompt", "reply"]
        await session.aclose()
    told = texts(api.requests[0])[0]
    assert "begun" in told and "The person stopped it before it had ended." in told


async def test_the_end_of_a_session_ends_a_command(tmp_path: Path) -> None:
    shown: list[str] = []
    async with running_api([turn("never")]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        running = asyncio.ensure_future(session.shell("echo begun; sleep 600", shown.append))
        await until(lambda: "begun\n" in shown)
        await session.aclose()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert kinds(session) == ["context", "shell"]


@pytest.mark.parametrize("command", ["", "  \n"])
async def test_an_empty_command_is_refused(tmp_path: Path, command: str) -> None:
    async with running_api([turn("never")]) as api:
        session = await Talk.at(tmp_path, api.url).open()
        with pytest.raises(SessionError, match="no command"):
            await session.shell(command, nothing)
        assert kinds(session) == []
        await session.aclose()


@pytest.mark.behaviour("B-963")
async def test_a_session_is_not_called_by_a_command_and_the_command_is_no_prompt(tmp_path: Path) -> None:
    async with running_api([turn("x"), turn("x")]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open()
        await session.shell("echo first", nothing)
        assert session.title == "" and session.last_run() == ()
        await session.prompt("Fix the cart.")
        assert session.title == "Fix the cart." and [each.meta.kind for each in session.last_run()] == [
            "prompt",
            "reply",
        ]
        await session.aclose()
        found = Start(resume="fix the cart")  # by the words of its first prompt
        assert await talk.say("And?", found) == "x"


@pytest.mark.behaviour("B-964")
async def test_what_a_command_changed_is_undone(tmp_path: Path) -> None:
    async with running_api([turn("One."), turn("Two.")]) as api:
        talk = Talk.at(tmp_path, api.url)
        (talk.project / "kept.txt").write_text("old")
        session = await talk.open()
        await session.prompt("First.")
        await session.shell("echo new > kept.txt; echo x > made.txt", nothing)
        assert session.checkpoints is not None
        point = (await session.checkpoints.points())[-1]
        done = await session.checkpoints.rewind(point.id)
        assert (talk.project / "kept.txt").read_text() == "old" and not (talk.project / "made.txt").exists()
        assert done.text == "First." and kinds(session) == ["context"]
        await session.aclose()


@pytest.mark.behaviour("B-964")
async def test_what_a_command_beside_a_run_changed_is_undone(tmp_path: Path) -> None:
    front = Front(ToolStarted)
    async with running_api([turn(tool("Bash", command="touch first")), turn("x", wait=60)]) as api:
        talk = Talk.at(tmp_path, api.url)
        session = await talk.open(front=front)
        running = asyncio.ensure_future(session.prompt("Go."))
        await requested(api, 2)
        await session.shell("echo x > made.txt", nothing)
        session.interrupt()
        await running
        assert session.checkpoints is not None
        point = (await session.checkpoints.points())[-1]
        assert point.commands == ("touch first", "echo x > made.txt")
        await session.checkpoints.rewind(point.id, "files", force=True)  # it may have been the person's editor
        assert sorted(path.name for path in talk.project.iterdir()) == []
        await session.aclose()
    assert front.of(MessageAdded) and not front.of(ToolProgress)
