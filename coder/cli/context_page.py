"""How a context report is put on a page, 80 columns wide. Must not know where it comes from."""

from __future__ import annotations

from coder.frontends.amounts import rounded, tokens
from coder.telemetry.context_report import MESSAGES, Category, ContextReport

_BAR, _NAME = 77, 22
_HINTS: dict[Category, str] = {"tools": "--disallowed-tools leaves some out"}


def page(report: ContextReport) -> list[str]:
    """One bar, one row per part, then the largest items with what makes each less."""
    used = report.total / report.window if report.window else 0.0
    about = "" if report.source == "counted" else "about "
    compacts = f", compacts at {rounded(report.compacts_at)}" if report.compacts_at else ""
    filled = min(_BAR, max(round(used * _BAR), 1 if report.total else 0))
    lines = [
        f"Context: {about}{tokens(report.total)} of {rounded(report.window)} tokens ({used:.0%}){compacts}",
        f"[{'#' * filled}{'.' * (_BAR - filled)}]",
    ]
    for name in ("system prompt", "tools", "memory", "skills", "environment"):
        count = report.count_of(name)
        if count:
            label = f"{name}, {count}" if name in ("tools", "skills") else name
            lines.append(_row(report, label, report.tokens_of(name), _HINTS.get(name, "")))
    if count := report.count_of(*MESSAGES):
        lines.append(_row(report, "messages", report.tokens_of(*MESSAGES), "compaction summarises"))
        lines += [
            _row(report, f"  {name}, {report.count_of(name)}", report.tokens_of(name))
            for name in MESSAGES
            if report.count_of(name)
        ]
    lines.append(f"  {'free':<{_NAME}}{tokens(report.free):>7}")
    if report.later:
        lines.append(f"  {'since then, about':<{_NAME}}{tokens(report.later):>7}         not counted above")
    if report.source == "estimated":
        lines.append("No request was counted yet, and the API could not be asked: these are estimates by size.")
    if report.shares:
        lines += ["Largest:", *(_item(s.tokens, s.item.label, s.item.hint) for s in report.largest if s.tokens)]
    return lines


def _row(report: ContextReport, label: str, count: int, hint: str = "") -> str:
    part = count / report.total if report.total else 0.0
    return f"  {label:<{_NAME}}{tokens(count):>7}  {part:>4.0%}   {hint}".rstrip()


def _item(count: int, label: str, hint: str) -> str:
    room = 80 - 2 - 7 - 2 - (len(hint) + 2 if hint else 0)
    shown = label if len(label) <= room else label[: room - 1] + "…"
    return f"  {tokens(count):>7}  {shown:<{room}}  {hint}".rstrip()
