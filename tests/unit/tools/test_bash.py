from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from coder.core.errors import ToolError
from coder.core.tools import Runs, ToolOutput
from coder.tools.bash import Bash, BashParams, BashSettings
from coder.tools.schema import schema
from coder.tools.shells import Shells
from coder.workspace.local import LocalWorkspace
from tests.support.processes import is_alive, linux_only, open_files, pid_in, until
from tests.support.toolbox import Toolbox, text_of


class Terminal:
    """One session's Bash on a real workspace."""

    def __init__(self, folder: Path, settings: BashSettings | None = None) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        self.workspace = LocalWorkspace(self.folder, env=env)
        self.box = Toolbox(self.folder, workspace=self.workspace)
        self.bash = Bash(Shells(), settings)

    async def run(self, command: str, **given: Any) -> ToolOutput:
        return await self.box.call(self.bash, command=command, **given)

    async def text(self, command: str, **given: Any) -> str:
        return text_of(await self.run(command, **given))


@pytest.fixture
async def terminal(tmp_path: Path) -> AsyncIterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    await terminal.workspace.aclose()


def data_of(output: ToolOutput) -> dict[str, Any]:
    assert output.data is not None
    return output.data


async def test_what_a_command_prints_comes_back(terminal: Terminal) -> None:
    output = await terminal.run("echo out; echo err >&2")
    assert (output.content, output.summary, output.is_error) == ("out\nerr", "2 lines", False)
    assert output.data == {"stdout": "out\nerr", "stderr": "", "interrupted": False, "isImage": False}


async def test_silence_is_stated(terminal: Terminal) -> None:
    output = await terminal.run("true")
    assert (output.content, output.summary) == ("(it printed nothing)", "no output")


async def test_a_failure_begins_with_its_exit_code(terminal: Terminal) -> None:
    output = await terminal.run("echo why; exit 3")
    assert (output.content, output.summary, output.is_error) == ("Exit code 3\nwhy", "exit 3", True)
    assert await terminal.text("kill -9 $$") == "Exit code 137 (killed by SIGKILL)\n(it printed nothing)"


@pytest.mark.behaviour("B-264")
async def test_nothing_found_is_no_failure(terminal: Terminal) -> None:
    output = await terminal.run("grep needle /etc/hostname")
    assert (output.content, output.is_error) == ("No matches found (exit code 1).\n(it printed nothing)", False)
    assert data_of(output)["returnCodeInterpretation"] == "No matches found"


@pytest.mark.behaviour("B-258")
async def test_long_output_is_cut_and_the_whole_is_in_the_named_file(terminal: Terminal) -> None:
    output = await terminal.run("seq 1 20000")
    text = text_of(output)
    found = re.search(
        r"\n\n\[([\d,]+) lines \(([\d,]+) bytes\) left out here\. The whole output is in (.+)\]\n\n", text
    )
    assert found is not None
    shown = [line for part in (text[: found.start()], text[found.end() :]) for line in part.split("\n")]
    assert shown[0] == "1"
    assert shown[-1] == "20000"
    assert len(shown) + int(found[1].replace(",", "")) == 20_000
    assert 29_000 < len(text) < 30_200
    kept = Path(found[3])
    assert kept.read_text() == "".join(f"{number}\n" for number in range(1, 20_001))
    assert kept.stat().st_mode & 0o777 == 0o600
    assert data_of(output)["persistedOutputPath"] == str(kept)
    assert data_of(output)["persistedOutputSize"] == kept.stat().st_size


async def test_a_failure_is_cut_shorter_and_keeps_its_file_too(terminal: Terminal) -> None:
    output = await terminal.run("seq 1 20000; exit 2")
    text = text_of(output)
    assert text.startswith("Exit code 2\n1\n2\n")
    assert text.endswith("\n19999\n20000")
    assert len(text) < 10_300
    assert Path(data_of(output)["persistedOutputPath"]).exists()


async def test_the_same_call_id_twice_does_not_overwrite_the_first_output(terminal: Terminal) -> None:
    paths = set()
    for _ in range(2):
        terminal.box.calls = 0
        paths.add(data_of(await terminal.run("seq 1 20000"))["persistedOutputPath"])
    assert len(paths) == 2


