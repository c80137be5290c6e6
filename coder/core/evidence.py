"""What was seen to happen in a run: the commands and how they ended, tests counted, files changed. Values.

Must not know how any of it was found out, or what the model says of it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tests:
    """What a test run reported of itself. `runner` is its name; None is a number it did not give."""

    runner: str
    passed: int | None = None
    failed: int | None = None
    skipped: int | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended. `code` is None while it runs in the background, or when it was stopped; `tests` what it
    reported of tests, if it ran some."""

    command: str
    code: int | None
    seconds: float = 0.0
    tests: Tests | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The command that had to succeed before the run ended: its last exit code and the end of its output."""

    command: str
    code: int
    tries: int
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one run. `before` is the last test report of the session before it, `doubts` what the answer says and nothing
    that was seen bears out, each a line for people."""

    ran: tuple[Ran, ...] = ()
    changed: tuple[str, ...] = ()  # paths, relative to the start folder where they lie below it
    tests: Tests | None = None
    before: Tests | None = None
    checked: Checked | None = None
    doubts: tuple[str, ...] = ()
