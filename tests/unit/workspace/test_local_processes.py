from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from coder.core.workspace import Captured, ExitStatus, Process
from coder.workspace.local import LocalWorkspace
from tests.support.processes import children, is_alive, linux_only, open_files, pid_in, until

STUBBORN = "trap '' TERM INT; sleep 999 & echo $! > pid; echo ready; while :; do wait; done"


class Place:
    """A workspace with a counter for spill files."""

    def __init__(self, folder: Path, shell: Path | None = None) -> None:
        self.folder = folder / "project"
        self.folder.mkdir()
        self.spills = folder / "spills"
        self.workspace = LocalWorkspace(self.folder, shell=shell)
        self.count = 0

    async def start(self, command: str, *, live: bool = False, env: dict[str, str] | None = None) -> Process:
        self.count += 1
        spill = self.spills / f"{self.count}.txt"
        return await self.workspace.start(command, spill=spill, live=live, env=env)

    async def run(self, command: str) -> tuple[ExitStatus, Captured]:
        process = await self.start(command)
        status = await process.wait()
        assert status is not None
        return status, process.output()

    async def text(self, command: str) -> str:
        return whole((await self.run(command))[1]).decode()


def whole(captured: Captured) -> bytes:
    assert captured.omitted == 0
    return captured.head + captured.tail


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path)
    yield place
    await place.workspace.aclose()


@pytest.fixture
async def plain_sh(tmp_path: Path) -> AsyncIterator[Place]:
    place = Place(tmp_path, Path(shutil.which("dash") or "/bin/sh"))
    yield place
    await place.workspace.aclose()


@contextmanager
def few_files(number: int) -> Iterator[None]:
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, old)


@pytest.fixture
def typed() -> Iterator[None]:
    """Something is waiting on our own standard input."""
    reading, writing = os.pipe()
    os.write(writing, b"typed by a person\n")
    kept = os.dup(0)
    os.dup2(reading, 0)
    yield
    os.dup2(kept, 0)
    for fd in (reading, writing, kept):
        os.close(fd)


COMMANDS = [
    "true",
    "exit 3",
    "(exit 4)",
    "set -e; false; echo never",
    "set -eo pipefail; false | true; echo never",
    "false # a comment",
    "no-such-command-here",
    "cat <<EOF\nheredoc\nEOF",
    "cat <<'EOF'\n$HOME \"x\" # no comment\nEOF",
    "if then",
    "echo before\nif then",
    "echo 'never closed",
    "trap 'echo bye' EXIT; exit 5",
    "set -u; echo $1",
    "exec true",
    "kill -9 $$",
    "kill $$",
    "sleep 0.01 | false",
    "echo $# \"[$1]\" '$1' $0",
    "shift 3 || true; [ $# -eq 0 ]",
    "PWD=/nowhere; true",
    "unset PWD; set -u; exit 3",
    "printf '%s' a; # done",
    "set -C; set -u; cd /",
    "trap 'echo debug' DEBUG; cd /",
    "shopt -s expand_aliases\nalias hi='echo alias'\nhi",
    "f() { return 7; }; f",
    "echo \\\n",
    "#!/bin/sh\necho after a comment",
    "; echo",
    "",
]


@pytest.mark.behaviour("B-260")
@pytest.mark.parametrize("command", COMMANDS)
async def test_exit_code_and_output_are_those_of_bare_bash(place: Place, command: str) -> None:
    bare = subprocess.run(["bash", "-c", command], capture_output=True, cwd=place.folder, stdin=subprocess.DEVNULL)
    process = await place.start(f"exec 2>/dev/null\n{command}")
    status = await process.wait()
    assert status is not None
    assert (status.code, whole(process.output())) == (bare.returncode, bare.stdout)


@pytest.mark.behaviour("B-260")
@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("echo out; echo err >&2; echo out", "out\nerr\nout\n"),
        ("if then", "bash: eval: line 1: syntax error near unexpected token `then'\nbash: eval: line 1: `if then'\n"),
        ("\nnope-nope", "bash: line 2: nope-nope: command not found\n"),
    ],
)
async def test_nothing_of_ours_is_mixed_into_the_output(place: Place, command: str, text: str) -> None:
    assert await place.text(command) == text


