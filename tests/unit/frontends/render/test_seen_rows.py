"""What was seen in a run, as rows."""

from __future__ import annotations

import pytest

from coder.core import evidence
from coder.core.evidence import Checked, Evidence, Ran
from coder.frontends.render.seen import is_telling, seen_rows
from coder.frontends.styled import plain

GREEN = evidence.Tests("pytest", 12, 0, 2)
RED = evidence.Tests("pytest", 10, 2, 0)


def rows(seen: Evidence | None) -> list[str]:
    return [plain(each) for each in seen_rows(seen)]


@pytest.mark.behaviour("B-1227")
@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (None, []),
        (Evidence(), []),
        (Evidence(commands=1, ran=(Ran("ls", 0),)), ["Seen: 1 command"]),
        (Evidence(files=1, changed=("a.py",)), ["Seen: no command ran · 1 file changed"]),
        (
            Evidence(
                commands=3,
                failures=1,
                files=2,
                ran=(Ran("npm test", 1, is_failure=True), Ran("ls", 0)),
                tests=GREEN,
                before=evidence.Tests("pytest", 12, 0, 0),
            ),
            [
                "Seen: 3 commands (1 failed: npm test, exit 1) · pytest 12 passed, 2 skipped (before: 12 passed)"
                " · 2 files changed"
            ],
        ),
        (
            Evidence(
                commands=4,
                failures=3,
                ran=(*(Ran(f"c{n}", n, is_failure=True) for n in (1, 2, 3)), Ran("serve", None)),
                tests=RED,
            ),
            ["Seen: 4 commands (3 failed: c2, exit 2; c3, exit 3; …, 1 not ended) · pytest 2 failed, 10 passed"],
        ),
        (
            Evidence(doubts=("the answer says so",), checked=Checked("make\x1b[2J test", 2, 3)),
            ["✗ Check failed: make\\x1b[2J test · exit 2 · 3 tries", "! The answer says so."],
        ),
        (Evidence(checked=Checked("make", 0, 1)), ["✓ Check passed: make"]),
        (
            Evidence(checked=Checked("make", 124, 1, "", True)),
            ["✗ Check failed: make · killed, it took too long · 1 try"],
        ),
        (Evidence(commands=1, tests=evidence.Tests("go test", None, 0)), ["Seen: 1 command · go test passed"]),
        (Evidence(commands=1, tests=evidence.Tests("pytest", 0, 0, 0)), ["Seen: 1 command · pytest no tests ran"]),
    ],
)
def test_rows(seen: Evidence | None, wanted: list[str]) -> None:
    assert rows(seen) == wanted


def test_failing_tests_stand_out() -> None:
    (red,) = seen_rows(Evidence(commands=1, tests=RED))
    (green,) = seen_rows(Evidence(commands=1, tests=GREEN))
    assert [span.text for span in red if span.style == "bad"] == ["pytest 2 failed, 10 passed"]
    assert {span.style for span in green} == {"dim"}


def test_what_only_ran_tells_nothing() -> None:
    assert not is_telling(None) and not is_telling(Evidence(commands=2, failures=1, files=3))
    assert is_telling(Evidence(tests=GREEN)) and is_telling(Evidence(doubts=("x",)))
