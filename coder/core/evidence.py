"""What was seen to happen in a run: the commands and how they ended, tests counted, files changed. Values.

Must not know how any of it was found out, or what the model says of it.
"""

from __future__ import annotations

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Tests:
    """What a test run reported of itself. `runner` is its name; None is a number it did not give."""

    runner: str
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None

    @property
    def total(self) -> int | None:
        """How many there were; None when the report does not say."""
        return None if self.passed is None else self.passed + (self.failed or 0) + (self.skipped or 0)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was tested at all, which is no pass: not even where all were left out."""
        return self.passed == 0 and not self.failed

    @property
    def is_pass(self) -> bool:
        return not self.failed and not self.is_empty


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended. `code` is None while it runs in the background, or when it was stopped; `tests` what it
    reported of tests, if it ran some. `is_failure`: its code is no answer, as that of a search without matches is."""

    command: str
    code: int | None
    seconds: float = 0.0
    tests: Tests | None = None
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The command that had to succeed before the run ended: its last exit code and the end of its output. `is_late`: it
    was not done within its time."""

    command: str
    code: int
    tries: int
    tail: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one run. `ran` are the most telling of its `commands`, of which `failures` failed, and `changed` some of the
    `files` it changed. `before` is the last test report of the session before it, `doubts` what the answer says and
    nothing that was seen bears out, each a line for people."""

    ran: tuple[Ran, ...] = ()
    changed: tuple[str, ...] = ()  # paths, relative to the start folder where they lie below it
    tests: Tests | None = None
    before: Tests | None = None
    checked: Checked | None = None
    doubts: tuple[str, ...] = ()
    commands: int = 0
    failures: int = 0
    files: int = 0
