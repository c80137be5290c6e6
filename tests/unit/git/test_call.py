"""The one way to start git, with programs in its place that behave as git should not."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import warnings
from pathlib import Path

import pytest

from coder.git.call import Answer, Git
from tests.support.processes import is_alive, until


def fake(folder: Path, script: str, seconds: float = 20) -> Git:
    place = folder / "bin"
    place.mkdir(exist_ok=True)
    program = place / "git"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    return Git({"PATH": f"{place}:{os.environ['PATH']}", "GIT_DIR": "/nowhere", "NAME": "value"}, [], seconds)


@pytest.mark.behaviour("B-1391")
async def test_one_that_says_too_much_is_ended_and_what_it_said_is_kept(tmp_path: Path) -> None:
    git = fake(tmp_path, f"echo $$ >{tmp_path}/pid\nexec yes something")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for answer in (await git.asked(tmp_path, most=1_000_000), git.answer(tmp_path, most=1_000_000)):
        assert (answer.code, answer.cut, len(answer.out)) == (None, "large", 1_000_001)
        assert answer.problem and answer.out.startswith(b"something\n")
        assert not is_alive(int((tmp_path / "pid").read_text()))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "KiB"
    assert git.run(tmp_path, most=1_000_000) is None and git.is_there


@pytest.mark.behaviour("B-1391")
async def test_one_that_is_slow_is_ended_and_what_it_said_is_kept(tmp_path: Path) -> None:
    git = fake(tmp_path, f"echo $$ >{tmp_path}/pid\necho begun\nsleep 600", seconds=0.5)
    for answer in (await git.asked(tmp_path), git.answer(tmp_path)):
        assert (answer.code, answer.cut, answer.out) == (None, "slow", b"begun\n")
        assert not is_alive(int((tmp_path / "pid").read_text()))
    assert git.run(tmp_path) is None and not git.is_there, "it is done without from now on"


async def test_one_that_closes_its_streams_and_stays_is_ended(tmp_path: Path) -> None:
    git = fake(tmp_path, "exec >&- 2>&- </dev/null\nsleep 600", seconds=0.5)
    assert (await git.asked(tmp_path)).cut == "slow"


async def test_one_whose_child_leaves_its_group_is_not_waited_for(tmp_path: Path) -> None:
    git = fake(tmp_path, f"setsid sh -c 'echo $$ >{tmp_path}/pid; exec sleep 600' &\nsleep 600", seconds=0.5)
    assert (await git.asked(tmp_path)).cut == "slow"
    await until(lambda: (tmp_path / "pid").exists())
    os.kill(int((tmp_path / "pid").read_text()), 9)


async def test_a_cancelled_caller_ends_it_first(tmp_path: Path) -> None:
    git = fake(tmp_path, f"echo $$ >{tmp_path}/pid.new\nmv {tmp_path}/pid.new {tmp_path}/pid\nsleep 600")
    task = asyncio.create_task(git.asked(tmp_path))
    await until(lambda: (tmp_path / "pid").exists())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not is_alive(int((tmp_path / "pid").read_text()))


def test_one_that_begins_as_its_loop_ends_is_ended_and_waited_for(tmp_path: Path) -> None:
    git = fake(tmp_path, "sleep 600")

    async def ends_at_once() -> asyncio.Task[Answer]:
        return asyncio.create_task(git.asked(tmp_path))  # begun in the loop's last round, and cancelled after it

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        asked = asyncio.run(ends_at_once())
        assert asked.cancelled()
        del asked
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


async def test_a_long_input_and_a_long_answer_do_not_wait_for_each_other(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    answer = await fake(tmp_path, "cat").asked(tmp_path, stdin=data)
    assert (answer.code, answer.out == data) == (0, True)
    assert fake(tmp_path, "exec true").answer(tmp_path, stdin=data).code == 0, "which it does not read"
    complaint = fake(tmp_path, "yes complaint | head -c 5000000 >&2; exit 3").answer(tmp_path)
    assert complaint.code == 3 and complaint.problem == "complaint" and len(complaint.err) < 100_000


async def test_what_it_is_told_of_the_environment(tmp_path: Path) -> None:
    git = fake(tmp_path, "env")
    told = git.answer(tmp_path, env={"MORE": "1", "GIT_OPTIONAL_LOCKS": None}).text.splitlines()
    assert "NAME=value" in told and "MORE=1" in told and "GIT_ALLOW_PROTOCOL=none" in told
    assert not any(line.startswith(("GIT_DIR=", "GIT_OPTIONAL_LOCKS=")) for line in told)


def test_the_line_that_matters_is_the_problem(tmp_path: Path) -> None:
    git = fake(tmp_path, "echo 'warning: so so' >&2; echo 'fatal: it is broken' >&2; exit 128")
    assert git.answer(tmp_path).problem == "it is broken"
    assert fake(tmp_path, "exit 1").answer(tmp_path).problem == ""