async def test_tracing_does_not_show_how_the_folder_is_reported(place: Place) -> None:
    text = await place.text("trap 'echo seen $BASH_COMMAND' DEBUG; set -x; cd /")
    assert "pwd" not in text
    assert ".cwd" not in text


@pytest.mark.parametrize(
    ("command", "ends_in"),
    [
        ("cd /usr", "/usr"),
        ("cd /usr; exit 3", "/usr"),
        ("cd /usr; false", "/usr"),
        ("set -eu; cd /usr; set -C -x; false", "/usr"),
        ("cd() { builtin cd /usr; }; pwd() { echo liar; }; cd", "/usr"),
        ("trap 'exit 9' ERR; cd /usr; set -- a b", "/usr"),
        ("(cd /usr)", None),
        ("cd /usr | true", None),
        ("cd /nowhere", None),
        ("if then", None),
    ],
)
async def test_the_folder_the_shell_ended_in_is_told(place: Place, command: str, ends_in: str | None) -> None:
    status, _ = await place.run(command)
    assert status.cwd == (place.folder if ends_in is None else Path(ends_in))
    assert not list(place.spills.glob(".*"))


async def test_odd_folder_names_and_symlinks_come_back_as_typed(place: Place) -> None:
    (place.folder / 'it\'s \n "odd"').mkdir()
    (place.folder / "link").symlink_to("/usr")
    assert (await place.run("cd it*"))[0].cwd == place.folder / 'it\'s \n "odd"'
    assert (await place.run("cd link"))[0].cwd == place.folder / "link"
    place.workspace.chdir(place.folder / "link")
    assert await place.text("pwd") == f"{place.folder}/link\n"


@pytest.mark.behaviour("B-252")
async def test_input_is_empty_and_there_is_no_terminal(place: Place, typed: None) -> None:
    assert await place.text("cat") == ""
    assert (await place.run("read x"))[0].code == 1
    status, captured = await place.run("echo stolen > /dev/tty")
    assert status.code != 0
    assert b"/dev/tty" in whole(captured)
    process = await place.start("sleep 999")
    assert os.getsid(process.pid) == process.pid


@pytest.mark.behaviour("B-261")
async def test_credentials_are_not_in_the_environment_of_commands(tmp_path: Path) -> None:
    secrets = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_CUSTOM_HEADERS")
    env = {**os.environ, "KEPT": "yes", **dict.fromkeys(secrets, "canary")}
    workspace = LocalWorkspace(tmp_path, env=env)
    process = await workspace.start("env", spill=tmp_path / "spill", env={"EXTRA": "1"})
    await process.wait()
    text = whole(process.output()).decode()
    await workspace.aclose()
    assert "canary" not in text
    assert {"KEPT=yes", "EXTRA=1", "CLAUDECODE=1", "CODER=1"} <= set(text.split("\n"))


@pytest.mark.behaviour("B-262")
async def test_editors_and_pagers_do_nothing(place: Place) -> None:
    wanted = "$GIT_EDITOR $EDITOR $VISUAL $GIT_PAGER $PAGER $GIT_TERMINAL_PROMPT $GIT_OPTIONAL_LOCKS $DEBIAN_FRONTEND"
    assert await place.text(f"echo {wanted}") == "true true true cat cat 0 0 noninteractive\n"


@pytest.mark.behaviour("B-269")
async def test_start_up_files_are_not_read(tmp_path: Path) -> None:
    for name in (".bashrc", ".profile", ".bash_profile", "env"):
        (tmp_path / name).write_text("echo noise; sleep 999\n")
    env = {**os.environ, "HOME": str(tmp_path), "BASH_ENV": str(tmp_path / "env"), "ENV": str(tmp_path / "env")}
    for shell in (None, Path("/bin/sh")):
        workspace = LocalWorkspace(tmp_path, env=env, shell=shell)
        process = await workspace.start("echo clean", spill=tmp_path / "spill")
        await process.wait()
        assert whole(process.output()) == b"clean\n"
        await workspace.aclose()


@pytest.mark.behaviour("B-270")
@pytest.mark.parametrize("command", ["cd /usr; exit 3", "set -eux; cd /usr; (exit 3)"])
async def test_a_plain_sh_serves_where_there_is_no_bash(plain_sh: Place, command: str) -> None:
    status, captured = await plain_sh.run(command)
    assert (status.code, status.cwd) == (3, Path("/usr"))
    assert b"pwd" not in whole(captured)


