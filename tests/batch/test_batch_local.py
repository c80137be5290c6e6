from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coder.batch.local.process import Exit
from coder.batch.local.reply import Reply, outcome
from coder.git.worktrees.trees import main_checkout, worktrees
from tests.support.batching import Batch, local, tasks_of
from tests.support.cli import Place
from tests.support.processes import is_alive, linux_only, until
from tests.support.repositories import Repository


def repository(place: Place) -> Repository:
    made = Repository.make(place)
    made.write(".gitignore", "build/\n")
    made.write("a.txt", "old\n")
    made.write("inner/b.txt", "old\n")
    made.commit("begin")
    return made


def line(id: str = "one", /, **said: Any) -> dict[str, Any]:
    more = said.pop("more", {})
    return {"id": id, "prompt": json.dumps(said), **more}


_NAMES = st.sampled_from(
    ["type", "result", "usage", "message", "content", "input", "name", "total_cost_usd", "errors", "input_tokens"]
)
_LEAVES = st.sampled_from([None, True, -1, 1e400, "", "result", "assistant", "tool_use"])
_ANY = _LEAVES | st.lists(_LEAVES, max_size=2) | st.dictionaries(_NAMES, _LEAVES, max_size=3)
_VALUES = st.fixed_dictionaries(
    {"type": st.sampled_from(["result", "assistant"])},
    optional=dict.fromkeys(["result", "usage", "message", "total_cost_usd", "errors", "num_turns", "session_id"], _ANY),
)


def _encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def batch(place: Place, *lines: dict[str, Any], **more: Any) -> Batch:
    out = place.home / "out.jsonl"
    head = Repository(place.project, place.home).git("rev-parse", "HEAD") if (place.project / ".git").exists() else ""
    tasks = tasks_of(lines, place.project)
    bases = {f"{task.base}\n{task.cwd}": head for task in tasks}
    return Batch(tasks, out, local(place, out, **more), bases=bases)


@pytest.mark.behaviour("B-2093")
async def test_what_a_task_changed_is_a_branch_and_a_patch_and_its_work_tree_goes(place: Place) -> None:
    made = repository(place)
    run = batch(place, line("a/B c", write={"a.txt": "new\n", "fresh.txt": "fresh\n"}, more={"cwd": "inner"}))
    await run.run()
    (row,) = run.rows
    assert (row["status"], row["result"], row["tokens"], row["total_cost_usd"]) == ("done", "Done.", 7, 0.25)
    assert row["branch"].startswith("coder/batch/") and row["worktree"] == ""
    assert made.git("show", f"{row['branch']}:inner/a.txt") == "new"
    made.git("apply", "--check", row["patch_file"])
    assert made.git("rev-parse", f"{row['branch']}~1") == row["base"]
    assert worktrees(main_checkout(place.project)) == []
    assert set(made.git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()) == {"main", row["branch"]}
    assert made.git("status", "--porcelain") == ""


@pytest.mark.behaviour("B-2094")
@pytest.mark.parametrize("drops", [False, True])
async def test_a_work_tree_stays_while_it_holds_what_git_ignores(place: Place, drops: bool) -> None:
    repository(place)
    run = batch(place, line(write={"build/made.bin": "x", "a.txt": "new\n"}), drops_ignored=drops)
    await run.run()
    (row,) = run.rows
    assert row["branch"] and row["ok"]
    if drops:
        assert (row["worktree"], worktrees(main_checkout(place.project))) == ("", [])
    else:
        assert Path(row["worktree"], "build/made.bin").read_text() == "x"
        assert row["kept_because"].startswith("1 ignored file (build/made.bin). --discard-ignored lets a work tree go")


@pytest.mark.behaviour("B-2094")
async def test_commits_and_branches_of_its_own_are_not_lost(place: Place) -> None:
    made = repository(place)
    made.git("branch", "person")
    before = made.git("rev-parse", "person")
    commit = "git switch -q person; echo 1 > c.txt; git add c.txt; git commit -qm mine; echo 2 >> c.txt"
    run = batch(place, line(run=commit))
    await run.run()
    (row,) = run.rows
    assert made.git("show", f"{row['branch']}:c.txt") == "1\n2"
    assert made.git("log", "-1", "--format=%s", f"{row['branch']}~1") == "mine"
    assert made.git("rev-parse", "person~1") == before  # where its own commit has put it, and nothing of ours
    assert row["worktree"] == ""


@linux_only
@pytest.mark.behaviour("B-2095")
async def test_a_task_whose_time_is_up_is_ended_with_all_it_started(place: Place) -> None:
    pid = place.home / "pid"
    never = str(place.home / "never")
    said = line(spawn=str(pid), until=never, write={"a.txt": "new\n"}, more={"timeout_s": 0.05})
    run = batch(place, said, isolation="none", slack=0.5, grace=2.0)
    await run.run()
    (row,) = run.rows
    assert (row["status"], row["attempts"]) == ("timeout", 1)
    await until(lambda: not is_alive(int(pid.read_text())))


