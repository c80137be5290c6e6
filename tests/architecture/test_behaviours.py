"""R36: every numbered promise has a test, and every number a test carries is a promise."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROMISE = re.compile(r"^- \*\*(B-\d{3,4})\*\* \S", re.MULTILINE)
CARRIED = re.compile(r'behaviour\("(B-\d{3,4})"\)')


def promised() -> list[str]:
    return [
        found
        for page in sorted((ROOT / "docs" / "behaviours").glob("*.md"))
        for found in PROMISE.findall(page.read_text(encoding="utf-8"))
    ]


def carried() -> set[str]:
    return {
        found
        for test in (ROOT / "tests").rglob("test_*.py")
        for found in CARRIED.findall(test.read_text(encoding="utf-8"))
    }


def test_every_promise_has_a_test() -> None:
    assert not set(promised()) - carried()


def test_every_test_keeps_a_promise_that_exists() -> None:
    assert not carried() - set(promised())


def test_no_number_is_used_twice() -> None:
    assert len(promised()) == len(set(promised()))