async def test_a_missing_shell_is_an_error_that_names_it(tmp_path: Path) -> None:
    workspace = LocalWorkspace(tmp_path, shell=tmp_path / "no-shell")
    with pytest.raises(FileNotFoundError, match="no-shell"):
        await workspace.start("true", spill=tmp_path / "spill", live=True)
    assert list(tmp_path.iterdir()) == []
    await workspace.aclose()


async def test_a_command_of_a_megabyte_arrives_whole(place: Place) -> None:
    command = f": '{'ü' * 500_000}'; echo arrived"
    assert await place.text(command) == "arrived\n"


@pytest.mark.parametrize("command", ["echo " + "x" * 20_000_000, "echo \0", "echo \ud800"])
async def test_what_no_process_can_be_given_is_an_error(place: Place, command: str) -> None:
    with pytest.raises(OSError, match=r"too long|NUL|surrogate"):
        await place.start(command)


@pytest.mark.behaviour("B-253")
@linux_only
async def test_killing_ends_children_that_ignore_every_polite_signal(place: Place) -> None:
    process = await place.start(STUBBORN, live=True)
    await until(lambda: process.output().total > 0)
    assert await process.wait(0.05) is None
    await process.kill()
    status = process.poll()
    assert status is not None
    assert (status.code, status.left_running, status.cwd) == (-9, False, None)
    pid = pid_in(place.folder / "pid")
    assert pid is not None
    assert not is_alive(pid)


async def test_a_polite_child_has_time_to_clean_up(place: Place) -> None:
    process = await place.start("trap 'echo cleaned; exit 0' TERM; echo ready; sleep 999 & wait")
    await until(lambda: process.output().total > 0)
    await process.kill()
    assert whole(process.output()) == b"ready\ncleaned\n"


@linux_only
async def test_a_stopped_child_is_woken_to_end_politely(place: Place) -> None:
    process = await place.start("echo ready; kill -STOP $$")
    await until(lambda: "T" in Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0])
    await process.kill()
    status = process.poll()
    assert status is not None
    assert status.code == -15


@pytest.mark.behaviour("B-255")
@linux_only
@pytest.mark.parametrize(
    "escape",
    [
        "setsid sleep 999 & echo $! > {pid}; wait",
        "(setsid sh -c 'exec >&- 2>&- <&-; echo $$ > {pid}; sleep 999; :' &) ; sleep 999",
        "set -m; sleep 999 & echo $! > {pid}; wait",
        "set -m; env -i sleep 999 & echo $! > {pid}; wait",
        "sh -c 'kill -STOP $$' & echo $! > {pid}; wait",
    ],
    ids=["setsid", "double fork", "own group", "own group and empty environment", "stopped"],
)
async def test_killing_finds_children_that_left_the_group(place: Place, escape: str) -> None:
    told = place.folder / "pid"
    process = await place.start(escape.format(pid=told))
    await until(lambda: pid_in(told) is not None)
    await process.kill()
    pid = pid_in(told)
    assert pid is not None
    assert not is_alive(pid)


@pytest.mark.behaviour("B-254")
@linux_only
async def test_a_cancelled_kill_kills_at_once(place: Place) -> None:
    process = await place.start(STUBBORN)
    await until(lambda: process.output().total > 0)
    killing = asyncio.create_task(process.kill())
    await asyncio.sleep(0)
    killing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killing
    await until(lambda: not is_alive(process.pid))
    await process.kill()
    status = process.poll()
    assert status is not None
    assert status.code == -9


@pytest.mark.behaviour("B-256")
@linux_only
@pytest.mark.parametrize("prefix", ["", "setsid "], ids=["same group", "own session"])
async def test_the_end_of_the_shell_is_the_end_although_a_child_holds_the_pipe(place: Place, prefix: str) -> None:
    status, captured = await place.run(f"{prefix}sleep 999 & echo $! > pid; echo done")
    assert (status.code, status.left_running) == (0, True)
    assert whole(captured) == b"done\n"
    pid = pid_in(place.folder / "pid")
    assert pid is not None
    assert is_alive(pid)
    await place.workspace.aclose()
    assert not is_alive(pid)


