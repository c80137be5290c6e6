"""How costs are put on a page, 80 columns wide. Must not know the ledger's files."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from coder.core.spans import span
from coder.core.visible import visible_line
from coder.frontends.amounts import exact_money, tokens
from coder.telemetry.spending import Sum

WIDTH = 80
_COST = 10


def amount(found: Sum) -> str:
    """What is known of the cost, and what is not, in a line."""
    if not found.unpriced:
        return exact_money(found.dollars)
    requests = _requests(found.unpriced)
    return f"at least {exact_money(found.dollars)}, and {requests} of unknown price"


def head(title: str, found: Sum) -> list[str]:
    waited = f"{span(found.seconds)} of waiting for the model"
    lines = wrapped(f"{title}: {amount(found)} · {_requests(found.requests)} · {waited}")
    if found.estimated:
        part = f"{exact_money(found.estimated_dollars)} of it" if found.estimated_dollars else "A part"
        lines.append(f"  {part} is an estimate: {_replies(found.estimated)} broke off or did not say what it used.")
    if found.unsure:
        lines.append(f"  {_requests(found.unsure)} got no answer and may have been billed or not: not counted.")
    return lines


def wrapped(line: str, indent: str = "") -> list[str]:
    """As many lines as it takes, the later ones further in."""
    return textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ")


def table(sums: Mapping[str, Sum]) -> list[str]:
    """A line for each name, the dearest first but for days; long names are cut."""
    names = max((len(visible_line(name)) for name in sums), default=0)
    used = max((len(_used(found)) for found in sums.values()), default=0)
    width = min(max(names, 8), WIDTH - 2 - 2 - used - _COST)
    return [_line(name, found, width) for name, found in sums.items()]


def _used(found: Sum) -> str:
    prompt = found.usage.prompt_tokens
    cached = f" ({found.cached:.0%} from cache)" if found.usage.cache_read_input_tokens else ""
    return f"{tokens(prompt):>7} in{cached}, {tokens(found.usage.output_tokens)} out"


def _line(name: str, found: Sum, width: int) -> str:
    shown = visible_line(name)
    shown = shown if len(shown) <= width else shown[: width - 1] + "…"
    cost = exact_money(found.dollars)
    if found.unpriced:
        cost = f">{cost}" if found.dollars else "?"
    room = WIDTH - 2 - width - 2 - _COST
    return f"  {shown:<{width}}  {_used(found):<{room}}{cost:>{_COST}}"


def _requests(count: int) -> str:
    return f"{count} request{'' if count == 1 else 's'}"


def _replies(count: int) -> str:
    return f"{count} repl{'y' if count == 1 else 'ies'}"
