"""What is measured. Each case prints its figures and the bars they are held against."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.measure import MEMORY_UNIT, interleaved, median, run
from bench.report import Report
from tests.support.fakeapi import fake_api

PYTHON = sys.executable
CODER = [PYTHON, "-m", "coder"]
RSS_BAR = 100.0
FOREVER = 1_000_000


@contextmanager
def place(folder: Path, name: str, script: Any, **options: Any) -> Iterator[tuple[dict[str, str], Path]]:
    """An empty home, an empty project and the fake API with a script: the environment to run in."""
    home, project = folder / f"{name}-home", folder / f"{name}-project"
    home.mkdir()
    project.mkdir()
    with fake_api(script, **options) as api:
        yield _env(home, api.url), project


def _env(home: Path, url: str) -> dict[str, str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    keys = {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "bench"}
    return {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": path, **keys}


def startup(report: Report, folder: Path, runs: int) -> None:
    commands = {
        "python -c pass": [PYTHON, "-c", "pass"],
        "import asyncio, httpx2": [PYTHON, "-c", "import asyncio, httpx2"],
        "coder --version": [*CODER, "--version"],
        "coder -p hello": [*CODER, "-p", "hello"],
    }
    with place(folder, "startup", [{"text": "Hello.", "repeat": FOREVER}]) as (env, project):
        found = interleaved(commands, runs, env, project)
    report.title(f"Start-up (medians of {runs} interleaved runs)")
    base = found["python -c pass"]
    for name, each in found.items():
        wall, cpu, peak = (median(each, what) for what in ("wall", "cpu", "peak"))
        ratio = cpu / median(base, "cpu")
        report.figure(
            name, f"wall {wall * 1000:.0f} ms, CPU {cpu * 1000:.0f} ms ({ratio:.1f}x pass), peak {peak:.0f} MB"
        )
    hello = found["coder -p hello"]
    version = median(found["coder --version"], "cpu") / median(base, "cpu")
    report.bar("--version: CPU against bare Python", version, 3, "x")
    report.bar(
        "--version: wall against bare Python", median(found["coder --version"], "wall") / median(base, "wall"), 3, "x"
    )
    imports = median(found["import asyncio, httpx2"], "cpu")
    report.bar("-p hello: CPU against asyncio + httpx2", median(hello, "cpu") / imports, 2.5, "x")
    report.bar("-p hello: peak memory", median(hello, "peak"), RSS_BAR, " MB")


def long_session(report: Report, folder: Path, runs: int) -> None:
    firsts, lasts, peaks = [], [], []
    for number in range(max(3, runs // 3)):
        notes = folder / f"long{number}-project" / "notes.txt"
        # From another line each time: the same call with the same result would be taken for a loop.
        reads = [{"file_path": str(notes), "offset": line} for line in range(1, 201)]
        turns = [{"blocks": [{"text": "Reading it."}, {"tool": "Read", "input": read}]} for read in reads]
        with place(folder, f"long{number}", [*turns, {"text": "Done."}]) as (env, project):
            notes.write_text("a line of notes\n" * 240, encoding="utf-8")
            found = _drive(env, project)
        firsts.append(statistics.median(found["cpu"][:20]))
        lasts.append(statistics.median(found["cpu"][180:200]))
        peaks.append(found["maxrss"] * MEMORY_UNIT / 1e6)
    first, last = statistics.median(firsts), statistics.median(lasts)
    report.title("200-turn session: CPU a turn, a Read in each")
    report.figure("turns 1-20", f"{first * 1000:.2f} ms")
    report.figure("turns 180-200", f"{last * 1000:.2f} ms")
    report.bar("turns 180-200 against turns 1-20", last / first, 1.3, "x")
    report.bar("CPU a turn", max(first, last) * 1000, 15, " ms")
    report.bar("peak memory", max(peaks), RSS_BAR, " MB")


def parallel(report: Report, folder: Path, runs: int) -> None:
    calls = [{"tool": "Bash", "input": {"command": "sleep 0.5"}} for _ in range(8)]
    times, peaks = [], []
    for number in range(max(1, runs // 2)):
        with place(folder, f"parallel{number}", [{"blocks": calls}, {"text": "Done."}]) as (env, project):
            found = _drive(env, project)
        times.append(found["tool_time"])
        peaks.append(found["maxrss"] * MEMORY_UNIT / 1e6)
    report.title("8 calls of `sleep 0.5` in one reply")
    report.bar("tool time", statistics.median(times), 0.8, " s")
    report.bar("peak memory", max(peaks), RSS_BAR, " MB")


def big_output(report: Report, folder: Path, runs: int) -> None:
    command = "yes 0123456789012345678901234567890123456789 | head -c 200000000"
    script = [{"tool": "Bash", "input": {"command": command}}, {"text": "Done."}]
    with place(folder, "big", script) as (env, project):
        bare = run(["bash", "-c", f"{command} | cat > /dev/null"], env, project)
        found = run([*CODER, "-p", "go", "--permission-mode", "bypassPermissions"], env, project)
    report.title("A command that prints 200 MB")
    report.figure("wall", f"{found.wall:.1f} s (into cat alone: {bare.wall:.1f} s)")
    report.figure("CPU of coder", f"{found.cpu:.2f} s")
    report.bar("peak memory", found.peak, RSS_BAR, " MB")


def long_answer(report: Report, folder: Path, runs: int) -> None:
    words = "".join(f"word{number % 97} " + ("\n" if number % 17 == 0 else "") for number in range(13_000))
    with place(folder, "answer", [{"text": words, "delta": 8, "repeat": FOREVER}, {"text": "x"}]) as (env, project):
        found = run([*CODER, "-p", "go"], env, project)
    report.title(f"A streamed answer of about 20,000 tokens ({len(words)} characters in {len(words) // 8} events)")
    report.figure("wall, CPU", f"{found.wall:.2f} s, {found.cpu:.2f} s")
    report.bar("peak memory", found.peak, RSS_BAR, " MB")


def big_repository(report: Report, folder: Path, runs: int) -> None:
    with place(folder, "repo", [{"text": "Hello.", "repeat": FOREVER}]) as (env, small):
        big = folder / "big-repository"
        for number in range(50_000):
            path = big / f"package{number % 200}" / f"module{number}.py"
            if number < 200:
                path.parent.mkdir(parents=True)
            path.write_text(f"value = {number}\n", encoding="utf-8")
        for top in (big, small):  # what being in a repository costs at all is in git_context
            run(["git", "init", "-q", str(top)], env)
        hello = [*CODER, "-p", "hello", "--cwd"]
        found = interleaved({"empty": [*hello, str(small)], "big": [*hello, str(big)]}, runs, env, small)
    report.title("-p hello in a repository of 50,000 files")
    for what in ("wall", "cpu"):
        ratio = median(found["big"], what) / median(found["empty"], what)
        report.bar(f"{what} against an empty repository", ratio, 1.1, "x")
    report.bar("peak memory", median(found["big"], "peak"), RSS_BAR, " MB")


def _drive(env: dict[str, str], project: Path) -> dict[str, Any]:
    done = run([PYTHON, "-m", "bench.driver"], env, project)
    if done.code != 0:
        raise SystemExit(f"bench: the driver ended with {done.code}: {done.output[-800:]}")
    found: dict[str, Any] = json.loads(done.output)
    if found["reason"] != "done":
        raise SystemExit(f"bench: the run ended with {found['reason']}: {found['error']}")
    return found


def gate(report: Report, folder: Path, runs: int) -> None:
    """Judging shell commands: those of the corpora, in a checkout of this project, with a few rules of each kind."""
    from coder.permissions.world import LocalWorld
    from tests.support.policy import policy

    top = Path(__file__).resolve().parent.parent
    world = LocalWorld(top, (top,), folder, folder / ".coder")
    judge = policy(world, allow=["Bash(npm test *)"], ask=["Bash(git push *)"], deny=["Bash(rm *)", "Read(.env)"])
    lines = [
        line
        for name in ("readonly_commands", "everyday_needs_rules")
        for line in (top / "tests" / "corpus" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    commands = [json.loads(line)["command"] for line in lines]
    judge.bash("cat a")  # loads the shell grammar and the patterns
    spent = []
    for command in commands * min(runs, 3):
        started = time.process_time()
        judge.bash(command)
        spent.append((time.process_time() - started) * 1000)
    spent.sort()
    report.title(f"The permission gate ({len(spent)} shell commands judged)")
    report.figure("CPU of one, median and most", f"{statistics.median(spent):.2f} ms, {spent[-1]:.1f} ms")
    report.bar("CPU of one, 99 of 100", spent[len(spent) * 99 // 100], 5, " ms")
    thousand = folder / "cases.jsonl"
    cases = (json.loads(line)["command"] for line in (lines * 2)[:1000])
    thousand.write_text("".join(_policy_case(command) for command in cases), encoding="utf-8")
    with place(folder, "cases", [{"text": "Not asked."}]) as (env, project):
        done = interleaved({"test": [*CODER, "permissions", "test", str(thousand)]}, min(runs, 3), env, project)
    report.bar("a thousand cases of coder permissions test", median(done["test"], "wall"), 5, " s")


def _policy_case(command: str) -> str:
    rules = {"allow": ["Bash(git *)", f"Bash({command.split()[0]} -x *)"], "deny": ["Read(.env)"]}
    return json.dumps({"tool": "Bash", "input": {"command": command}, "rules": rules}) + "\n"


ALL = (startup, long_session, parallel, big_output, long_answer, big_repository, gate)