@pytest.mark.behaviour("B-263")
async def test_a_binary_is_shown_short_and_printable(terminal: Terminal) -> None:
    text = await terminal.text("cat /bin/sh")
    assert len(text) < 2_600
    assert "looks binary" in text
    assert not [char for char in text if char < " " and char not in "\t\n"]


async def test_dropped_progress_states_are_stated(terminal: Terminal) -> None:
    text = await terminal.text(r"printf '1%%\r2%%\r100%%\n'")
    assert text == "100%\n\n2 overwritten states of progress lines not shown."


@pytest.mark.behaviour("B-253")
@linux_only
async def test_a_timeout_kills_everything_and_returns_what_was_printed(terminal: Terminal) -> None:
    command = "echo before; trap '' TERM INT; sleep 999 & echo $! > one; setsid sleep 999 & echo $! > two; sleep 999"
    output = await terminal.run(command, timeout=400)
    text = text_of(output)
    assert output.is_error
    assert text.startswith(
        "Exit code 137: not done within its timeout of 0.4s, so it was killed with all it had started."
    )
    assert "\nbefore\n" in text
    assert "run_in_background" in text
    assert data_of(output)["timedOutAfterMs"] == 400
    for name in ("one", "two"):
        pid = pid_in(terminal.folder / name)
        assert pid is not None
        assert not is_alive(pid)


@pytest.mark.behaviour("B-254")
@linux_only
@pytest.mark.parametrize("impatient", [False, True], ids=["once", "twice"])
async def test_an_interrupt_kills_everything(terminal: Terminal, impatient: bool) -> None:
    stubborn = "trap '' TERM INT; sleep 999 & echo $! > one; setsid sleep 999 & echo $! > two; wait"
    running = asyncio.create_task(terminal.run(stubborn))
    paths = [terminal.folder / name for name in ("one", "two")]
    await until(lambda: all(pid_in(path) for path in paths))
    pids = [pid_in(path) or 0 for path in paths]
    running.cancel()
    if impatient:
        await asyncio.sleep(0)
        running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.behaviour("B-256")
@linux_only
async def test_a_process_left_in_the_background_does_not_hold_the_call_and_is_told_of(terminal: Terminal) -> None:
    text = await terminal.text("sleep 999 & echo started")
    assert text.startswith("started\n\nSomething it started still runs;")
    assert "run_in_background" in text


@pytest.mark.behaviour("B-252")
@pytest.mark.parametrize(
    "command",
    ["cat", "read x", "python3 -c 'input()'", "echo x > /dev/tty", "cat < /dev/tty"],
)
async def test_what_waits_for_a_person_ends_at_once_with_a_hint(terminal: Terminal, command: str) -> None:
    assert "Commands have no terminal and empty input." in await terminal.text(command)


@pytest.mark.behaviour("B-252")
@pytest.mark.parametrize("command", ["sudo -n ls", "ssh -o ConnectTimeout=1 127.0.0.1 -p 9 true", "crontab -e"])
async def test_programs_that_want_a_person_end_whether_they_are_there_or_not(terminal: Terminal, command: str) -> None:
    assert "timedOutAfterMs" not in data_of(await terminal.run(command, timeout=60_000))


@pytest.mark.behaviour("B-262")
async def test_a_rebase_goes_on_without_an_editor(terminal: Terminal) -> None:
    setup = """
        git init -q -b main . && git config user.email a@b.c && git config user.name Ada
        echo one > f; git add f; git commit -qm one
        git checkout -qb side; echo side > f; git commit -qam side
        git checkout -q main; echo main > f; git commit -qam main
        git rebase main side; echo both > f; git add f
    """
    await terminal.run(setup)
    output = await terminal.run("git rebase --continue && git log --format=%s && git status --short")
    assert "side\nmain\none" in text_of(output)
    assert not output.is_error
    refused = await terminal.run("git commit --allow-empty")
    assert "empty commit message" in text_of(refused)


@pytest.mark.behaviour("B-259")
async def test_the_folder_carries_over_inside_the_working_directories(terminal: Terminal) -> None:
    (terminal.folder / "sub").mkdir()
    assert await terminal.text("cd sub") == "(it printed nothing)"
    assert await terminal.text("pwd") == f"{terminal.folder}/sub"
    await terminal.run("cd ..; false")
    assert terminal.workspace.cwd == terminal.folder


