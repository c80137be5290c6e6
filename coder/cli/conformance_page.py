"""Verdicts as lines and as data. Must not know what was checked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from coder.conformance.check import Check, State, Verdict
from coder.core.messages import Json
from coder.core.visible import visible_line

_MARKS: dict[State, tuple[str, str]] = {"pass": ("✓", "green"), "fail": ("✗", "red"), "skip": ("–", "dim")}
_NAME_WIDTH = 24


def rows_of_check(check: Check) -> Text:
    return Text.assemble(f"{check.name:<{_NAME_WIDTH}}", (f"{check.section:<5}", "dim"), check.promise)


def rows_of_verdict(verdict: Verdict) -> list[Text]:
    """What was promised, and below it what came instead, or why it was not tried."""
    mark, style = _MARKS[verdict.state]
    rows = [Text.assemble((f"{mark} ", style), rows_of_check(verdict.check))]
    below = {"expected": verdict.expected, "seen": verdict.seen, "skipped": verdict.reason}
    rows += [Text.assemble((f"  {name:<10}", "dim"), visible_line(text)) for name, text in below.items() if text]
    return rows


def summary(verdicts: Sequence[Verdict]) -> Text:
    states = [verdict.state for verdict in verdicts]
    failed, skipped = states.count("fail"), states.count("skip")
    rest = f", {skipped} skipped" if skipped else ""
    if failed:
        return Text.assemble((f"{failed} of {len(states)} checks failed{rest}.", "bold"))
    return Text.assemble((f"All {len(states) - skipped} checks passed{rest}.", "bold"))


def as_json(verdicts: Sequence[Verdict]) -> Json:
    states = [verdict.state for verdict in verdicts]
    return {
        "ok": "fail" not in states,
        "passed": states.count("pass"),
        "failed": states.count("fail"),
        "skipped": states.count("skip"),
        "checks": [_entry(verdict) for verdict in verdicts],
    }


def _entry(verdict: Verdict) -> Json:
    made: Json = {"name": verdict.check.name, "section": verdict.check.section, "promise": verdict.check.promise}
    made |= {"state": verdict.state, "seconds": verdict.seconds}
    more = {"expected": verdict.expected, "seen": verdict.seen, "reason": verdict.reason}
    return made | {name: text for name, text in more.items() if text}
