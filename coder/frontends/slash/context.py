"""`/context`: what fills the context, part by part, and what shrinks it. Must not know how requests are made."""

from __future__ import annotations

from coder.frontends.amounts import rounded, tokens
from coder.frontends.desk import Desk
from coder.frontends.slash.pages import height_for, look, width_for
from coder.frontends.styled import Row, Style, cut, foreign, row, width_of
from coder.telemetry.context_report import HEAD, MESSAGES, Category, ContextReport, Share

_OF_SERVERS = "tool mcp__"
_LABEL, _WIDEST_BAR, _NARROW = 22, 78, 60
_YELLOW, _RED = 0.70, 0.85
_HINTS: dict[Category, str] = {"tools": "--disallowed-tools leaves some out", "memory": "/memory edits it"}


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    report = await desk.session.context()
    await look(desk.ui, context_rows(report, width_for(desk.ui), height_for(desk.ui)), hang=4)


def context_rows(report: ContextReport, width: int, height: int = 20) -> list[Row]:
    """One bar, a row for each part, and of the largest items as many as there is room for."""
    used = report.total / report.window if report.window else 0.0
    level: Style = "bad" if used >= _RED else "warn" if used >= _YELLOW else ""
    about = "" if report.source == "counted" else "about "
    limit = f", compacts at {rounded(report.compacts_at)}" if report.compacts_at else ""
    head = f"Context: {about}{tokens(report.total)} of {rounded(report.window)} tokens ({used:.0%}){limit}"
    rows = [row((head, level or "bold")), *_bar(used, width, level), *_parts(report, width)]
    if report.total > report.window:
        rows.append(row(("! ", "warn"), "It no longer fits. /compact makes a summary and goes on · /rewind goes back"))
        rows.append(row("  · /clear starts new."))
    if report.source == "estimated":
        rows.append(row(("  Nothing was counted yet and the API could not be asked: estimates by size.", "dim")))
    room = height - len(rows) - 1
    items = _largest_said(report)[: max(room - 1, 0)]
    if len(items) > 1 and width >= _NARROW:
        rows += [
            row(("Largest of the messages", "bold")),
            *(_item(s.tokens, s.item.label, s.item.hint, width) for s in items),
        ]
    return rows


def _largest_said(report: ContextReport) -> list[Share]:
    """What is always there has a row of its own."""
    said = [share for share in report.shares if share.tokens and share.item.category in MESSAGES]
    return sorted(said, key=lambda share: -share.tokens)


def _bar(used: float, width: int, level: Style) -> list[Row]:
    room = min(width, _WIDEST_BAR + 2) - 2
    if room < 4:
        return []
    filled = min(room, max(round(used * room), 1 if used else 0))
    return [row("[", ("#" * filled, level), ("." * (room - filled), "dim"), "]")]


def _parts(report: ContextReport, width: int) -> list[Row]:
    rows: list[Row] = []
    for name in HEAD:
        count = report.count_of(name)
        if count:
            label = f"{name}, {count}" if name in ("tools", "skills") else name
            rows.append(_part(report, label, report.tokens_of(name), _HINTS.get(name, ""), width))
            if name == "tools":
                rows += [
                    _part(report, f"  {foreign(server)[:18]}, {many}", count, "/mcp turns it off", width)
                    for server, many, count in _servers(report)
                ]
    if count := report.count_of(*MESSAGES):
        rows.append(_part(report, f"messages, {count}", report.tokens_of(*MESSAGES), "/compact summarises", width))
        rows += [
            _part(report, f"  {name}, {report.count_of(name)}", report.tokens_of(name), "", width)
            for name in MESSAGES
            if report.count_of(name)
        ]
    rows.append(row(f"  {'free':<{_LABEL}}{tokens(report.free):>7}"))
    if report.later:
        note = "   not counted above" if width >= _NARROW else ""
        rows.append(row(f"  {'since then, about':<{_LABEL}}{tokens(report.later):>7}", (note, "dim")))
    return rows


def _servers(report: ContextReport) -> list[tuple[str, int, int]]:
    """The servers whose tools are in it, with how many and what they take, the largest first."""
    found: dict[str, list[int]] = {}
    for share in report.shares:
        if share.item.category == "tools" and share.item.label.startswith(_OF_SERVERS):
            found.setdefault(share.item.label.removeprefix(_OF_SERVERS).partition("__")[0], []).append(share.tokens)
    return sorted(((name, len(each), sum(each)) for name, each in found.items()), key=lambda each: -each[2])


def _part(report: ContextReport, label: str, count: int, hint: str, width: int) -> Row:
    share = count / report.total if report.total else 0.0
    text = f"  {label:<{_LABEL}}{tokens(count):>7}  {share:>4.0%}"
    return row(text, (f"   {hint}", "dim")) if hint and len(text) + 3 + len(hint) <= width else row(text)


def _item(count: int, label: str, hint: str, width: int) -> Row:
    room = width - 2 - 7 - 2 - (len(hint) + 2 if hint else 0)
    text = cut(row(foreign(label)), room)
    beside = " " * (room - width_of(text)) + f"  {hint}" if hint else ""
    return row(f"  {tokens(count):>7}  ", *text, (beside, "dim"))
