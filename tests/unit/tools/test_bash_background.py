from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import Internal, ToolOutput
from coder.tools.bash import Bash, BashSettings
from coder.tools.shells import Shells
from coder.tools.task_output import TaskOutput, TaskOutputParams
from coder.tools.task_stop import TaskStop, TaskStopParams
from coder.workspace.local import LocalWorkspace
from tests.support.processes import is_alive, linux_only, pid_in, until
from tests.support.toolbox import Toolbox, text_of


class Background:
    """One session's Bash and its companions on a real workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.shells = Shells()
        self.workspace = LocalWorkspace(self.folder)
        self.box = Toolbox(self.folder, workspace=self.workspace)

    async def start(self, command: str) -> ToolOutput:
        return await self.box.call(Bash(self.shells), command=command, run_in_background=True)

    async def look(self, task_id: str = "b1", **given: Any) -> dict[str, Any]:
        output = await self.box.call(TaskOutput(self.shells), task_id=task_id, **given)
        assert output.data is not None
        return {"text": text_of(output), "retrieval": output.data["retrieval_status"], **output.data["task"]}

    async def stop(self, **given: Any) -> ToolOutput:
        return await self.box.call(TaskStop(self.shells), **given)

    async def has_printed(self, text: str, task_id: str = "b1") -> None:
        path = self.shells.find(task_id).output
        await until(lambda: text in path.read_text())

    def says(self, line: str) -> None:
        """Lets a command that waits for this file go on."""
        (self.folder / line).touch()


WAIT = "until [ -e {0} ]; do sleep 0.01; done"


@pytest.fixture
async def background(tmp_path: Path) -> AsyncIterator[Background]:
    background = Background(tmp_path)
    yield background
    await background.shells.aclose()
    await background.workspace.aclose()


@pytest.mark.behaviour("B-265")
async def test_a_background_command_is_known_by_an_id_and_a_file(background: Background) -> None:
    output = await background.start(f"echo hello; {WAIT.format('go')}")
    shell = background.shells.find("b1")
    assert output.data is not None
    assert (output.data["backgroundTaskId"], output.summary) == ("b1", "background b1")
    assert f"as b1. All it prints goes to {shell.output}\n" in text_of(output)
    assert [each.id for each in background.shells.running] == ["b1"]
    await background.has_printed("hello\n")


@pytest.mark.behaviour("B-265")
async def test_each_look_returns_only_what_is_new(background: Background) -> None:
    await background.start(f"echo one; {WAIT.format('go')}; echo two; exit 3")
    await background.has_printed("one\n")
    first = await background.look(block=False)
    assert (first["output"], first["status"], first["exitCode"], first["retrieval"]) == (
        "one",
        "running",
        None,
        "not_ready",
    )
    again = await background.look(timeout=20)
    assert (again["output"], again["retrieval"]) == ("", "timeout")
    assert again["text"].endswith("Nothing new was printed.")
    background.says("go")
    last = await background.look()
    assert (last["output"], last["status"], last["exitCode"], last["retrieval"]) == ("two", "failed", 3, "success")
    assert last["text"] == "b1 ended with exit code 3.\n\ntwo"
    assert background.shells.running == ()
    assert (await background.look())["output"] == ""


async def test_a_character_printed_in_two_halves_is_not_torn(background: Background) -> None:
    await background.start(rf"printf 'a\303'; {WAIT.format('go')}; printf '\244b\n'")
    path = background.shells.find("b1").output
    await until(lambda: path.read_bytes() == b"a\xc3")
    assert (await background.look(block=False))["output"] == "a"
    background.says("go")
    assert (await background.look())["output"] == "äb"


async def test_much_new_output_is_cut_in_the_middle_and_the_file_named(background: Background) -> None:
    await background.start("seq 1 300000")
    seen = await background.look()
    path = background.shells.find("b1").output
    assert f"left out. Everything printed is in {path}]" in seen["text"]
    assert seen["output"].endswith("\n299999\n300000")
    assert len(seen["text"]) < 30_500
    assert path.read_text().count("\n") == 300_000


@pytest.mark.behaviour("B-266")
@linux_only
@pytest.mark.parametrize("name", ["task_id", "shell_id"])
async def test_stopping_ends_the_command_and_all_it_started(background: Background, name: str) -> None:
    await background.start("trap '' TERM; setsid sleep 999 & echo $! > pid; wait")
    await until(lambda: pid_in(background.folder / "pid") is not None)
    output = await background.stop(**{name: "b1"})
    assert output.data is not None
    assert output.data["task_id"] == "b1"
    assert output.data["task_type"] == "local_bash"
    assert text_of(output).startswith("Stopped b1 and all it had started: trap")
    pid = pid_in(background.folder / "pid")
    assert pid is not None
    assert not is_alive(pid)
    seen = await background.look()
    assert (seen["status"], seen["text"].split("\n")[0]) == ("killed", "b1 was stopped.")


async def test_stopping_what_has_ended_says_how_it_ended(background: Background) -> None:
    await background.start("exit 4")
    await background.look()
    assert text_of(await background.stop(task_id="b1")).startswith("b1 had already ended, with exit code 4.")
    assert (await background.look())["status"] == "failed"


@linux_only
async def test_stopping_ends_what_an_ended_command_left_behind(background: Background) -> None:
    await background.start("sleep 999 & echo $! > pid")
    assert "Something it started still runs." in (await background.look())["text"]
    assert "could not be killed" not in text_of(await background.stop(task_id="b1"))
    pid = pid_in(background.folder / "pid")
    assert pid is not None
    assert not is_alive(pid)


async def test_an_unknown_id_is_answered_with_the_known_ones(background: Background) -> None:
    with pytest.raises(ToolError, match="No command was started in the background"):
        await background.look("b9")
    await background.start("exit 0")
    await background.look()
    with pytest.raises(ToolError, match=r"no background task|There are: b1 \(completed: exit 0\)"):
        await background.stop(task_id="b9")
    with pytest.raises(ToolError, match="`task_id` is missing"):
        await background.stop()
    with pytest.raises(ToolError, match="`timeout` is -1"):
        await background.look(timeout=-1)


@pytest.mark.behaviour("B-267")
@linux_only
async def test_the_end_of_the_session_ends_background_commands(background: Background) -> None:
    await background.start("sleep 999 & echo $! > pid; wait")
    await until(lambda: pid_in(background.folder / "pid") is not None)
    await background.shells.aclose()
    pid = pid_in(background.folder / "pid")
    assert pid is not None
    assert not is_alive(pid)
    assert background.shells.find("b1").state == "killed"


async def test_a_background_command_does_not_move_the_shell(background: Background) -> None:
    await background.start("cd /")
    await background.look()
    assert background.workspace.cwd == background.folder


async def test_a_person_can_switch_background_commands_off(background: Background) -> None:
    bash = Bash(background.shells, BashSettings(has_background=False))
    with pytest.raises(ToolError, match="switched off"):
        await background.box.call(bash, command="true", run_in_background=True)


def test_looking_and_stopping_need_no_permission(tmp_path: Path) -> None:
    workspace, shells = LocalWorkspace(tmp_path), Shells()
    assert TaskOutput(shells).access(TaskOutputParams("b1"), workspace) == Internal()
    assert TaskStop(shells).access(TaskStopParams("b1"), workspace) == Internal()
    assert TaskStop(shells).summary(TaskStopParams(shell_id="b2")) == "b2"
