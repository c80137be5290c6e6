"""What coder saw in a run, as rows below the answer: told by the program, not by the model. Pure; knows no session."""

from __future__ import annotations

from coder.core.evidence import Checked, Evidence, Ran
from coder.evidence.wording import counts, named
from coder.frontends.amounts import counted
from coder.frontends.styled import Row, Style, foreign, row

_NAMED = 2


def seen_rows(evidence: Evidence | None) -> list[Row]:
    """A row of all that happened, then one for the check and for each doubt. Nothing for a run in which nothing did."""
    if evidence is None:
        return []
    parts = _parts(evidence)
    rows = [_joined(parts)] if parts else []
    if evidence.checked is not None:
        rows.append(_check_row(evidence.checked))
    return rows + [row(("! ", "warn"), _sentence(foreign(doubt))) for doubt in evidence.doubts]


def is_telling(evidence: Evidence | None) -> bool:
    """Whether there is more to it than that commands ran and files changed."""
    return evidence is not None and bool(evidence.tests or evidence.checked or evidence.doubts)


def _parts(evidence: Evidence) -> list[tuple[str, Style]]:
    parts: list[tuple[str, Style]] = []
    if evidence.commands:
        parts.append((counted(evidence.commands, "command") + _failures(evidence), "dim"))
    elif evidence.files:
        parts.append(("no command ran", "dim"))
    if evidence.tests is not None:
        before = evidence.before
        was = f" (before: {counts(before)})" if before is not None else ""
        style: Style = "dim" if evidence.tests.is_pass else "bad"
        parts.append((f"{foreign(evidence.tests.runner)} {counts(evidence.tests)}{was}", style))
    if evidence.files:
        parts.append((f"{counted(evidence.files, 'file')} changed", "dim"))
    return parts


def _joined(parts: list[tuple[str, Style]]) -> Row:
    spans: list[tuple[str, Style]] = [("Seen: ", "dim")]
    for at, part in enumerate(parts):
        spans += [(" · ", "dim"), part] if at else [part]
    return row(*spans)


def _failures(evidence: Evidence) -> str:
    """` (2 failed: npm test, exit 1; make, exit 2)`"""
    running = sum(ran.code is None and not ran.is_failure for ran in evidence.ran)
    failed = [ran for ran in evidence.ran if ran.is_failure]
    said = []
    if evidence.failures:
        more = "; …" if evidence.failures > _NAMED else ""
        said.append(f"{evidence.failures} failed: {'; '.join(map(_failed, failed[-_NAMED:]))}{more}")
    if running:
        said.append(f"{running} not ended")
    return f" ({', '.join(said)})" if said else ""


def _failed(ran: Ran) -> str:
    return named(ran.command) + (f", exit {ran.code}" if ran.code is not None else ", stopped")


def _check_row(checked: Checked) -> Row:
    tries = f" · {counted(checked.tries, 'try', 'tries')}" if checked.tries > 1 or checked.code else ""
    if checked.code == 0:
        return row(("✓ ", "ok"), f"Check passed: {named(checked.command)}", (tries, "dim"))
    how = "killed, it took too long" if checked.is_late else f"exit {checked.code}"
    return row(("✗ ", "bad"), f"Check failed: {named(checked.command)} · {how}", (tries, "dim"))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
