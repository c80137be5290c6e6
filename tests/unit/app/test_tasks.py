"""Commands in the background of a session, on the session as the product builds it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from coder.app.session import Session
from coder.core.errors import SessionError
from coder.core.events import AnyEvent, TaskEnded, ToolFinished, ToolStarted
from coder.core.requests import Deny
from tests.support.engine import Recorder
from tests.support.fakeapi import running_api, tool, turn
from tests.support.processes import is_alive, pid_in, until
from tests.support.talks import Talk

WAIT = "until [ -e {0} ]; do sleep 0.01; done"


class Front(Recorder):
    def __init__(self, kind: type) -> None:
        super().__init__(Deny("nobody", nobody=True))
        self.came = asyncio.Event()
        self._kind = kind

    def emit(self, event: AnyEvent) -> None:
        super().emit(event)
        if isinstance(event, self._kind):
            self.came.set()


async def sent_back(session: Session, front: Front, folder: Path) -> None:
    """Sends the command of a run that has printed something to the background."""
    await front.came.wait()
    await until((folder / "printed").exists)
    assert session.tasks.send_back()


@pytest.mark.behaviour("B-965")
@pytest.mark.behaviour("B-966")
async def test_the_command_of_a_run_is_sent_to_the_background(tmp_path: Path) -> None:
    command = f"echo begun; touch printed; {WAIT.format('go')}; echo later; exit 4"
    look = tool("TaskOutput", task_id="b1")
    async with running_api([turn(tool("Bash", command=command)), turn(look), turn("Done.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front(ToolStarted)
        session = await talk.open(front=front)
        assert not session.tasks.send_back()
        running = asyncio.ensure_future(session.prompt("Go."))
        await sent_back(session, front, talk.project)
        await until(lambda: bool(front.of(ToolFinished)))
        (task,) = session.tasks.all
        assert (task.id, task.state, task.code, task.last, task.command) == ("b1", "running", None, "begun", command)
        await until(lambda: task.output.is_file() and task.output.read_text() == "begun\n")
        (talk.project / "go").touch()
        assert (await running).text == "Done."
        await until(lambda: bool(front.of(TaskEnded)))
        (task,) = session.tasks.all
        assert (task.state, task.code, task.last) == ("failed", 4, "later") and task.seconds > 0
        assert task.output.read_text() == "begun\nlater\n"
        assert not session.tasks.send_back()
        await session.aclose()
    first, second = front.of(ToolFinished)
    told = first.result.content[0].text
    assert "sent it to the background as b1" in told and told.endswith("begun") and str(task.output) in told
    assert first.data["backgroundTaskId"] == "b1" and first.data["backgroundedByUser"] is True
    assert first.summary == "background b1" and not first.result.is_error
    assert "later" in second.result.content[0].text and "begun" not in second.result.content[0].text
    (ended,) = front.of(TaskEnded)
    assert (ended.id, ended.command, ended.state, ended.code) == ("b1", command, "failed", 4)


@pytest.mark.behaviour("B-965")
async def test_a_long_output_is_whole_in_the_file_of_a_command_that_was_sent_back(tmp_path: Path) -> None:
    command = f"seq 300000; touch printed; {WAIT.format('go')}; echo later"
    async with running_api([turn(tool("Bash", command=command)), turn("Done.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front(ToolStarted)
        session = await talk.open(front=front)
        running = asyncio.ensure_future(session.prompt("Go."))
        await sent_back(session, front, talk.project)
        await running
        (talk.project / "go").touch()
        await until(lambda: bool(front.of(TaskEnded)))
        lines = session.tasks.all[0].output.read_text().split()
        assert lines == [*map(str, range(1, 300_001)), "later"]
        await session.aclose()


@pytest.mark.behaviour("B-966")
async def test_a_command_in_the_background_is_stopped(tmp_path: Path) -> None:
    command = "echo $$ > pid; sleep 600"
    async with running_api([turn(tool("Bash", command=command, run_in_background=True)), turn("Done.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front(TaskEnded)
        session = await talk.open(front=front)
        await session.prompt("Go.")
        with pytest.raises(SessionError, match="b9"):
            await session.tasks.stop("b9")
        await until(lambda: pid_in(talk.project / "pid") is not None)
        await session.tasks.stop("b1")
        await front.came.wait()
        pid = pid_in(talk.project / "pid")
        assert pid is not None and not is_alive(pid)
        assert [task.state for task in session.tasks.all] == ["killed"]
        await session.tasks.stop("b1")
        await session.aclose()
    assert [event.state for event in front.of(TaskEnded)] == ["killed"]


@pytest.mark.behaviour("B-966")
async def test_the_end_of_a_session_ends_its_tasks_and_announces_none(tmp_path: Path) -> None:
    command = "echo $$ > pid; sleep 600"
    async with running_api([turn(tool("Bash", command=command, run_in_background=True)), turn("Done.")]) as api:
        talk, front = Talk.at(tmp_path, api.url), Front(TaskEnded)
        session = await talk.open(front=front)
        await session.prompt("Go.")
        await until(lambda: pid_in(talk.project / "pid") is not None)
        await session.aclose()
        pid = pid_in(talk.project / "pid")
        assert pid is not None and not is_alive(pid)
    assert front.of(TaskEnded) == []