@pytest.mark.behaviour("B-259")
@pytest.mark.parametrize("command", ["cd /", "ln -s / out; cd out", "mkdir gone; cd gone; rmdir ../gone"])
async def test_the_folder_is_reset_outside_of_them_and_that_is_said(terminal: Terminal, command: str) -> None:
    output = await terminal.run(command)
    assert text_of(output) == f"(it printed nothing)\n\nShell cwd was reset to {terminal.folder}"
    assert data_of(output)["stderr"] == f"Shell cwd was reset to {terminal.folder}"
    assert await terminal.text("pwd") == str(terminal.folder)


@pytest.mark.behaviour("B-259")
async def test_a_folder_deleted_under_the_shell_is_left(terminal: Terminal) -> None:
    await terminal.run("mkdir gone; cd gone")
    (terminal.folder / "gone").rmdir()
    assert await terminal.text("pwd") == f"{terminal.folder}\n\nShell cwd was reset to {terminal.folder}"
    await terminal.run("mkdir gone; cd gone")
    assert "Shell cwd was reset" in await terminal.text("rmdir ../gone")


async def test_a_setting_keeps_every_command_at_the_start(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, BashSettings(keeps_cwd=False))
    await terminal.run("mkdir sub")
    assert "Shell cwd was reset" in await terminal.text("cd sub")
    await terminal.workspace.aclose()


@pytest.mark.behaviour("B-273")
async def test_what_cannot_be_started_says_why_and_what_to_do(terminal: Terminal) -> None:
    with pytest.raises(ToolError, match=r"Argument list too long\. Write it to a file"):
        await terminal.run("echo " + "x" * 20_000_000)
    with pytest.raises(ToolError, match="NUL"):
        await terminal.run("echo \0")
    with pytest.raises(ToolError, match="`command` is empty"):
        await terminal.run("  \n")
    with pytest.raises(ToolError, match="`timeout` is -5; expected milliseconds"):
        await terminal.run("true", timeout=-5)
    terminal.folder.rmdir()
    with pytest.raises(ToolError, match=f"The working directory {terminal.folder} does not exist any more"):
        await terminal.run("true")


async def test_a_long_command_shows_how_it_is_getting_on(terminal: Terminal) -> None:
    await terminal.run("for i in 1 2 3 4 5; do echo step $i; sleep 0.25; done")
    assert terminal.box.progress
    assert re.fullmatch(r"(step \d\n)*step \d", terminal.box.progress[0])


async def test_many_commands_at_once_each_get_their_own_output(terminal: Terminal) -> None:
    outputs = await asyncio.gather(*(terminal.text(f"seq 1 5000; echo mine {number}") for number in range(12)))
    assert [text.rpartition("\n")[2] for text in outputs] == [f"mine {number}" for number in range(12)]


@linux_only
async def test_interrupted_commands_leave_no_file_open(terminal: Terminal) -> None:
    await terminal.run("true")
    files = open_files()
    for _ in range(10):
        running = asyncio.create_task(terminal.run("sleep 999"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert open_files() == files


def test_settings_come_from_the_environment_and_nonsense_counts_as_unset() -> None:
    assert BashSettings.from_env({}) == BashSettings()
    env = {
        "BASH_DEFAULT_TIMEOUT_MS": "900000",
        "BASH_MAX_TIMEOUT_MS": "soon",
        "BASH_MAX_OUTPUT_LENGTH": "999999999",
        "CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR": "1",
        "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    }
    assert BashSettings.from_env(env) == BashSettings(900_000, 900_000, 150_000, False, False)


async def test_a_timeout_above_the_highest_is_the_highest(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, BashSettings(max_timeout_ms=100))
    output = await terminal.run("sleep 999", timeout=10_000_000)
    assert data_of(output)["timedOutAfterMs"] == 100
    await terminal.workspace.aclose()


def test_the_gate_is_told_the_command_and_people_see_it(tmp_path: Path) -> None:
    bash, params = Bash(Shells()), BashParams("rm -rf x")
    assert bash.access(params, LocalWorkspace(tmp_path)) == Runs("rm -rf x")
    assert bash.summary(params) == "rm -rf x"
    assert list(schema(BashParams)["properties"]) == ["command", "timeout", "description", "run_in_background"]
    assert schema(BashParams)["required"] == ["command"]
