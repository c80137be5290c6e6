"""`/cost`: what this session used and cost so far. Must not know how the ledger is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from coder.core.config import Config
from coder.core.messages import Usage
from coder.frontends.amounts import counted, duration, exact_money, rounded, tokens
from coder.frontends.desk import Desk
from coder.frontends.slash.pages import look, width_for
from coder.frontends.styled import Row, cells, cut, foreign, row
from coder.telemetry.rows import Row as LedgerRow
from coder.telemetry.spending import Sum, grouped, read, total

_UNKNOWN = "cost unknown"
_NARROW, _USED = 60, 39
_FEW = 6  # subagents that are told of one by one


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    rows, lost = await asyncio.to_thread(_kept, desk.config, desk.session.facts.session_id)
    sums = grouped(rows, "model") if rows else _of_process(desk)
    every = total(rows) if rows else _added(sums)
    page = cost_rows(sums, every, _subagents(rows), _limit(desk), width_for(desk.ui), _deeds(desk), _each(desk, rows))
    if lost:
        page.append(row(("! ", "warn"), f"{counted(lost, 'line')} of the ledger could not be read."))
    await look(desk.ui, page, hang=4)


def _kept(config: Config, session_id: str) -> tuple[list[LedgerRow], int]:
    """What the ledger holds of the session, from its first day on, and how many lines of it cannot be read. Blocks."""
    if not config.persist or config.model.is_replay:
        return [], 0
    try:
        book = read(config.home)
    except OSError:
        return [], 1
    return [each for each in book.rows if each.session == session_id], book.bad


def _of_process(desk: Desk) -> dict[str, Sum]:
    """What this process used, where nothing is kept."""
    spent = desk.session.spent
    found = {}
    for name, used in spent.model_usage.items():
        usage = Usage(
            input_tokens=used["inputTokens"],
            output_tokens=used["outputTokens"],
            cache_creation_input_tokens=used["cacheCreationInputTokens"],
            cache_read_input_tokens=used["cacheReadInputTokens"],
            web_search_requests=used["webSearchRequests"],
        )
        cost = used["costUSD"]
        found[name] = Sum(requests=1, usage=usage, dollars=cost or 0.0, unpriced=int(cost is None))
    if found:
        next(iter(found.values())).seconds = spent.api_seconds
    return found


def _added(sums: dict[str, Sum]) -> Sum:
    found = Sum()
    for each in sums.values():
        found.requests += each.requests
        found.usage += each.usage
        found.dollars += each.dollars
        found.unpriced += each.unpriced
        found.seconds += each.seconds
    return found


def _subagents(rows: list[LedgerRow]) -> tuple[int, Sum]:
    agents = [each for each in rows if each.agent != "main"]
    return len({each.agent for each in agents}), total(agents)


def _each(desk: Desk, rows: list[LedgerRow]) -> dict[str, Sum]:
    """What each subagent used, by what it was asked for, in the order they were asked in, which need not be the one
    they were answered in; nothing where they are many."""
    found = grouped((each for each in rows if each.agent != "main"), "agent")
    if len(found) > _FEW or desk.session.agents is None:
        return {}
    titles = {each.id: each.title or each.kind for each in desk.session.agents.rows()}
    named: dict[str, Sum] = {}
    for number, id in enumerate(sorted(found, key=[*titles, *found].index), 1):
        title = f'"{foreign(titles.get(id, id))}"'
        named[title if title not in named else f"{title} {number}"] = found[id]
    return named


def _deeds(desk: Desk) -> str:
    """What this process has to show for it."""
    session = desk.session
    waited = f", {duration(session.figures.waited)} waiting for you" if session.figures.waited >= 0.05 else ""
    added, removed = session.figures.lines
    return waited + (f" · +{added} -{removed} lines" if added or removed else "")


def _limit(desk: Desk) -> str:
    config, spent = desk.config, desk.session.spent
    limits = []
    if config.max_budget_usd is not None:
        limits.append(f"{exact_money(spent.cost or 0.0)} of {exact_money(config.max_budget_usd)}")
    if config.max_tokens_total is not None:
        used = spent.usage.prompt_tokens + spent.usage.output_tokens
        limits.append(f"{tokens(used)} of {rounded(config.max_tokens_total)} tokens")
    return f"Limit: {' · '.join(limits)} used" if limits else "Limit: none · set one with --max-budget-usd 5"


def cost_rows(
    sums: dict[str, Sum],
    every: Sum,
    subagents: tuple[int, Sum],
    limit: str,
    width: int,
    session: str = "",
    each: Mapping[str, Sum] | None = None,
) -> list[Row]:
    """The total, a row for each model, what is not known for certain, and the limit. `session` is what else is to be
    said of it, `each` the subagents by their names, where they are few."""
    model_time = f" · {duration(every.seconds)} of model time" if every.seconds >= 0.05 else ""
    rows = [row(("This session: ", ""), (_amount(every), "bold"), f"{model_time}{session}")]
    table = sorted(sums.items(), key=lambda item: -item[1].dollars)
    names = {name: foreign(name) for name, _ in table}
    widest = max(8, width - 2 if width < _NARROW else width - _USED - 14)
    column = min(max((len(name) for name in names.values()), default=0), widest)
    for name, found in table:
        rows += _model(cut(row(names[name]), column), found, column, width)
    count, part = subagents
    if count:
        label = f"subagents, {count}"
        rows.append(row(f"  {label:<{column}}  {'included above':<{_USED}}", f"{_short(part):>10}"))
        for name, found in (each or {}).items():
            rows += _model(cut(row("  ", name), column), found, column, width)
    if not table:
        rows.append(row("  The model was not asked for anything yet."))
    rows += _unsure(every)
    rows.append(row(f"  {limit}"))
    if every.requests:
        rows.append(row(("  Other sessions and days: coder cost", "dim")))
    return rows


def _model(name: Row, found: Sum, column: int, width: int) -> list[Row]:
    prompt = found.usage.prompt_tokens
    cached = f" ({found.cached:.0%} from cache)" if found.usage.cache_read_input_tokens else ""
    used = f"{tokens(prompt):>7} in{cached}, {tokens(found.usage.output_tokens)} out"
    if width < _NARROW:
        return [row("  ", *name), row(f"    {used.strip()}"), row(f"    {_short(found)}")]
    column = max(column - max(len(used) - _USED, 0), 1)  # large counts take from the name
    name = cut(name, column)
    blanks = " " * (column - sum(cells(char) for span in name for char in span.text))
    return [row("  ", *name, f"{blanks}  {used:<{_USED}}", f"{_short(found):>10}")]


def _amount(found: Sum) -> str:
    if not found.unpriced:
        return exact_money(found.dollars)
    return f"at least {exact_money(found.dollars)}, the rest of unknown price" if found.dollars else _UNKNOWN


def _short(found: Sum) -> str:
    if not found.unpriced:
        return exact_money(found.dollars)
    return f">{exact_money(found.dollars)}" if found.dollars else "unknown"


def _unsure(every: Sum) -> list[Row]:
    rows = []
    if every.estimated:
        cut_off = "a reply that broke off" if every.estimated == 1 else f"{every.estimated} replies that broke off"
        rows.append(row((f"  Of that {exact_money(every.estimated_dollars)} is an estimate: {cut_off}.", "dim")))
    if every.unsure:
        count = counted(every.unsure, "request")
        rows.append(row((f"  {count} got no answer and may have been billed or not: not counted.", "dim")))
    return rows
