"""The change that a question is about, as rows to print above it. Must not know the question's choices."""

from __future__ import annotations

from coder.frontends.dialog import Dialog
from coder.frontends.dialog_lines import evidence_lines
from coder.frontends.styled import Row, Style, row


def evidence_rows(dialog: Dialog, width: int, *, whole: bool = False) -> list[Row]:
    """Added and removed lines stand out; nothing for a question that is no edit."""
    return [_styled(text, first=at == 0) for at, text in enumerate(evidence_lines(dialog, width, whole=whole))]


def _styled(text: str, *, first: bool) -> Row:
    if first:
        return row((text, "bold"))
    mark = text[5:6] if text[:4].strip().isdigit() or not text[:4].strip() else ""
    style: Style = "added" if mark == "+" else "removed" if mark == "-" else "dim"
    return row((text, style))
