from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from coder.batch.backend import Doing
from coder.batch.events import Began, Ended, Moved
from coder.batch.outcome import Outcome, row
from coder.batch.purse import Purse
from coder.batch.task import Task
from coder.cli.batch_ground import more_arguments
from coder.cli.batch_live import Board, rows
from coder.cli.main import run
from coder.core.errors import ConfigError
from tests.support.batching import rows_in
from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool, turn
from tests.support.repositories import Repository


def task(id: str) -> Task:
    return Task(id=id, prompt="x", cwd=Path("/"))


@pytest.mark.behaviour("B-2108")
@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(10, 120),
    height=st.integers(4, 60),
    running=st.lists(st.tuples(st.text(min_size=1, max_size=40), st.text(max_size=90)), max_size=40),
    ended=st.lists(st.text(max_size=60), max_size=30),
)
def test_the_table_fits_whatever_runs(
    width: int, height: int, running: list[tuple[str, str]], ended: list[str]
) -> None:
    board = Board(99)
    for number, text in enumerate(ended):
        each = task(f"e{number}")
        board.told(Began(each, 1), 0.0)
        board.told(Ended(each, row(each, Outcome(status="failed", error=text), 1, None, (), "")), 1.0)
    for number, (id, doing) in enumerate(running):
        each = task(f"{number}{''.join(char for char in id if char.isprintable())}")
        board.told(Began(each, 2), 0.0)
        board.told(Moved(each, Doing(3, doing)), 1.0)
    shown = rows(board, Purse(5.0, 1.0), width, height, 61.0, 0.0)
    assert len(shown) <= max(height - 1, 2) and len(shown) <= 23
    assert all(0 <= wcswidth(line) <= width for line in shown)
    assert f"{len(ended)} of 99"[: width - 1] in shown[-1]


