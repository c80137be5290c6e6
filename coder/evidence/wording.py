"""Words for what was seen, as they stand in a sentence. Pure."""

from __future__ import annotations

from coder.core.evidence import Tests
from coder.core.visible import visible_line

_LONG = 60


def named(text: str) -> str:
    """A command or a path, on one line and not too long; nothing in it is unseen."""
    line = visible_line(text)
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def counts(tests: Tests) -> str:
    """`2 failed, 10 passed, 1 skipped`; "passed" where it gave no number."""
    if tests.is_empty:
        return f"nothing tested, {tests.skipped} skipped" if tests.skipped else "no tests ran"
    parts = [f"{tests.failed} failed"] if tests.failed else []
    if tests.passed is not None:
        parts.append(f"{tests.passed} passed")
    elif not tests.failed:
        parts.append("passed")
    return ", ".join([*parts, *([f"{tests.skipped} skipped"] if tests.skipped else [])])
