"""`coder batch`: many headless runs, each in a place of its own, with one result each. Must not know how one runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import typer

from coder.batch.local.backend import LocalBackend
from coder.batch.reading import MODES, MOST_BYTES, Read, read
from coder.batch.records import Records
from coder.batch.scheduler import End, Limits, Scheduler
from coder.batch.task import Task
from coder.cli import batch_page
from coder.cli.batch_flags import (
    AsJson,
    Base,
    CheckWith,
    DiscardIgnored,
    DryRun,
    FailFast,
    Kind,
    MaxFailures,
    Mode,
    Model,
    Out,
    Parallel,
    PlainLines,
    RepoDir,
    Retries,
    RetryFailed,
    RetryWait,
    RowCommands,
    Tasks,
    TaskUsd,
    Timeout,
    Tools,
    Turns,
    Usd,
)
from coder.cli.batch_ground import ISOLATIONS, Ground, cost_of, more_arguments
from coder.cli.batch_live import HINTS, Live, Plain
from coder.cli.fitting import fitting
from coder.config.paths import current_folder
from coder.core import loop
from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line

_HELP = (
    "Many runs of coder -p on one machine: a JSON object a line in TASKS.jsonl, one result each. "
    "What comes after -- is given to each run. docs/batch.md tells the rest."
)
app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
_PASSED = {"allow_extra_args": True, "ignore_unknown_options": False, "allow_interspersed_args": True}


@app.command(help=_HELP, context_settings=_PASSED)
def batch(
    context: typer.Context,
    tasks: Tasks,
    parallel: Parallel = 4,
    out: Out = "",
    isolation: Kind = "auto",
    repo_dir: RepoDir = "",
    usd: Usd = None,
    task_usd: TaskUsd = None,
    timeout: Timeout = None,
    max_turns: Turns = None,
    model: Model = "",
    permission_mode: Mode = "",
    allowed_tools: Tools = None,
    base: Base = "",
    check: CheckWith = "",
    retries: Retries = 2,
    retry_wait: RetryWait = 5.0,
    fail_fast: FailFast = False,
    max_failures: MaxFailures = None,
    retry_failed: RetryFailed = False,
    discard_ignored: DiscardIgnored = False,
    allow_row_commands: RowCommands = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    plain: PlainLines = False,
) -> None:
    """Gives each task of the file to a run of its own."""
    here = current_folder()
    defaults = Task(
        id="",
        prompt="",
        cwd=here,
        base=base,
        model=model,
        max_turns=max_turns,
        usd=_above("--task-budget-usd", task_usd),
        timeout=_above("--timeout", timeout),
        permission_mode=_mode(permission_mode),
        allowed_tools=tuple(allowed_tools or ()),
        check=check,
    )
    limits = Limits(
        retries=retries,
        usd=_above("--max-budget-usd", usd),
        failures=1 if fail_fast else max_failures,
        wait=retry_wait,
    )
    repositories = (here / Path(repo_dir).expanduser()) if repo_dir else None
    found = _found(tasks, here, defaults, repositories, may_command=allow_row_commands)
    results = _results(tasks, out, here)
    ground = Ground(os.environ, here, _isolation(isolation), drops_ignored=discard_ignored)
    bases = ground.bases(found.tasks)
    _check(Read(found.tasks, (*found.problems, *ground.problems)), tasks, limits)
    records = Records(results, found.tasks)
    try:
        if dry_run:
            page = batch_page.dry(found.tasks, records, ground.isolation, limits.usd)
            print(json.dumps(page.data) if as_json else "\n".join(fitting(line, sys.stdout) for line in page.lines))
            return
        backend = LocalBackend(ground.setup(parallel, records.folder, more_arguments(context.args)))
        code = _run(found.tasks, records, backend, limits, bases, _Show(as_json, plain, retry_failed))
    finally:
        records.forget_if_empty()
        records.close()
    raise typer.Exit(code)


class _Show:
    def __init__(self, as_json: bool, plain: bool, again: bool) -> None:
        self.as_json, self.again = as_json, again
        self.is_live = not plain and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _run(
    tasks: tuple[Task, ...],
    records: Records,
    backend: LocalBackend,
    limits: Limits,
    bases: dict[str, str],
    show: _Show,
) -> int:
    started = time.monotonic()
    try:
        was_new = records.is_new
        records.begin(bases)
        again = [task for task in tasks if show.again and not (records.row_of(task) or {"ok": True})["ok"]]
        for task in again:
            records.again(task)
    except OSError as error:
        raise ConfigError(f"{records.out}.state cannot be written: {error.strerror}. Make room for it.") from error
    scheduler: list[Scheduler] = []
    view = (Live if show.is_live else Plain)(tasks, records, lambda: scheduler[0].purse)
    for line in batch_page.before(tasks, records, was_new=was_new, again=len(again)):
        view.say(line)
    scheduler.append(
        Scheduler(
            tasks,
            records,
            backend,
            limits,
            view.told,
            cost_of=cost_of(os.environ),
            base_of=lambda task: records.bases.get(batch_page.base_key(task), ""),
        )
    )
    end = loop.run(_watched(scheduler[0], view))
    seconds = time.monotonic() - started
    summary = batch_page.summary(tasks, records, end, seconds)
    print(json.dumps(summary.data) if show.as_json else "\n".join(fitting(line, sys.stdout) for line in summary.lines))
    return summary.code


async def _watched(scheduler: Scheduler, view: Live | Plain) -> End:
    running = asyncio.get_running_loop()
    pressed = 0

    def on_signal(number: signal.Signals) -> None:
        nonlocal pressed
        pressed += 1
        view.hint = HINTS[min(pressed, 2)]
        if number == signal.SIGINT and pressed == 1 and scheduler.running:
            scheduler.stop()
            count = scheduler.running
            them = "the one that runs is" if count == 1 else f"the {count} that run are"
            view.say(f"no more is begun; {them} waited for. ctrl+c once more stops them.")
            return
        scheduler.stop(now=True)
        if scheduler.running and pressed <= 2:
            view.say("stopping what runs. Nothing of it is lost: the same command goes on.")

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            running.add_signal_handler(number, on_signal, number)
    painting = asyncio.create_task(view.paint())
    try:
        return await scheduler.run()
    finally:
        painting.cancel()
        await asyncio.wait({painting})
        view.close()
        for number in numbers:
            running.remove_signal_handler(number)


def _found(tasks: str, here: Path, defaults: Task, repositories: Path | None, *, may_command: bool) -> Read:
    try:
        if tasks == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            data = read_ordinary(here / Path(tasks).expanduser(), MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(
            f"{visible_line(tasks)} cannot be read: {error.strerror}. Name a file of JSON lines."
        ) from error
    if len(data) > MOST_BYTES:
        raise ConfigError(f"{visible_line(tasks)} is larger than {MOST_BYTES // 1_000_000} MB. Split it.")
    found = read(data, here, defaults, repositories, may_command=may_command)
    if not found.tasks and not found.problems:
        raise ConfigError(f'{visible_line(tasks)} has no task. A line is one, such as {{"prompt": "fix the typo"}}.')
    return found


def _results(tasks: str, out: str, here: Path) -> Path:
    if out:
        found = here / Path(out).expanduser()
    elif tasks == "-":
        found = here / "batch.results.jsonl"
    else:
        path = here / Path(tasks).expanduser()
        found = path.with_name(f"{path.name.removesuffix('.jsonl')}.results.jsonl")
    found = Path(os.path.abspath(found))  # noqa: PTH100  # without its dots, and with its links
    if not found.parent.is_dir():
        raise ConfigError(f"{visible_line(str(found.parent))} is no folder. Name another file with --out.")
    return found


def _check(found: Read, name: str, limits: Limits) -> None:
    """Raises ConfigError that names every line with something wrong."""
    problems = sorted((each.line, each.text) for each in found.problems)
    if limits.usd is not None and (free := [task.line for task in found.tasks if task.usd is None]):
        lines = ", ".join(map(str, free[:8])) + (", …" if len(free) > 8 else "")
        raise ConfigError(
            f"--max-budget-usd needs a limit for each task: add --task-budget-usd, or max_budget_usd in line {lines}."
        )
    if not problems:
        return
    for line, text in problems[:100]:
        print(fitting(f"{visible_line(name)}:{line}: {text}", sys.stderr), file=sys.stderr)
    count = len({line for line, _ in problems})
    what = "1 line is" if count == 1 else f"{count} lines are"
    raise ConfigError(f"{what} no task that can be run. Nothing was begun.")


def _isolation(text: str) -> str:
    if text not in ISOLATIONS:
        raise ConfigError(f"--isolation: {visible_line(text)!r} is none of {', '.join(ISOLATIONS)}.")
    return text


def _mode(text: str) -> str:
    if text and text not in MODES:
        raise ConfigError(f"--permission-mode: {visible_line(text)!r} is none of {', '.join(MODES)}.")
    return text


def _above(name: str, value: float | None) -> float | None:
    if value is not None and not 0 < value < 1e7:
        raise ConfigError(f"{name} has to be above 0.")
    return value