@linux_only
async def test_a_child_left_running_is_not_hurt_by_what_it_prints(place: Place) -> None:
    status, _ = await place.run("(sleep 0.3; yes | head -c 3000000 && touch survived; sleep 999) & true")
    assert status.left_running
    await until((place.folder / "survived").exists)


@pytest.mark.behaviour("B-267")
@linux_only
async def test_closing_ends_everything_also_what_finished_commands_left(place: Place) -> None:
    first = await place.start("sleep 999 & echo $! > one; wait", live=True)
    daemon = "setsid sh -c 'echo $$ > two; exec sleep 999' >/dev/null 2>&1 &"
    status, _ = await place.run(f"{daemon} until [ -s two ]; do sleep 0.01; done")
    assert not status.left_running
    await place.run("sleep 999 >/dev/null 2>&1 & echo $! > three")
    pids = []
    for name in ("one", "two", "three"):
        path = place.folder / name
        await until(lambda path=path: pid_in(path) is not None)  # type: ignore[misc]  # bound at once
        pids.append(pid_in(path) or 0)
    assert all(is_alive(pid) for pid in pids)
    await place.workspace.aclose()
    assert not any(is_alive(pid) for pid in pids)
    assert first.poll() is not None


@pytest.mark.behaviour("B-271")
@linux_only
async def test_two_hundred_commands_leave_no_file_open_and_no_zombie(place: Place) -> None:
    strangers = set(children())  # of whatever ran before in this process
    await place.run("true")
    files, born = open_files(), set(children())
    for _ in range(200):
        await place.run("echo x; cd /")
    assert open_files() == files
    assert set(children()) <= born
    await place.workspace.aclose()
    assert not (set(children()) & born) - strangers


@pytest.mark.behaviour("B-257")
@linux_only
async def test_a_flood_needs_little_memory_and_is_whole_in_the_file(place: Place) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    status, captured = await place.run("yes | head -c 100000000")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (status.code, captured.total, captured.newlines) == (0, 100_000_000, 50_000_000)
    assert captured.spill is not None
    assert captured.spill.stat().st_size == 100_000_000
    assert len(captured.head) + len(captured.tail) <= 600_000
    assert grown < 50_000  # kB


async def test_the_last_line_of_a_flood_is_there(place: Place) -> None:
    _, captured = await place.run("seq 1 300000; echo the end >&2")
    assert captured.tail.endswith(b"299999\n300000\nthe end\n")
    assert captured.spill is not None
    assert captured.spill.read_bytes().endswith(b"300000\nthe end\n")


async def test_output_without_a_place_to_spill_to_is_still_bounded(place: Place) -> None:
    place.spills.write_text("a file where the folder should be")
    status, captured = await place.run("set -e; seq 1 300000; cd /; exit 3")
    assert status == ExitStatus(3, place.folder)
    assert captured.spill is None
    assert captured.omitted > 0


async def test_output_can_be_read_while_it_comes(place: Place) -> None:
    process = await place.start("echo one; mkfifo go; read x < go; echo two", live=True)
    await until(lambda: process.output().total == 4)
    assert (process.read_new(), process.read_new(), process.poll()) == (b"one\n", b"", None)
    await until(lambda: (place.spills / "1.txt").read_bytes() == b"one\n")  # a thread writes it
    await process.kill()


@pytest.mark.behaviour("B-272")
async def test_commands_run_side_by_side(place: Place) -> None:
    # Each waits for the other to have begun: one after the other they would never end.
    meet = "touch {me}; until [ -e {other} ]; do sleep 0.01; done"
    both = (place.run(meet.format(me="a", other="b")), place.run(meet.format(me="b", other="a")))
    (first, _), (second, _) = await asyncio.gather(*both)
    assert (first.code, second.code) == (0, 0)


@linux_only
@pytest.mark.parametrize("spare", range(3))
async def test_too_many_open_files_is_an_error_that_harms_nothing(place: Place, spare: int) -> None:
    await place.run("true")
    files = open_files()
    with few_files(files + spare), pytest.raises(OSError, match="open files"):
        await place.start("true", live=True)
    assert open_files() == files
    assert not list(place.spills.iterdir())
    assert (await place.run("true"))[0].code == 0


async def test_a_working_directory_that_vanished_is_an_error(place: Place) -> None:
    place.workspace.chdir(place.folder / "gone")
    with pytest.raises(FileNotFoundError, match="gone"):
        await place.start("true")