def test_the_table_says_what_runs_and_what_has_ended() -> None:
    board = Board(3)
    one, two = task("one"), task("two")
    board.told(Began(one, 1), 0.0)
    board.told(Began(two, 2), 1.0)
    board.told(Moved(two, Doing(4, "Bash pytest\x1b[2J -q")), 2.0)
    made = row(one, Outcome(status="done", usd=0.5, seconds=3.0, branch="coder/batch/r/one"), 1, 0.5, (), "")
    board.told(Ended(one, made), 3.0)
    assert rows(board, Purse(5.0, 0.5), 100, 24, 11.0, 0.0) == [
        "  one  ✓ done · 3.0s · $0.50 · coder/batch/r/one",
        "  two  10s  step 4  Bash pytest\\x1b[2J -q (attempt 2)",
        "1 of 3 ended · 1 runs · $0.50 of $5.00 · 11s · ctrl+c: begin no more",
    ]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["other.jsonl"], "one file of tasks"),
        (["--nonsense"], "unknown flag"),
        (["-w", "x"], "-w cannot be given"),
        (["-r", "x"], "--resume cannot"),
        (["--max-budget-usd", "3"], "--task-budget-usd"),
        (["--output-format", "text", "prompt"], "a prompt cannot"),
    ],
)
def test_what_is_the_batchs_to_say_is_not_given_to_its_runs(given: list[str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        more_arguments(given)
    assert more_arguments(["--effort", "high", "--mcp-config", "x.json"])[0] == "--effort"


@pytest.mark.behaviour("B-2109")
@pytest.mark.parametrize(
    ("lines", "flags", "code", "said"),
    [
        (b'{"prompt": "a"}\nnonsense\n{"cwd": "/absent", "prompt": "b"}\n', [], 2, ["t.jsonl:2: no JSON", ":3: cwd"]),
        (b'{"prompt": "a", "base": "v9"}', [], 2, ["t.jsonl:1: base"]),
        (b"\n", [], 2, ["has no task"]),
        (b'{"prompt": "a"}', ["--max-budget-usd", "5"], 2, ["needs a limit for each task", "line 1"]),
        (b'{"prompt": "a"}', ["--isolation", "vm"], 2, ["is none of auto, worktree, copy, none"]),
        (b'{"prompt": "a"}', ["--out", "absent/x.jsonl"], 2, ["is no folder"]),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_begun(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
    lines: bytes,
    flags: list[str],
    code: int,
    said: list[str],
) -> None:
    (place.project / "t.jsonl").write_bytes(lines)
    monkeypatch.chdir(place.project)
    monkeypatch.setenv("HOME", str(place.home))
    assert run(["batch", "t.jsonl", *flags]) == code
    errors = capsys.readouterr().err
    assert all(each in errors for each in said), errors
    assert [path.name for path in place.project.iterdir()] == ["t.jsonl"]


@pytest.mark.behaviour("B-2109")
@pytest.mark.parametrize(
    ("broken", "said"), [("nonsense\n", "git cannot read"), ("ref: refs/heads/none\n", "no commit")]
)
def test_a_repository_that_cannot_be_read_is_said_and_not_copied(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: Any, broken: str, said: str
) -> None:
    made = Repository.make(place)
    made.write("t.jsonl", '{"prompt": "a"}\n')
    made.commit("begin")
    (place.project / ".git" / "HEAD").write_text(broken)
    monkeypatch.chdir(place.project)
    monkeypatch.setenv("HOME", str(place.home))
    assert run(["batch", "t.jsonl"]) == 2
    (line,) = [each for each in capsys.readouterr().err.splitlines() if each.startswith("t.jsonl:1: ")]
    assert said in line
    assert sorted(path.name for path in place.project.iterdir()) == [".git", "t.jsonl"]


@pytest.mark.behaviour("B-2109")
def test_a_dry_run_tells_the_most_it_may_cost_and_writes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (place.project / "t.jsonl").write_text('{"prompt": "a", "max_budget_usd": 3}\n{"prompt": "b"}\n')
    monkeypatch.chdir(place.project)
    monkeypatch.setenv("HOME", str(place.home))
    with pytest.raises(SystemExit) as ended:
        run(["batch", "t.jsonl", "--dry-run", "--json", "--task-budget-usd", "2"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out)["worst_case_usd"] == 5.0
    assert [path.name for path in place.project.iterdir()] == ["t.jsonl"]


@pytest.mark.behaviour("B-2107")
def test_a_run_may_what_it_may_in_its_folder_and_takes_no_module_from_there(place: Place) -> None:
    made = Repository.make(place)
    hostile = ("json.py", "coder/__init__.py", "sitecustomize.py")
    for name in hostile:
        made.write(name, "raise SystemExit(99)\n")
    made.write(".claude/settings.json", json.dumps({"permissions": {"allow": ["Bash(touch made.txt)"]}}))
    made.commit("begin")
    for name in hostile:  # of the commit alone: python itself would take them from where this test starts it
        (place.project / name).unlink()
    tasks = place.home / "t.jsonl"
    tasks.write_text('{"id": "a", "prompt": "x"}\n')
    script = {
        "rules": [rule({"last_tool": "Bash"}, "Done.")],
        "otherwise": turn(tool("Bash", command="touch made.txt")),
    }
    with fake_api(script) as api:
        off = place.coder("batch", str(tasks), "--out", str(place.home / "off.jsonl"), url=api.url)
        assert place.coder("trust", "add", "--yes").code == 0
        on = place.coder("batch", str(tasks), "--out", str(place.home / "on.jsonl"), "--json", url=api.url)
    assert (off.code, on.code) == (1, 0), (off, on)
    assert rows_in(place.home / "off.jsonl")[0]["permission_denials"] == 1
    (row,) = rows_in(place.home / "on.jsonl")
    assert made.git("show", "--name-only", "--format=", row["branch"]) == "made.txt"
    summary = json.loads(on.stdout)
    assert (summary["done"], summary["failed"], summary["exit_code"]) == (1, [], 0)
    assert not [path for path in (place.home / ".coder").glob("*.json") if "worktrees" in path.read_text()]


@pytest.mark.behaviour("B-2102")
def test_ctrl_c_waits_and_a_second_one_stops(place: Place) -> None:
    tasks = place.home / "t.jsonl"
    tasks.write_text('{"id": "a", "prompt": "x"}\n{"id": "b", "prompt": "x"}\n')
    waits = "no more is begun; the one that runs is waited for"
    with fake_api([turn("Done.", wait=0.5), turn("Done.", wait=DEADLINE)], allow_violations=True) as api:
        out = interrupted(place, tasks, api, 1, [waits])
        assert [(row["id"], row["ok"]) for row in rows_in(place.home / "t.results.jsonl")] == [("a", True)]
        assert "1 task without a result: stopped. The same command goes on." in out
        assert "1 task without a result" in interrupted(place, tasks, api, 2, [waits, "stopping what runs"])
    assert len(rows_in(place.home / "t.results.jsonl")) == 1


def interrupted(place: Place, tasks: Path, api: RunningApi, requests: int, said: list[str]) -> str:
    """What a batch prints that is sent a signal for each of these, once the model was asked so often."""
    process = place.start("batch", str(tasks), "--parallel", "1", "--isolation", "none", url=api.url)
    stuck = threading.Timer(DEADLINE, process.kill)
    stuck.start()
    api.wait_until(lambda now: len(now.requests) == requests)
    assert process.stderr is not None
    for wanted in said:
        process.send_signal(signal.SIGINT)
        assert any(wanted in line for line in process.stderr)
    out, error = process.communicate()
    stuck.cancel()
    assert process.returncode == 130, error
    return out
