"""What `coder batch` says before and after: lines for people and values for programs. Pure; must not know terminals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from coder.batch.events import Again, Began, Cut, Ended, Event, Moved, Said
from coder.batch.records import Records
from coder.batch.scheduler import End
from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.amounts import counted, duration, exact_money, money, whole_seconds

_SHOWN = 10
_WORDS = {
    "done": "done",
    "failed": "failed",
    "timeout": "out of time",
    "check_failed": "check failed",
    "infra": "could not be run",
}


@dataclass(frozen=True, slots=True)
class Page:
    lines: tuple[str, ...]
    data: Json
    code: int = 0


def base_key(task: Task) -> str:
    return f"{task.base}\n{task.cwd}"


def before(tasks: Sequence[Task], records: Records, *, was_new: bool, again: int) -> list[str]:
    """What is said once, before anything is begun."""
    said = []
    ended = sum(1 for task in tasks if records.row_of(task) is not None)
    if not was_new:
        said.append(f"going on with batch {records.run}: {ended} of {counted(len(tasks), 'task')} with a result")
    for count, what in (
        (len(records.changed), "run again, for they have changed since"),
        (again, "run again, for they failed before"),
        (records.gone, "left out of the results, for they are in the file no more"),
    ):
        if count:
            said.append(f"tasks that are {what}: {count}")
    return said


def dry(tasks: Sequence[Task], records: Records, isolation: Callable[[Path], str], usd: float | None) -> Page:
    """What would be run, and the most it may cost."""
    waiting = [task for task in tasks if records.row_of(task) is None]
    rows: list[Json] = [
        {
            "id": task.id,
            "cwd": str(task.cwd),
            "isolation": isolation(task.cwd),
            "base": task.base or None,
            "model": task.model or None,
            "max_budget_usd": task.usd,
            "prompt": task.prompt[:200],
        }
        for task in waiting
    ]
    limits = [task.usd for task in waiting]
    free = sum(1 for limit in limits if limit is None)
    most = None if free else min(sum(limit or 0.0 for limit in limits), usd if usd is not None else 1e12)
    lines = [f"{counted(len(waiting), 'task')} would run; {len(tasks) - len(waiting)} have their result."]
    for task, row in zip(waiting, rows, strict=True):
        limit = exact_money(task.usd) if task.usd is not None else "no limit"
        what = visible_line(task.prompt[:200])[:60]
        lines.append(f"  {task.id}  {row['isolation']} of {visible_line(str(task.cwd))}  {limit}  {what}")
    lines.append(
        f"At most {exact_money(most)}, retries included."
        if most is not None
        else f"No limit on what it may cost: {counted(free, 'task')} without one. Set it with --task-budget-usd."
    )
    return Page(tuple(lines), {"tasks": rows, "ended": len(tasks) - len(waiting), "worst_case_usd": most})


def line_of(event: Event) -> str:
    """One line about what happened; "" for what is not told in lines."""
    match event:
        case Began(task, number):
            return f"{task.id}: begun" if number == 1 else f"{task.id}: begun, attempt {number}"
        case Ended(task, row):
            return f"{task.id}: {ended_words(row)}"
        case Again(task, outcome, seconds):
            return f"{task.id}: {visible_line(outcome.error)[:200]}; once more in {whole_seconds(seconds)}"
        case Cut(task, outcome):
            kept = f", what it had done is on {outcome.branch}" if outcome.branch else ""
            return f"{task.id}: {visible_line(outcome.error) or 'stopped'}{kept}"
        case Said(text):
            return text
        case Moved():
            return ""


def ended_words(row: Json) -> str:
    facts = [duration(float(row["seconds"])), money(row["total_cost_usd"])]
    if row["branch"]:
        facts.append(visible_line(row["branch"]))
    if row["worktree"]:
        facts.append(f"kept at {visible_line(row['worktree'])}: {visible_line(row['kept_because'])}")
    word = _WORDS.get(row["status"]) or visible_line(row["status"])
    why = f": {visible_line(str(row['error']))[:200]}" if row["error"] and not row["ok"] else ""
    return f"{word}{why} · {' · '.join(facts)}"


def summary(tasks: Sequence[Task], records: Records, end: End, seconds: float) -> Page:
    rows = [row for task in tasks if (row := records.row_of(task)) is not None]
    failed = [row for row in rows if not row["ok"]]
    costs = records.costs()
    known = sum(usd for usd in costs if usd is not None)
    usd = None if None in costs else known
    code = 130 if end.why == "asked" and end.left else 1 if failed or end.left or end.trouble else 0
    parts = [f"{len(rows)} of {counted(len(tasks), 'task')} ended", f"{len(rows) - len(failed)} done"]
    parts += [f"{len(failed)} failed"] if failed else []
    parts += [money(usd) if usd is not None else f"at least {money(known)}", duration(seconds)]
    lines = [" · ".join(parts)]
    lines += [f"  {visible_line(row['id'])}: {ended_words(row)}" for row in failed[:_SHOWN]]
    if len(failed) > _SHOWN:
        lines.append(f"  and {len(failed) - _SHOWN} more that failed")
    if end.left:
        lines.append(f"{counted(len(end.left), 'task')} without a result: {_WHY[end.why]}")
    if end.trouble:
        lines.append(f"{end.trouble}. Make room, and give the same command again.")
    else:
        lines.append(f"Results: {visible_line(str(records.out))}")
    data: Json = {
        "run": records.run,
        "results": str(records.out),
        "tasks": len(tasks),
        "ended": len(rows),
        "done": len(rows) - len(failed),
        "failed": [row["id"] for row in failed],
        "left": [task.id for task in end.left],
        "stopped": end.why or None,
        "trouble": end.trouble or None,
        "total_cost_usd": usd,
        "seconds": round(seconds, 3),
        "exit_code": code,
    }
    return Page(tuple(lines), data, code)


_WHY = {
    "": "the same command goes on.",
    "asked": "stopped. The same command goes on.",
    "failures": "too many failed. The same command goes on.",
    "budget": "the budget does not reach for another. Raise --max-budget-usd and give the command again.",
    "disk": "the journal could not be written. The same command goes on.",
}
