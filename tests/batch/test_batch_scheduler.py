from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.batch.backend import Attempt
from coder.batch.events import Again, Ended, Said
from coder.batch.outcome import Outcome, Status
from coder.batch.scheduler import Limits
from coder.batch.task import Task
from tests.support.batching import Batch, Made, tasks_of
from tests.support.processes import until


def batch(tmp_path: Path, answer: Callable[[Task, Attempt], Outcome], count: int = 5, **more: Any) -> Batch:
    usd = more.pop("task_usd", None)
    said = [{"id": f"t{number}", "prompt": "x", **({"max_budget_usd": usd} if usd else {})} for number in range(count)]
    made = Made(answer, capacity=more.pop("capacity", 3))
    limits = Limits(**{"wait": 0.0, **more})
    return Batch(tasks_of(said, tmp_path), tmp_path / "out.jsonl", made, limits)


def ends(status: Status = "done", usd: float | None = 0.1, **more: Any) -> Callable[[Task, Attempt], Outcome]:
    return lambda task, attempt: Outcome(status=status, usd=usd, session=attempt.session, **more)


@pytest.mark.behaviour("B-2092")
async def test_each_has_one_result_in_the_order_of_the_file_and_so_many_run_at_once(tmp_path: Path) -> None:
    run = batch(tmp_path, ends(), 7, capacity=3)
    end = await run.run()
    assert [row["id"] for row in run.rows] == [f"t{number}" for number in range(7)]
    assert (end.why, end.left, run.backend.most) == ("", (), 3)


@pytest.mark.behaviour("B-2099")
@pytest.mark.parametrize(
    ("status", "attempts"), [("infra", 3), ("failed", 1), ("timeout", 1), ("check_failed", 1), ("done", 1)]
)
async def test_only_what_was_nobodys_fault_is_tried_again(tmp_path: Path, status: Status, attempts: int) -> None:
    run = batch(tmp_path, ends(status), 1, retries=2)
    await run.run()
    (row,) = run.rows
    assert (row["status"], row["attempts"], len(run.backend.begun)) == (status, attempts, attempts)
    assert row["total_cost_usd"] == pytest.approx(0.1 * attempts)


@pytest.mark.behaviour("B-2099")
async def test_at_a_limit_of_the_models_nothing_else_is_begun_for_a_while(tmp_path: Path) -> None:
    def answer(task: Task, attempt: Attempt) -> Outcome:
        is_limit = task.id == "t0" and attempt.number == 1
        return Outcome(status="infra" if is_limit else "done", busy=is_limit, usd=0.0)

    run = batch(tmp_path, answer, 4, capacity=1, wait=0.01)
    await run.run()
    told = [type(event) for event in run.told]
    assert told.index(Again) < told.index(Ended)
    assert [event.text for event in run.told if isinstance(event, Said)] == [
        "the model is at a limit: no task is begun for 0 s"
    ]
    assert [row["attempts"] for row in run.rows] == [2, 1, 1, 1]


@pytest.mark.behaviour("B-2100")
@settings(max_examples=25, deadline=None)
@given(
    limit=st.floats(0.5, 5.0),
    share=st.floats(0.1, 2.0),
    costs=st.lists(st.none() | st.floats(0.0, 1.0), min_size=1, max_size=12),
    statuses=st.lists(st.sampled_from(["done", "infra", "failed"]), min_size=1, max_size=12),
    capacity=st.integers(1, 5),
)
def test_no_order_of_ends_passes_the_budget(
    tmp_path_factory: pytest.TempPathFactory,
    limit: float,
    share: float,
    costs: list[float | None],
    statuses: list[Status],
    capacity: int,
) -> None:
    spent: list[float] = []

    def answer(task: Task, attempt: Attempt) -> Outcome:
        assert attempt.usd is not None
        part = costs[len(spent) % len(costs)]
        spent.append(attempt.usd if part is None else attempt.usd * part)
        known = None if part is None else spent[-1]
        return Outcome(status=statuses[len(spent) % len(statuses)], usd=known)

    run = batch(tmp_path_factory.mktemp("b"), answer, 6, capacity=capacity, usd=limit, task_usd=share)
    end = asyncio.run(run.run())
    assert sum(spent) <= limit + 1e-6
    assert len(run.rows) + len(end.left) == 6
    assert end.why == ("budget" if end.left else "")
    by_task = Counter(row["id"] for row in run.rows)
    assert set(by_task.values()) <= {1}


