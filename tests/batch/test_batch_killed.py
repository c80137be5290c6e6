from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from coder.batch.local.backend import MARK
from coder.git.worktrees.trees import main_checkout, worktrees
from tests.batch.test_batch_local import line, repository
from tests.support.batching import rows_in
from tests.support.cli import CODER, Place
from tests.support.fakeapi import fake_api, fault, rule, tool, turn
from tests.support.processes import linux_only

DEADLINE = 60.0


def run(
    place: Place, argv: Sequence[str], env: Mapping[str, str], kill_at: Path | None = None, count: int = 1
) -> subprocess.CompletedProcess[str]:
    """To its end, or killed once this file has so many lines."""
    process = subprocess.Popen(
        argv, cwd=place.project, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while kill_at is not None and process.poll() is None:
        if kill_at.exists() and kill_at.read_bytes().count(b"\n") >= count:
            process.kill()
            break
        time.sleep(0.002)
    out, error = process.communicate(timeout=600)
    return subprocess.CompletedProcess(argv, process.returncode, out.decode(), error.decode())


def left_behind(home: Path) -> list[int]:
    """Processes of any attempt of this home."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                environ = Path("/proc", name, "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"HOME={home}".encode() in environ and any(each.startswith(MARK.encode()) for each in environ):
                found.append(int(name))
    return found


def gone(home: Path) -> bool:
    end = time.monotonic() + DEADLINE
    while left_behind(home):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def check(out: Path, ids: list[str]) -> None:
    rows = rows_in(out)
    assert [row["id"] for row in rows] == ids
    entries = [json.loads(each) for each in out.with_name(f"{out.name}.state").read_bytes().splitlines()]
    assert Counter(entry["id"] for entry in entries if entry["kind"] == "ended") == Counter(ids)


@linux_only
@pytest.mark.behaviour("B-2104")
def test_killed_in_the_middle_it_goes_on_with_one_result_for_each(place: Place) -> None:
    """Twelve tasks that fail at random; the scheduler is killed twice."""
    seeded = random.Random(9)
    marks, tasks, out = place.home / "marks", place.home / "tasks.jsonl", place.home / "out.jsonl"
    lines = []
    for number in range(12):
        folder = place.project / str(number)
        folder.mkdir()
        fails: dict[str, Any] = {"times": [str(folder / "fails"), 1]} if seeded.random() < 0.3 else {}
        fails = {"signal": signal.SIGSEGV} if seeded.random() < 0.1 else fails
        lines.append(line(f"t{number}", mark=str(marks), more={"cwd": str(number)}, **fails))
    tasks.write_text("\n".join(map(json.dumps, lines)))
    argv = (sys.executable, "-m", "tests.support.batching", str(tasks), str(out), "none")
    for count in (3, 7):
        assert run(place, argv, place.env(None), marks, count).returncode == -signal.SIGKILL
        assert all(row["id"] for row in rows_in(out))  # whole lines
        assert gone(place.home)
    done = run(place, argv, place.env(None))
    assert done.returncode == 0, done.stderr
    check(out, [f"t{number}" for number in range(12)])
    assert {row["status"] for row in rows_in(out)} <= {"done", "infra"}


@linux_only
@pytest.mark.behaviour("B-2104")
def test_killed_it_ends_what_it_had_begun_and_its_work_is_kept(place: Place) -> None:
    made = repository(place)
    marks, tasks, out = place.home / "marks", place.home / "tasks.jsonl", place.home / "out.jsonl"
    pid, never = place.home / "pid", place.home / "never"
    begun = f"echo $$ > {pid}; echo half >> a.txt; echo x >> {marks}; test -e {never} || sleep 600"
    tasks.write_text(json.dumps(line("a", run=begun)))
    argv = (sys.executable, "-m", "tests.support.batching", str(tasks), str(out), "auto")
    assert run(place, argv, place.env(None), marks, 1).returncode == -signal.SIGKILL
    assert gone(place.home)
    never.touch()
    done = run(place, argv, place.env(None))
    assert done.returncode == 0, done.stderr
    check(out, ["a"])
    (row,) = rows_in(out)
    (kept,) = row["earlier_branches"]
    assert (row["attempts"], made.git("show", f"{kept}:a.txt")) == (2, "old\nhalf")
    assert worktrees(main_checkout(place.project)) == []


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_two_hundred_tasks_of_coder_with_failures_and_a_kill(place: Place) -> None:
    """The real `coder -p` and `coder batch` against a server that fails at random."""
    made = repository(place)
    seeded = random.Random(2009)
    tasks, out = place.home / "tasks.jsonl", place.home / "out.jsonl"
    ids = [f"t{number:03}" for number in range(200)]
    lines = [
        {"id": id, "prompt": f"write {id}", "permission_mode": "bypassPermissions", "max_budget_usd": 5} for id in ids
    ]
    tasks.write_text("\n".join(map(json.dumps, lines)))
    work = tool("Bash", command="pwd > where.txt; echo new >> a.txt")
    rules = []
    for id in ids:
        kinds = [fault("status", 429), fault("status", 500), fault("status", 529), fault("cut", after=3)]
        if seeded.random() < 0.25:
            rules.append(rule({"last_user_contains": f"write {id}"}, work, times=1, fault=seeded.choice(kinds)))
    script: dict[str, Any] = {"rules": [rule({"last_tool": "Bash"}, "Done."), *rules], "otherwise": turn(work)}
    flags = ("--parallel", "4", "--out", str(out), "--retry-wait", "0.05", "--json", "--max-budget-usd", "1000")
    argv = (*CODER, "batch", str(tasks), *flags)
    with fake_api(script, allow_violations=True) as api:
        env = place.env(api.url, {"CLAUDE_CODE_MAX_RETRIES": "0"})
        state = out.with_name(f"{out.name}.state")
        for count in (150, 500):
            assert run(place, argv, env, state, count).returncode == -signal.SIGKILL
            assert len({row["id"] for row in rows_in(out)}) == len(rows_in(out))
        done = run(place, argv, env)
    summary = json.loads(done.stdout)
    assert (summary["ended"], summary["left"]) == (200, []), done.stderr
    check(out, ids)
    assert gone(place.home)
    rows = rows_in(out)
    print(Counter((row["status"], row["attempts"], bool(row["branch"])) for row in rows))
    for row in rows:
        assert row["status"] in ("done", "infra", "failed"), row
        if row["ok"]:
            assert made.git("show", f"{row['branch']}:a.txt") == "old\nnew"
            assert row["id"] in made.git("show", f"{row['branch']}:where.txt")
    assert worktrees(main_checkout(place.project)) == []
    assert made.git("status", "--porcelain") == "" and made.git("fsck", "--strict") is not None