@linux_only
@pytest.mark.behaviour("B-2096")
async def test_stopped_it_keeps_what_was_done_and_leaves_no_process(place: Place) -> None:
    made = repository(place)
    pid = place.home / "pid"
    run = batch(place, line(write={"a.txt": "half\n"}, spawn=str(pid), until=str(place.home / "never")))
    running = asyncio.create_task(run.run())
    await until(lambda: pid.exists() and pid.read_text().endswith("\n"))
    assert run.scheduler is not None
    run.scheduler.stop(now=True)
    run.scheduler.stop(now=True)  # a second word changes nothing
    end = await running
    assert ([task.id for task in end.left], run.rows) == (["one"], [])
    assert not is_alive(int(pid.read_text()))
    (kept,) = made.git("for-each-ref", "--format=%(refname:short)", "refs/heads/coder").split()
    assert made.git("show", f"{kept}:a.txt") == "half"
    again = batch(place, line(write={"a.txt": "half\n"}, spawn=str(pid), until=str(place.home / "never")))
    (place.home / "never").touch()
    await again.run()
    (row,) = again.rows
    assert (row["status"], row["attempts"], row["earlier_branches"]) == ("done", 2, [kept])
    assert worktrees(main_checkout(place.project)) == []


@pytest.mark.behaviour("B-2097")
async def test_a_check_decides_and_neither_learns_the_key_nor_adds_to_the_patch(place: Place) -> None:
    repository(place)
    check = "echo $ANTHROPIC_API_KEY $WORD; echo made >> fresh.txt; test -f absent"
    env = {"WORD": "said", "ANTHROPIC_API_KEY": "sk-of-the-task"}
    run = batch(place, line(write={"fresh.txt": "fresh\n"}, more={"check": check, "env": env}))
    await run.run()
    (row,) = run.rows
    assert (row["status"], row["error"]) == ("check_failed", "it ended with 1")
    assert row["check"] == {"command": check, "exit_code": 1, "output": "said"}
    assert b"made" not in Path(row["patch_file"]).read_bytes()
    assert row["worktree"] == "" and worktrees(main_checkout(place.project)) == []
    everything = b"".join(path.read_bytes() for path in place.home.glob("out.jsonl*") if path.is_file())
    assert b"sk-of-the-task" not in everything


async def test_a_place_that_cannot_be_made_is_a_failure_of_the_task(place: Place) -> None:
    repository(place)
    run = batch(place, line())
    (place.project / ".git" / "HEAD").write_text("nonsense\n")
    await run.run()
    (row,) = run.rows
    assert row["status"] == "failed" and row["error"].startswith("no place to work could be made: ")


@pytest.mark.behaviour("B-2098")
async def test_outside_a_repository_each_works_in_a_copy(place: Place) -> None:

    (place.project / "a.txt").write_text("old\n")
    os.mkfifo(place.project / "pipe")
    run = batch(place, line("one", write={"a.txt": "new\n"}), line("two"))
    out = place.project / "out.jsonl"  # beside what is copied
    run.out, run.backend = out, local(place, out)
    await run.run()
    one, two = run.rows
    assert os.listdir(one["worktree"]) == ["a.txt"]
    assert (place.project / "a.txt").read_text() == "old\n"
    assert "+new" in Path(one["patch_file"]).read_text()
    assert Path(one["worktree"], "a.txt").read_text() == "new\n" and one["kept_because"] == "it was changed"
    assert (two["ok"], two["worktree"], two["patch_file"]) == (True, "", "")
    assert len(list((place.project / "out.jsonl.d" / "copies").iterdir())) == 1


async def test_without_isolation_a_folder_is_worked_in_by_one_at_a_time(place: Place) -> None:
    step = "touch busy.$$; sleep 0.2; test $(ls busy.* | wc -l) = 1; code=$?; rm busy.$$; exit $code"
    run = batch(place, line("one", run=step), line("two", run=step), isolation="none")
    await run.run()
    assert [(row["status"], row["attempts"]) for row in run.rows] == [("done", 1), ("done", 1)]


@pytest.mark.parametrize(
    ("result", "code", "status", "busy"),
    [
        ({"is_error": False}, 0, "done", False),
        ({"is_error": False}, 77, "failed", False),
        ({"is_error": True, "errors": ["turns"]}, 1, "failed", False),
        ({"is_error": True, "api_error_status": 429}, 75, "infra", True),
        ({"is_error": True, "api_error_status": 529}, 4, "infra", True),
        ({"is_error": True, "api_error_status": 500}, 4, "infra", False),
        ({"is_error": True, "api_error_status": None}, 4, "infra", False),
        ({"is_error": True, "api_error_status": 401}, 4, "failed", False),
        ({"is_error": True, "api_error_status": 400}, 1, "failed", False),
        ({"is_error": True}, 124, "timeout", False),
        ({"is_error": True}, 143, "infra", False),
        (None, 2, "failed", False),
        (None, 1, "infra", False),
        (None, -9, "infra", False),
    ],
)
def test_what_an_end_means(result: dict[str, Any] | None, code: int, status: str, busy: bool) -> None:
    reply = Reply()
    if result is not None:
        reply.hear(json.dumps({"type": "result", **result}).encode())
    found = outcome(reply, Exit(code, "", "coder: the last word\n"), "s", 1.0)
    assert (found.status, found.busy) == (status, busy)
    assert result is not None or "the last word" in found.error


@settings(max_examples=40)
@example([b'{"type": "result", "num_turns": 1e999}'])
@given(st.lists(st.binary(max_size=20) | _VALUES.map(_encoded), max_size=3))
def test_no_line_breaks_it(lines: list[bytes]) -> None:
    reply = Reply()
    for each in lines:
        reply.hear(each)
    found = outcome(reply, Exit(1, "", ""), "s", 1.0)
    assert found.usd is None or found.usd == found.usd


def test_a_failure_of_the_api_is_no_turn() -> None:
    reply = Reply()
    message = {"id": "m1", "content": [{"type": "text", "text": "API Error: no"}]}
    assert not reply.hear(_encoded({"type": "assistant", "message": message, "error": "server_error"}))
    assert reply.doing.turns == 0 and reply.hear(_encoded({"type": "assistant", "message": message}))
