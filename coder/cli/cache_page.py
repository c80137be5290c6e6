"""How a report about the cache is put on a page, 80 columns wide. Must not know the ledger."""

from __future__ import annotations

from datetime import datetime

from coder.cli.cost_page import wrapped
from coder.core.visible import visible_line
from coder.frontends.amounts import exact_money, tokens
from coder.telemetry.cache_report import CacheReport, Line, Miss

_SHOWN = 12  # requests without a miss, the latest


def page(session: str, report: CacheReport, *, every: bool = False) -> list[str]:
    """The lines of the page: misses with their reasons, and the latest requests."""
    count = len(report.lines)
    prompts = sum(line.row.usage.prompt_tokens for line in report.lines)
    misses = len(report.misses)
    lines = [
        f"Cache of session {session[:8]}: {report.hit:.0%} of {tokens(prompts)} prompt tokens came from it; "
        f"{misses or 'no'} miss{'es' if misses != 1 else ''}.",
        "    #  time         read  written  uncached   hit",
    ]
    hidden = 0
    for number, line in enumerate(report.lines, 1):
        if line.miss is None and not every and number <= count - _SHOWN:
            hidden += 1
            continue
        lines.append(_line(number, line))
        if line.miss is not None:
            lines += _miss(line.miss)
    if hidden:
        lines.append(f"{hidden} earlier requests without a miss are left out: --all shows them.")
    if prompts and not any(line.read or line.written for line in report.lines):
        lines.append("Nothing was cached: prompts under about 1,000 tokens are not.")
    if misses:
        cost = report.dollars
        more = "an unknown amount" if cost is None else exact_money(cost)
        lines += wrapped(
            f"Paid for again: {tokens(report.wasted)} tokens, {more} more than reading them from the cache."
        )
    return lines


def _line(number: int, line: Line) -> str:
    time = datetime.fromisoformat(line.row.ts).astimezone().strftime("%H:%M:%S")
    purpose = "" if line.row.purpose == "main" else f"  {line.row.purpose}"
    agent = "" if line.row.agent == "main" else f"  {visible_line(line.row.agent)}"
    mark = "  missed" if line.miss else ""
    return (
        f"{number:>5}  {time}  {tokens(line.read):>7}  {tokens(line.written):>7}  {tokens(line.uncached):>8}  "
        f"{line.hit:>4.0%}{mark}{purpose}{agent}"
    )


def _miss(miss: Miss) -> list[str]:
    lines = wrapped(f"{tokens(miss.tokens)} tokens: {visible_line(miss.why)}", " " * 7)
    if (where := miss.difference) is not None:
        byte = f"byte {where.offset:,}" if where.exact else f"somewhere from byte {where.offset:,} on"
        lines.append(f"       {visible_line(where.place)}, {byte} of the prompt")
        if where.was or where.now:
            lines += [f"         was {_quoted(where.was)}", f"         now {_quoted(where.now)}"]
    return lines


def _quoted(text: str) -> str:
    return f"“{visible_line(text)}”" if text else "nothing"
