"""What a batch keeps: the journal, from which it goes on, and the result file, which is made from it. A task has a
result once the journal says so; the result file is whole at every moment and never ahead of it. Must not know who runs
tasks.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from coder.batch import plausible, whole
from coder.batch.backend import Attempt, Running
from coder.batch.journal import Journal
from coder.batch.outcome import Outcome, row
from coder.batch.task import Task
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.messages import Json

_VERSION = 1
_LARGE = 1_000_000  # bytes of a result file that is not written anew for each task
_APART = 2.0  # seconds between two times then


@dataclass(slots=True)
class _Past:
    """What is known of one task. `costs` are of the attempts at it that came to no result, None: not known, those of
    them in `tried` that were not cut off from outside; `sunk` of what led to a result that no longer counts. `open` are
    attempts that nobody ended."""

    attempts: int = 0
    tries: int = 0
    costs: list[float | None] = field(default_factory=list)
    tried: list[float | None] = field(default_factory=list)
    sunk: list[float | None] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)
    open: dict[int, Attempt] = field(default_factory=dict)
    digest: str = ""
    row: Json | None = None


class Records:
    """Of one batch. Every method that writes raises OSError where the disk does not take it."""

    def __init__(self, out: Path, tasks: Sequence[Task]) -> None:
        """Raises ConfigError. `changed` are tasks that had a result and are another task by now, `gone` how many have a
        result and are in the file no more."""
        self.out, self.folder = out, out.with_name(f"{out.name}.d")
        state = out.with_name(f"{out.name}.state")
        if self.folder.is_symlink():  # what a task changed would be written wherever it leads
            raise ConfigError(f"{self.folder} is a link. Remove it, or name another file with --out.")
        if out.exists() and not state.exists():
            raise ConfigError(f"{out} is there, and no batch of coder's has made it. Name another file with --out.")
        self._journal = Journal(state)
        try:
            self._past, self.run, self.bases = self._read()
        except ConfigError:
            self._journal.close()
            raise
        self.is_new = not self.run
        self._tasks = {task.id: task for task in tasks}
        self.changed = tuple(
            task for task in tasks if self._known(task).row is not None and self._known(task).digest != task.digest
        )
        self.gone = sum(1 for id, past in self._past.items() if past.row is not None and id not in self._tasks)
        self._written = 0.0
        self._size = 0
        self._stale = True

    def begin(self, bases: dict[str, str]) -> None:
        """Writes down that there is this batch, and the commits it begins at."""
        if not self.run:
            self.run = f"{time.strftime('%m%d')}-{secrets.token_hex(3)}"
            self._journal.append({"kind": "batch", "version": _VERSION, "run": self.run})
        new = {key: commit for key, commit in bases.items() if key not in self.bases}
        if new:
            self._journal.append({"kind": "bases", "bases": new})
            self.bases |= new
        for task in self.changed:
            self.again(task)

    def again(self, task: Task) -> None:
        """The result there is of it no longer counts."""
        self._journal.append({"kind": "again", "id": task.id})
        _apply(self._known(task), {"kind": "again"})
        self._stale = True

    def row_of(self, task: Task) -> Json | None:
        """Its result; None when there is none, or one of another task with its id."""
        past = self._known(task)
        return past.row if past.digest == task.digest else None

    def tries(self, task: Task) -> int:
        """Attempts that failed for no fault of the work."""
        return self._known(task).tries

    def left_open(self) -> list[tuple[Task, Attempt]]:
        """Attempts of a process that was killed, as far as their task is still there."""
        found = ((id, attempt) for id, past in self._past.items() for attempt in past.open.values())
        return [(self._tasks[id], attempt) for id, attempt in found if id in self._tasks]

    def costs(self) -> list[float | None]:
        """What attempts did cost, of all tasks there ever were."""
        return [usd for past in self._past.values() for usd in (*past.sunk, *past.costs, *_cost(past.row))]

    def spent(self, task: Task) -> list[float | None]:
        """What the attempts at a task that has no result yet did cost, but for those that were cut off from outside:
        for them the batch has paid, and the task is to be done all the same."""
        return self._known(task).tried

    def attempt(self, task: Task, base: str, usd: float | None) -> Attempt:
        """The next one. It is written down before anything of it is begun."""
        past = self._known(task)
        made = Attempt(run=self.run, number=past.attempts + 1, session=str(uuid.uuid4()), base=base, usd=usd)
        self._journal.append({"kind": "begun", "id": task.id, **_named(made)})
        past.attempts += 1
        past.open[made.number] = made
        return made

    def running(self, task: Task, attempt: Attempt, process: Running) -> None:
        said = {"number": attempt.number, "pid": process.pid, "begun": process.begun}
        self._journal.append({"kind": "running", "id": task.id, **said})

    def not_ended(self, task: Task, attempt: Attempt, outcome: Outcome) -> None:
        """It was stopped, or is tried again."""
        kind = "stopped" if outcome.status == "stopped" else "tried"
        said = {"number": attempt.number, "usd": outcome.usd, "branch": outcome.branch, "error": outcome.error}
        self._journal.append({"kind": kind, "id": task.id, **said})
        _apply(self._known(task), {"kind": kind, **said})

    def ended(self, task: Task, attempt: Attempt, outcome: Outcome) -> Json:
        """The result of the task, from now on and for good."""
        past = self._known(task)
        patch = self._patch(task, attempt, outcome.patch)
        every = [*past.costs, outcome.usd]
        usd = None if None in every else sum(each for each in every if each is not None)
        made = row(task, outcome, past.attempts, usd, tuple(past.earlier), patch)
        said = {"number": attempt.number, "digest": task.digest, "row": made}
        self._journal.append({"kind": "ended", "id": task.id, **said})
        _apply(past, {"kind": "ended", **said})
        self._stale = True
        return made

    def _patch(self, task: Task, attempt: Attempt, patch: bytes) -> str:
        if not patch:
            return ""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        file = self.folder / f"{task.slug}.{attempt.number}.patch"
        whole.write(file, [patch])
        return str(file)

    def write(self, *, now: bool = False) -> None:
        """The result file, in the order of the tasks. A large one not too often, unless it has to be `now`."""
        if not self._stale or (not now and self._size > _LARGE and time.monotonic() < self._written + _APART):
            return
        rows = (self.row_of(task) for task in self._tasks.values())
        lines = [json.dumps(each, ensure_ascii=True).encode("ascii") + b"\n" for each in rows if each is not None]
        whole.write(self.out, lines)
        self._size, self._written, self._stale = sum(map(len, lines)), time.monotonic(), False

    def close(self) -> None:
        self._journal.close()

    def forget_if_empty(self) -> None:
        """Leaves nothing behind of a batch that was never begun."""
        if not self.run:
            with suppress(OSError):
                self._journal.path.unlink()

    def _known(self, task: Task) -> _Past:
        return self._past.setdefault(task.id, _Past())

    def _read(self) -> tuple[dict[str, _Past], str, dict[str, str]]:
        past: dict[str, _Past] = {}
        run, bases = "", dict[str, str]()
        for entry in self._journal.entries():
            match entry.get("kind"):
                case "batch":
                    if entry.get("version") != _VERSION:
                        raise ConfigError(
                            f"{self._journal.path} is of another version of coder. Finish it there, or use --out FILE."
                        )
                    run = str(entry.get("run"))
                    if not plausible.RUN.match(run):
                        raise ConfigError(
                            f"{self._journal.path} was not written by a batch of coder's. Use --out FILE for another."
                        )
                case "bases":
                    said = entry.get("bases")
                    for key, value in said.items() if isinstance(said, dict) else ():
                        bases |= {key: value} if isinstance(value, str) and plausible.COMMIT.match(value) else {}
                case "begun" | "running" | "stopped" | "tried" | "ended" | "again":
                    with suppress(ValueError, TypeError, OverflowError):  # a line that somebody has edited
                        _apply(past.setdefault(str(entry.get("id")), _Past()), {**entry, "run": run})
                case _:
                    pass
        return past, run, bases


def _cost(row: Json | None) -> list[float | None]:
    return [] if row is None else [row.get("total_cost_usd")]


def _named(attempt: Attempt) -> Json:
    return {"number": attempt.number, "session": attempt.session, "base": attempt.base, "usd": attempt.usd}


def _apply(past: _Past, entry: Json) -> None:
    number = int(entry.get("number") or 0)
    match entry["kind"]:
        case "begun":
            past.attempts = max(past.attempts, number)
            past.open[number] = Attempt(
                run=str(entry.get("run")),
                number=number,
                session=str(entry.get("session")),
                base=plausible.commit(entry.get("base")),
                usd=plausible.dollars(entry.get("usd")),
            )
        case "running" if number in past.open:
            was = past.open[number]
            past.open[number] = Attempt(
                run=was.run,
                number=number,
                session=was.session,
                base=was.base,
                usd=was.usd,
                pid=int(entry.get("pid") or 0),
                begun=str(entry.get("begun") or ""),
            )
        case "stopped" | "tried":
            usd = plausible.dollars(entry.get("usd"))
            past.open.pop(number, None)
            past.costs.append(usd)
            if entry["kind"] == "tried":
                past.tries += 1
                past.tried.append(usd)
            if entry.get("branch"):
                past.earlier.append(str(entry["branch"]))
        case "ended":
            made = plausible.row(entry.get("row"))
            past.open.pop(number, None)
            past.digest, past.row, past.costs = str(entry.get("digest")), made, []
        case "again":
            past.sunk += [*past.costs, *_cost(past.row)]
            past.row, past.tries, past.costs, past.tried = None, 0, [], []
        case _:
            pass
