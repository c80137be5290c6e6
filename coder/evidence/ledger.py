"""What was seen to happen in the runs of a session. Told of it as it happens; must not know by whom, or what is said.

Everything has its place in one order, so that it is known whether a file changed after it was tested.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.evidence import Checked, Evidence, Ran, Tests
from coder.evidence.lines import Work, works
from coder.evidence.paths import Changes
from coder.evidence.phrases import Claim
from coder.evidence.testruns import report_of
from coder.evidence.wording import counts, named

_SHOWN = 500  # characters of a command that are kept
_MOST_RAN = 20
_MOST_FILES = 200
_LISTED = 3
_NOUNS: dict[Work, str] = {"tests": "test run", "build": "build", "lint": "lint run"}


@dataclass(frozen=True, slots=True)
class _Worked:
    """The last command that did some work. `ok` is None when it cannot be told how that went."""

    command: str
    step: int
    ok: bool | None
    code: int | None
    tests: Tests | None = None


@dataclass(slots=True)
class _Run:
    """What belongs to the run under way."""

    before: Tests | None = None
    ran: list[Ran] = field(default_factory=list)
    commands: int = 0
    failures: int = 0
    tests: Tests | None = None
    checked: Checked | None = None
    weakened: dict[str, str] = field(default_factory=dict)  # command: what is less of it


class Ledger:
    """Of one session. `folder` is where it was started."""

    def __init__(self, folder: str) -> None:
        self._step = 0
        self._worked: dict[Work, _Worked] = {}
        self._earlier: dict[str, Tests] = {}  # the first whole report of a command, which later ones are compared with
        self._last: Tests | None = None
        self._checked_at = -1
        self._waiting: dict[str, str] = {}
        self._changes = Changes(folder)
        self._run = _Run()

    def begin(self) -> None:
        """A run begins."""
        self._run = _Run(before=self._last)
        self._changes.begin()

    def ran(self, command: str, code: int | None, output: str, *, seconds: float = 0.0, is_failure: bool) -> None:
        """A command of the run ended."""
        tests = self._saw(command, code, output)
        made = Ran(command[:_SHOWN], code, round(seconds, 3), tests, is_failure)
        run = self._run
        run.commands += 1
        run.failures += is_failure
        run.tests = tests or run.tests
        run.ran.append(made)
        if len(run.ran) > 4 * _MOST_RAN:
            run.ran = list(_most_telling(run.ran))

    def shown(self, command: str, output: str) -> None:
        """The person ran a command: it tells how things are, but is no deed of the run."""
        self._saw(command, None, output)

    def checked(self, checked: Checked, output: str) -> None:
        """The command that has to succeed has run."""
        tests = self._saw(checked.command, checked.code, output)
        self._run.checked = checked
        self._run.tests = tests or self._run.tests
        self._checked_at = self._step if checked.code == 0 else -1

    def waits(self, id: str, command: str) -> None:
        """A command went on in the background."""
        self._waiting[id] = command

    def ended(self, id: str, command: str, code: int, output: str, seconds: float, *, is_failure: bool) -> None:
        """A command in the background ended."""
        self._waiting.pop(id, None)
        self.ran(command, code, output, seconds=seconds, is_failure=is_failure)

    def edited(self, path: str) -> None:
        """A call changed the file, which may be told of once more by `changed`."""
        self._step += 1
        self._changes.edited(path, self._step)

    def changed(self, path: str, before: object, after: object) -> None:
        """It was seen that the file is another one: None is that there is none."""
        self._step += 1
        self._changes.changed(path, before, after, self._step)

    @property
    def steps(self) -> int:
        """Where the session is: whatever is told of later comes behind."""
        return self._step

    @property
    def commands(self) -> int:
        """How many commands of the run have ended."""
        return self._run.commands

    def has_changed(self, since: int) -> bool:
        """Whether a file was seen to change in this run after that."""
        return self._changes.any_since(since)

    def unbacked(self, claim: Claim) -> str:
        """Why nothing that was seen bears the claim out; "" where something does, or it cannot be told."""
        if self._checked_at >= 0 and not self._changes.since(self._checked_at):
            return ""
        if claim == "checks":
            every = [worked for worked in self._worked.values() if worked.ok is not False]
            tested = self._worked.get("tests")
            return self._unbacked("tests") if tested is not None else "" if every else "coder saw no check run"
        return self._unbacked(claim)

    def _unbacked(self, work: Work) -> str:
        last = self._worked.get(work)
        if last is None:
            return f"coder saw no {_NOUNS[work]}"
        if last.tests is not None and last.tests.is_empty:
            return f"the last test run tested nothing ({named(last.command)})"
        if last.tests is not None and last.tests.failed:
            return f"the last test run failed ({named(last.command)}: {counts(last.tests)})"
        if last.ok is False:
            return f"the last {_NOUNS[work]} ended with exit code {last.code} ({named(last.command)})"
        later = self._changes.since(last.step) if work == "tests" else ()
        return f"{_listed(later)} changed after the last test run" if later else ""

    def evidence(self, doubts: Iterable[str] = ()) -> Evidence:
        """Of the run so far."""
        run = self._run
        waiting = [Ran(command[:_SHOWN], None) for command in self._waiting.values()]
        files = self._changes.paths()
        return Evidence(
            ran=_most_telling([*run.ran, *waiting]),
            changed=files[:_MOST_FILES],
            tests=run.tests,
            before=run.before if run.tests is not None else None,
            checked=run.checked,
            doubts=tuple(dict.fromkeys((*doubts, *self._doubts()))),
            commands=run.commands + len(waiting),
            failures=run.failures,
            files=len(files),
        )

    def _doubts(self) -> Iterable[str]:
        deleted = self._changes.deleted_tests()
        if deleted:
            yield f"{_counted(len(deleted), 'test file')} deleted: {_listed(deleted)}"
        yield from self._run.weakened.values()
        last = self._worked.get("tests")
        if self._run.tests is None or not self._run.tests.is_pass or last is None or not last.ok:
            return
        if later := self._changes.since(last.step):
            yield f"not tested since the last change: {_listed(later)}"

    def _saw(self, command: str, code: int | None, output: str) -> Tests | None:
        self._step += 1
        does = works(command)
        tests = report_of(command, output)
        if tests is not None:
            does.setdefault("tests", False)
            self._compare(command, tests)
            self._last = tests
        for work, decides in does.items():
            counted = tests if work == "tests" else None
            ok = counted.is_pass if counted is not None else code == 0 if decides and code is not None else None
            if work != "tests" and "tests" in does and work in self._worked and not ok:
                continue  # `npm test` that fails says nothing of the build before it
            self._worked[work] = _Worked(command, self._step, ok, code, counted)
        return tests

    def _compare(self, command: str, now: Tests) -> None:
        """Fewer tests, or more that are left out, than the same command had before: it passes more easily."""
        key = " ".join(command.split())
        before = self._earlier.setdefault(key, now)
        self._run.weakened.pop(key, None)
        if now.failed or now.is_empty or now.total is None or before.total is None:
            return
        less, left_out = before.total - now.total, (now.skipped or 0) - (before.skipped or 0)
        if less > 0:
            self._run.weakened[key] = f"fewer tests than before: {now.total}, were {before.total} ({named(command)})"
        elif left_out > 0:
            was = before.skipped or "none"
            self._run.weakened[key] = f"more tests are skipped: {now.skipped}, was {was} before ({named(command)})"


def _most_telling(ran: list[Ran]) -> tuple[Ran, ...]:
    """Those that failed, those that tested, the last ones; in their order."""
    places = range(len(ran))
    ranked = sorted(places, key=lambda at: (not ran[at].is_failure, ran[at].tests is None, -at))
    return tuple(ran[at] for at in sorted(ranked[:_MOST_RAN]))


def _listed(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
    return ", ".join(map(named, paths[:_LISTED])) + more


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{' was' if number == 1 else 's were'}"
