"""A decision about a command as rows: the answer, and which part is the reason. Must not know how it came about."""

from __future__ import annotations

from pathlib import Path

from coder.app.policy import Standing
from coder.frontends.policy.judged import Judged
from coder.frontends.policy.page import Explanation
from coder.frontends.styled import Row, Style, foreign, row
from coder.permissions.decide import Verdict

_MARKS: dict[Verdict, tuple[str, Style]] = {"allow": ("✓ ", "ok"), "ask": ("? ", "warn"), "deny": ("✗ ", "bad")}


def verdict_rows(command: str, found: Standing, home: Path) -> list[Row]:
    """The command, then the answer with its reason; of several parts the one that is the reason."""
    given = {"command": command}
    decision = found.policy.judge("Bash", given)
    page = Explanation(Judged(decision, found, home, lambda policy: policy.judge("Bash", given)), command)
    undone = "; it also cannot be undone" if decision.confirm else ""
    rows = [row(("  " + foreign(command), "code")), row(_MARKS[decision.verdict], f"{page.answer()}{undone}")]
    for answer, text, why in page.part_rows():
        rows.append(row(f"    {answer:<9}", (text, "code")))
        rows += [row((f"      {why}", "dim"))] if why else []
    return rows
