"""Hooks that are commands: real ones, and everything they do wrong."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import sys

import pytest

from coder.core.events import Notice
from coder.hooks.child import KEPT
from coder.hooks.environment import DEPTH
from tests.support.hooking import Bench, command, on
from tests.support.processes import children, is_alive, linux_only, open_files, pid_in, until

HANG = "exec sleep 1000"


@pytest.mark.behaviour("B-1176")
async def test_a_hook_reads_the_input_and_answers(bench: Bench) -> None:
    part = await bench.one("cat")
    assert json.loads(part.ended.stdout)["tool_input"]["command"] == "npm test"
    assert part.ended.code == 0
    (started,), (ended,) = bench.started, bench.ended
    assert (started.id, started.name, started.point) == (ended.id, "PreToolUse:Bash", "PreToolUse")
    assert (ended.outcome, ended.code, ended.problem) == ("success", 0, "")


@pytest.mark.parametrize(
    ("line", "code", "problem"),
    [
        ("exit 0", 0, ""),
        ("echo no >&2; exit 1", 1, "exit code 1: no"),
        ("nosuch-program", 127, "exit code 127: "),
        ("exit 129", 129, "exit code 129"),
        ("kill -9 $$", 137, "exit code 137"),
        ("echo '{'", 0, "it printed JSON that cannot be read"),
        ("printf '\\377\\376'; printf '\\377' >&2; exit 1", 1, "exit code 1: \N{REPLACEMENT CHARACTER}"),
    ],
)
async def test_how_it_ended_is_told(bench: Bench, line: str, code: int, problem: str) -> None:
    part = await bench.one(line)
    assert part.ended.code == code
    assert part.outcome.problem.startswith(problem)
    assert bool(part.outcome.problem) == bool(problem)
    assert bench.ended[0].outcome == ("error" if problem else "success")


async def test_exit_2_blocks(bench: Bench) -> None:
    part = await bench.one("echo never do that >&2; exit 2")
    assert (part.outcome.verdict, part.outcome.reason) == ("deny", "never do that")
    assert bench.ended[0].outcome == "success"


@pytest.mark.behaviour("B-1177")
@pytest.mark.parametrize(
    "line",
    [
        f"echo $$ > pid; {HANG}",
        f"trap '' TERM; echo $$ > pid; {HANG}",
        f"({HANG}) & echo $! > pid; wait",
        f"(trap '' TERM; {HANG}) & echo $! > pid; wait",
    ],
    ids=["hangs", "ignores SIGTERM", "child", "child ignores SIGTERM"],
)
async def test_a_hook_that_hangs_is_ended_with_all_its_group(bench: Bench, line: str) -> None:
    part = await bench.one(line, timeout=0.5)
    assert part.ended.timed_out
    assert part.ended.code is None
    assert part.outcome.problem == "took longer than 0.5 s and was ended"
    assert not part.outcome.blocked
    pid = pid_in(bench.folder / "pid")
    assert pid is not None
    await until(lambda: not is_alive(pid))


@pytest.mark.behaviour("B-1177")
async def test_a_hook_is_ended_with_the_run(bench: Bench) -> None:
    running = asyncio.ensure_future(bench.one(f"trap '' TERM; echo $$ > pid; {HANG}"))
    await until(lambda: pid_in(bench.folder / "pid") is not None)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    pid = pid_in(bench.folder / "pid")
    assert pid is not None
    await until(lambda: not is_alive(pid))
    assert bench.ended[0].outcome == "cancelled"


@pytest.mark.behaviour("B-1178")
async def test_a_gigabyte_costs_no_memory(bench: Bench) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    part = await bench.one("head -c 1000000000 /dev/zero; echo end >&2; exit 2")
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit < 50 * KEPT
    assert part.outcome.reason == "end"
    assert part.ended.stdout.endswith(f"[{1_000_000_000 - KEPT:,} more bytes were not kept]")
    assert len(bench.ended[0].stdout) == 10_000


@pytest.mark.behaviour("B-1178")
async def test_a_long_text_for_the_model_goes_to_a_file(bench: Bench) -> None:
    part = await bench.one("seq 1 20000", "SessionStart")
    (note,) = part.outcome.notes
    assert note.startswith("1\n2\n")
    assert len(note) < 3_000
    (file,) = (bench.folder / "spill").iterdir()
    assert str(file) in note
    assert file.read_text().endswith("\n20000")
    assert file.stat().st_mode & 0o777 == 0o600
    denied = await bench.one("seq 1 20000 >&2; exit 2")
    assert len(denied.outcome.reason) < 3_000
    assert denied.outcome.reason == denied.outcome.verdict_reason


async def test_a_long_text_is_cut_where_no_file_can_be_made(bench: Bench) -> None:
    (bench.folder / "spill").write_text("in the way")
    part = await bench.one("seq 1 20000", "SessionStart")
    assert "The rest could not be kept." in part.outcome.notes[0]


@pytest.mark.behaviour("B-1179")
async def test_a_daemon_that_keeps_the_pipes_holds_nothing_up(bench: Bench) -> None:
    part = await bench.one(f'({HANG}) & echo $! > pid; echo \'{{"decision": "block", "reason": "r"}}\'')
    assert part.outcome.reason == "r"
    pid = pid_in(bench.folder / "pid")
    assert pid is not None
    assert is_alive(pid)  # it was meant to live on
    os.kill(pid, 9)


async def test_a_daemon_that_prints_for_ever_holds_nothing_up(bench: Bench) -> None:
    part = await bench.one("yes & echo $! > pid; exit 2", "Stop")
    assert part.outcome.blocked
    pid = pid_in(bench.folder / "pid")
    assert pid is not None
    await until(lambda: not is_alive(pid))  # nobody listens any more


@pytest.mark.parametrize("line", ["exec 0<&-; echo fine >&2; exit 2", "head -c 5 >/dev/null; echo fine >&2; exit 2"])
async def test_a_hook_need_not_read_a_large_input(bench: Bench, line: str) -> None:
    engine = bench.engine(on("UserPromptSubmit", command(line)))
    merged = await bench.run(engine, "UserPromptSubmit", prompt="x" * 5_000_000)
    assert merged.said.reason == "fine"


async def test_a_large_input_arrives_whole(bench: Bench) -> None:
    engine = bench.engine(on("UserPromptSubmit", command("wc -c")))
    merged = await bench.run(engine, "UserPromptSubmit", prompt="ü\ud800" * 1_000_000)
    assert int(merged.said.notes[0]) > 3_000_000


@pytest.mark.behaviour("B-1180")
async def test_what_cannot_be_started_says_why(bench: Bench) -> None:
    (bench.folder / "script.sh").write_text("#!/bin/sh\n")
    missing = await bench.one("./nosuch", args=[])
    assert missing.outcome.problem == "./nosuch cannot be started: it is not there. Check its path"
    forbidden = await bench.one("./script.sh", args=["x"])
    assert "chmod +x" in forbidden.outcome.problem
    bench.env["PATH"] = str(bench.folder)
    no_shell = await bench.one("echo hi", shell="powershell")
    assert no_shell.outcome.problem == "its shell pwsh is not installed"
    long = await bench.one("x", args=["y" * 200_000])
    assert "cannot be started" in long.outcome.problem
    assert all(ended.outcome == "error" for ended in bench.ended)


async def test_words_are_handed_on_as_they_are(bench: Bench) -> None:
    part = await bench.one("printf", "SessionStart", args=["%s|", "a b", "$HOME; exit 2", "${CLAUDE_PROJECT_DIR}/x"])
    assert part.outcome.notes == (f"a b|$HOME; exit 2|{bench.folder}/x|",)


async def test_it_has_no_terminal_and_a_group_of_its_own(bench: Bench) -> None:
    part = await bench.one(
        "(: </dev/tty) 2>/dev/null || echo none; ps -o pid=,pgid=,sid= -p $$ | tr -s ' '", "SessionStart"
    )
    said = part.outcome.notes[0].split()
    assert said[0] == "none"
    assert len(set(said[1:])) == 1


async def test_it_runs_where_the_session_is(bench: Bench) -> None:
    (bench.folder / "sub").mkdir()
    engine = bench.engine(on("SessionStart", command("pwd -P")))
    there = await bench.run(engine, "SessionStart", cwd=str(bench.folder / "sub"))
    assert there.said.notes == (str((bench.folder / "sub").resolve()),)
    gone = await bench.run(engine, "SessionStart", cwd=str(bench.folder / "gone"))
    assert gone.said.notes == (str(bench.folder.resolve()),)


@pytest.mark.behaviour("B-1181")
async def test_a_hook_that_starts_coder_ends_somewhere(bench: Bench) -> None:
    part = await bench.one(f"echo ${DEPTH}", "SessionStart")
    assert part.outcome.notes == ("1",)
    bench.env[DEPTH] = "2"
    assert (await bench.one(f"echo ${DEPTH}", "SessionStart")).outcome.notes == ("3",)
    bench.env[DEPTH] = "3"
    bench.told.clear()
    engine = bench.engine(on("SessionStart", command("touch ran")))
    assert (await bench.run(engine, "SessionStart")).parts == ()
    await bench.run(engine, "SessionStart")
    assert not (bench.folder / "ran").exists()
    (notice,) = bench.told
    assert isinstance(notice, Notice)
    assert "Hooks are off" in notice.text


@linux_only
async def test_nothing_is_left_open(bench: Bench) -> None:
    await bench.one("exit 2")
    files, own = open_files(), children()
    for line in ("exit 0", "cat", f"{HANG}", "exec >&- 2>&-; exit 3", "kill -15 $$"):
        await bench.one(line, timeout=0.2)
    await bench.one("nosuch", args=[])
    gc.collect()
    await until(lambda: (open_files(), children()) == (files, own))