async def test_what_was_spent_before_counts_when_it_goes_on(tmp_path: Path) -> None:
    run = batch(tmp_path, ends(usd=1.0), 3, usd=2.0, task_usd=1.0, capacity=1)
    assert [task.id for task in (await run.run()).left] == ["t2"]
    again = batch(tmp_path, ends(usd=1.0), 3, usd=2.0, task_usd=1.0)
    end = await again.run()
    assert (end.why, again.backend.begun) == ("budget", [])
    more = batch(tmp_path, ends(usd=1.0), 3, usd=3.0, task_usd=1.0)
    assert (await more.run()).left == ()


@pytest.mark.behaviour("B-2101")
async def test_after_so_many_failures_no_more_is_begun(tmp_path: Path) -> None:
    run = batch(tmp_path, ends("failed"), 6, capacity=1, failures=2)
    end = await run.run()
    assert (end.why, len(run.rows), [task.id for task in end.left]) == ("failures", 2, ["t2", "t3", "t4", "t5"])


@pytest.mark.behaviour("B-2102")
async def test_asked_once_it_begins_no_more_and_waits(tmp_path: Path) -> None:
    run = batch(tmp_path, ends(), 5, capacity=2)
    run.backend.held = asyncio.Event()
    running = asyncio.create_task(run.run())
    await until(lambda: len(run.backend.begun) == 2)
    assert run.scheduler is not None
    run.scheduler.stop()
    run.backend.held.set()
    end = await running
    assert (end.why, [row["id"] for row in run.rows], len(end.left)) == ("asked", ["t0", "t1"], 3)
    again = batch(tmp_path, ends(), 5)
    await again.run()
    assert [id for id, _ in again.backend.begun] == ["t2", "t3", "t4"]
    assert [row["id"] for row in again.rows] == [f"t{number}" for number in range(5)]


@pytest.mark.behaviour("B-2103")
async def test_a_task_that_is_another_by_now_runs_again_and_one_that_is_gone_has_no_line(tmp_path: Path) -> None:
    await batch(tmp_path, ends(), 3).run()
    said = [{"id": "t0", "prompt": "x"}, {"id": "t1", "prompt": "y"}]
    run = Batch(tasks_of(said, tmp_path), tmp_path / "out.jsonl", Made(ends("failed", text="anew")))
    await run.run()
    assert run.backend.begun == [("t1", 2)]
    assert [(row["id"], row["status"]) for row in run.rows] == [("t0", "done"), ("t1", "failed")]


@pytest.mark.behaviour("B-2100")
async def test_retries_stay_within_the_limit_of_a_task_and_what_was_cut_off_is_done_all_the_same(
    tmp_path: Path,
) -> None:
    run = batch(tmp_path, ends("infra", usd=0.4), 1, task_usd=1.0, retries=9)
    await run.run()
    assert [(row["status"], row["attempts"]) for row in run.rows] == [("infra", 3)]
    cut = batch(tmp_path, ends("stopped", usd=None), 1, task_usd=1.0)
    cut.out = tmp_path / "cut.jsonl"
    await cut.run()
    again = batch(tmp_path, ends(), 1, task_usd=1.0, usd=1.5)
    again.out = cut.out
    assert (await again.run()).why == "budget"  # it may have cost all its limit
    again = batch(tmp_path, ends(), 1, task_usd=1.0, usd=2.0)
    again.out = cut.out
    await again.run()
    assert [(row["status"], row["attempts"], row["total_cost_usd"]) for row in again.rows] == [("done", 2, None)]


@pytest.mark.behaviour("B-2104")
async def test_a_kill_after_any_line_of_the_journal_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """A process that is killed leaves the journal up to some byte, and a result file that is not ahead of it."""
    run = batch(tmp_path, lambda task, attempt: ends("infra" if attempt.number == 1 else "done")(task, attempt), 3)
    await run.run()
    journal = (tmp_path / "out.jsonl.state").read_bytes()
    wanted = [row["id"] for row in run.rows]
    cuts = [at + 1 for at, byte in enumerate(journal) if byte == 10]
    for cut in {0, *cuts, *(cut - 7 for cut in cuts)}:
        folder = tmp_path / f"at{cut}"
        folder.mkdir()
        (folder / "out.jsonl.state").write_bytes(journal[:cut])
        kept = {entry["id"] for entry in map(json.loads, journal[:cut].split(b"\n")[:-1]) if entry["kind"] == "ended"}
        again = Batch(run.tasks, folder / "out.jsonl", Made(ends()), Limits(wait=0.0))
        await again.run()
        assert [row["id"] for row in again.rows] == wanted
        assert {id for id, _ in again.backend.begun} == set(wanted) - kept
        whole = (folder / "out.jsonl.state").read_bytes().split(b"\n")[:-1]
        ended = Counter(entry["id"] for entry in map(json.loads, whole) if entry["kind"] == "ended")
        assert set(ended.values()) == {1}
