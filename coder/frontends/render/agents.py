"""Subagents and the steps of workflows as rows: what they are at, how they ended. Pure; must not know a terminal.

Where a row is short, what matters least goes first: the step, the model, the cost, the calls, the tokens, the time.
What it does at this moment, and how it ended, stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from coder.frontends.amounts import counted, duration, money, tokens, whole_seconds
from coder.frontends.beside import AT_WORK
from coder.frontends.folding import fold_row
from coder.frontends.model_names import short_model
from coder.frontends.styled import Row, Span, cells, cut, foreign, plain, row, width_of

if TYPE_CHECKING:
    from coder.core.agents import AgentRow, Report
    from coder.core.events import StepChanged
    from coder.frontends.styled import Style

TIME = 1  # rank of how long it has taken
_LEAST, _OUTCOME = 16, 36  # cells of what it does, and of what came of it, before other facts give way
_LONGEST = 300  # characters of a text that are looked at
_DEEPEST = 3  # levels that are set in
_MARKS: dict[str, tuple[str, Style]] = {"completed": ("✓ ", "ok"), "failed": ("✗ ", "bad"), "stopped": ("✗ ", "bad")}


def named(title: str, kind: str = "", *, cells_at_most: int = 0) -> str:
    """`Agent "Find usages"`, safe on one row."""
    text = foreign((title or kind or "general-purpose")[:_LONGEST])
    return f'Agent "{plain(cut(row(text), cells_at_most)) if cells_at_most else text}"'


def live_rows(agents: Sequence[AgentRow], width: int, most: int) -> list[Row]:
    """Those at work, a row each, then how many wait for a place; where there are more, those that wait for somebody and
    the most recent."""
    working = [each for each in agents if each.state in ("running", "waiting")]
    queued = sum(each.state == "queued" for each in agents)
    room = max(most - (queued > 0), 0)
    left_out = 0
    if len(working) > room:
        room = max(most - 1, 0)
        left_out = len(working) - room
    shown = {id(each) for each in sorted(working, key=_rank(working))[:room]}
    depths = _depths(agents)
    made = [live_row(each, width, depths[each.id]) for each in working if id(each) in shown]
    tail = [cut(row((_rest(left_out, queued), "dim")), width)] if left_out or queued else []
    return [*made, *tail][: max(most, 0)]


def live_row(agent: AgentRow, width: int, depth: int = 0) -> Row:
    """`▸ Agent "Find usages" · 3 tool calls · 12.4k tokens · 9s · reading src/cart.py`"""
    doing = foreign(agent.doing[:_LONGEST])
    if agent.state == "waiting":
        return _row(("▸ ", "bold"), agent, [], doing or "waiting", width, depth)
    mark: tuple[str, Style] = ("▸ ", "bold")
    if agent.is_stuck:
        mark, doing = ("! ", "warn"), f"nothing for a minute{f': {doing}' if doing else ''}"
    return _row(mark, agent, facts(agent), doing, width, depth)


def facts(agent: AgentRow) -> list[tuple[int, str]]:
    """What there is to know of it in numbers, in order, each with its rank: the highest goes first."""
    ended = agent.state not in AT_WORK
    spent = "" if agent.usd == 0 else money(agent.usd)
    given = [
        (5, foreign(short_model(agent.model[:_LONGEST]))),
        (6, f"step {agent.step}" if agent.step and not ended else ""),
        (3, counted(agent.tool_uses, "tool call") if agent.tool_uses else ""),
        (2, f"{tokens(agent.tokens)} tokens" if agent.tokens else ""),
        (4, spent),
        (TIME, duration(agent.seconds) if ended and agent.seconds < 0.95 else whole_seconds(agent.seconds)),
    ]
    return [(rank, text) for rank, text in given if text]


def ended_rows(
    agent: AgentRow,
    report: Report,
    width: int,
    depth: int = 0,
    *,
    short: Callable[[str], str] = str,
    is_told_next: bool = False,
) -> list[Row]:
    """`✓ Agent "List routes" · 5 tool calls · 8.1k tokens · 14s · 17 routes`; below it where more of it is. `short`
    writes a path as people do. `is_told_next`: what came of it stands in what follows."""
    mark = _MARKS[report.state]
    known = [] if report.resumed else facts(agent)
    if report.state == "failed":
        first = _row(mark, agent, known, "failed", width, depth)
        return [first] if is_told_next else [first, *why_rows(report, width, depth)]
    said = "stopped" if report.state == "stopped" else "" if is_told_next else outcome(report.text)
    if report.resumed:
        said = f"had ended before, not asked again{f': {said}' if said else ''}"
    rows = [_row(mark, agent, known, said, width, depth)]
    if report.artifact is not None:
        rows += fold_row(row((f"  The whole report: {foreign(short(str(report.artifact)))}", "dim")), width, 4)
    if report.branch:
        text = f"  What it changed is on the branch {foreign(report.branch)}, not merged."
        rows += fold_row(row((text, "dim")), width, 4)
    return rows


def why_rows(report: Report, width: int, depth: int = 0) -> list[Row]:
    """Why it failed."""
    why = foreign(report.error[:_LONGEST]) or "it gave no reason"
    return fold_row(row("  " * (depth + 1), why), width, 2 * (depth + 1))


def background_row(agent: AgentRow, width: int) -> Row:
    """What is left on the screen when one begins that nobody waits for."""
    tail = " · runs in the background · /tasks shows it"
    return cut(row(("▸ ", "bold"), named(agent.title, agent.kind), (tail, "dim")), width)


def outcome(text: str) -> str:
    """The first line of a report that says something, without the signs of Markdown."""
    lines = (
        line.strip().lstrip("#>*- ").replace("**", "").replace("`", "").strip() for line in text[:4_000].splitlines()
    )
    return foreign(next((line for line in lines if any(map(str.isalnum, line))), "")[:_LONGEST])


def step_words(event: StepChanged) -> str:
    """`/fix-issue · step review (2 of 5)` when it begins, `/fix-issue · step review · pass` afterwards."""
    item = f", {foreign(event.item[:_LONGEST])}" if event.item else ""
    said = "" if event.is_told_next else foreign(event.text[:_LONGEST])
    text = f" ({said})" if said and event.state == "started" else f" · {said}" if said else ""
    return f"/{foreign(event.workflow[:_LONGEST])} · step {foreign(event.step[:_LONGEST])}{item}{text}"


def step_row(event: StepChanged, width: int) -> list[Row]:
    """A step that has ended, or waits."""
    marks: dict[str, tuple[str, Style]] = {"done": ("✓ ", "ok"), "failed": ("✗ ", "bad"), "waiting": ("? ", "warn")}
    words = {"kept": " · done before, kept", "skipped": " · skipped"}
    text = f"{step_words(event)}{words.get(event.state, '')}"
    return fold_row(row(marks.get(event.state, ("✓ ", "dim")), text), width, 2)


def _row(
    mark: tuple[str, Style], agent: AgentRow, known: Sequence[tuple[int, str]], said: str, width: int, depth: int
) -> Row:
    """As many of the facts as leave room for what is said."""
    indent = "  " * min(depth, _DEEPEST)
    head = row(indent, mark, named(agent.title, agent.kind, cells_at_most=max(width * 2 // 5, 12)))
    kept = list(known)
    least = _LEAST if agent.state in AT_WORK else _OUTCOME
    wanted = min(sum(map(cells, said)), least) + 3 if said else 0
    while kept and width_of(head) + sum(3 + sum(map(cells, text)) for _, text in kept) + wanted > width:
        kept.remove(max(kept))
    tail = "".join(f" · {text}" for text in (*(text for _, text in kept), *([said] if said else [])))
    return cut(tuple(span for span in (*head, Span(tail, "dim")) if span.text), width)


def _rank(working: Sequence[AgentRow]) -> Callable[[AgentRow], tuple[bool, int]]:
    """What is shown first: who waits for somebody, then who began last."""
    places = {id(each): at for at, each in enumerate(working)}
    return lambda each: (each.state != "waiting", -places[id(each)])


def _rest(left_out: int, queued: int) -> str:
    """`  3 more wait for a place`; `  … 2 more at work, 3 wait for a place`"""
    verb = "waits" if queued == 1 else "wait"
    if not left_out:
        return f"  {queued} more {verb} for a place"
    return f"  … {left_out} more at work{f', {queued} {verb} for a place' if queued else ''}"


def _depths(agents: Sequence[AgentRow]) -> dict[str, int]:
    """How many agents stand above each."""
    depths: dict[str, int] = {}
    for each in agents:  # in the order in which they were begun: a parent stands before its children
        depths[each.id] = depths.get(each.parent, -1) + 1
    return depths
