"""The findings of `coder doctor` as rows and as data. Must not know what was looked at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coder.app.checks import Check, State
from coder.core.messages import Json
from coder.frontends.styled import Row, Style, row

_MARKS: dict[State, tuple[str, Style]] = {"ok": ("✓", "ok"), "warn": ("!", "warn"), "bad": ("✗", "bad")}
_NAME_WIDTH = 14


def rows_of_check(check: Check) -> list[Row]:
    """The finding, and below it what to do."""
    mark, style = _MARKS[check.state]
    found = [row((f"{mark} ", style), f"{check.name:<{_NAME_WIDTH}}", check.what)]
    if check.advice:
        found.append(row((f"  {'':<{_NAME_WIDTH}}{check.advice}", "dim")))
    return found


def summary(checks: Sequence[Check]) -> Row:
    bad = sum(check.state == "bad" for check in checks)
    warned = sum(check.state == "warn" for check in checks)
    if bad:
        many = "One thing keeps" if bad == 1 else f"{bad} things keep"
        return row((f"{many} coder from working.", "bold"))
    if warned:
        return row(("coder works.", "bold"), f" {warned} {'thing' if warned == 1 else 'things'} could be better.")
    return row(("Everything is in order.", "bold"))


def as_json(checks: Iterable[Check]) -> list[Json]:
    return [{"name": each.name, "state": each.state, "what": each.what, "advice": each.advice} for each in checks]
