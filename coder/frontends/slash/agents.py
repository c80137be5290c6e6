"""`/agents`: which agents the model may ask, whose each is, what it has, and why one does not count.

For looking; must not know how one is run.
"""

from __future__ import annotations

import asyncio

from coder.app.subagents.rows import RosterRow, RosterShelf, own_words, roster_shelf
from coder.config.paths import user_home
from coder.frontends.desk import Desk
from coder.frontends.folding import fold_row
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.slash.pages import look, width_for
from coder.frontends.slash.saying import shown
from coder.frontends.styled import Row, foreign, row, rows_of


async def run(desk: Desk, arguments: str) -> None:
    """`arguments` is a name, or words that a row must have."""
    shelf = await asyncio.to_thread(roster_shelf, desk.config, desk.env)
    words = arguments.split()
    if len(words) == 1 and (row := shelf.find(words[0])) is not None:
        await look(desk.ui, _page(row, desk))
        return
    found = tuple(each for each in shelf.rows if all(word.lower() in each.words for word in words))
    first = 0
    while True:
        picked = await desk.ui.pick(_picker(shelf, found, desk, first))
        if picked is None or picked.item is None or not isinstance(picked.item.value, RosterRow):
            return
        first = picked.index
        await look(desk.ui, _page(picked.item.value, desk))


def _picker(shelf: RosterShelf, found: tuple[RosterRow, ...], desk: Desk, first: int) -> Picker:
    above = tuple(line for text in _warnings(shelf) for line in fold_row(row(("! ", "warn"), text), width_for(desk.ui)))
    items = tuple(_item(each, desk) for each in found)
    return Picker("Agents", items, verb="shows it", empty="None has these words.", first=first, above=above)


def _warnings(shelf: RosterShelf) -> list[str]:
    found = [foreign(shelf.warning[:1].upper() + shelf.warning[1:])] if shelf.warning else []
    count = len(shelf.mistakes) + sum(len(each.mistakes) for each in shelf.rows)
    if count:
        found.append(f"{count} mistake{'' if count == 1 else 's'} in these files: coder agents tells where")
    return found


def _item(each: RosterRow, desk: Desk) -> Item:
    agent = each.agent
    mark = "off" if each.note else "!" if each.mistakes or each.notes else ""
    cells = (mark, shown(agent.name, 32), agent.origin, shown(each.model, 28), shown(agent.description, 60))
    return Item(each, cells, preview=_preview(each, desk), style="dim" if each.note else "")


def _preview(each: RosterRow, desk: Desk) -> tuple[Row, ...]:
    rows = [row(f"  {shown(each.agent.description, 300)}"), row((f"  {_where(each, desk)}", "dim"))]
    if each.note:
        rows.append(row(("  ! ", "warn"), f"not used: {shown(each.note, 300)}"))
    rows += [row(("  ! ", "warn"), shown(note, 300)) for note in each.notes[:2]]
    for mistake in each.mistakes[:2]:
        rows.append(row(("  ! ", "warn"), shown(f"line {mistake.line}: {mistake.text}", 300)))
    return tuple(rows)


def _where(each: RosterRow, desk: Desk) -> str:
    return shown(short(str(each.agent.file), desk.config.cwd, user_home(desk.env)), 100)


def _page(each: RosterRow, desk: Desk) -> list[Row]:
    agent = each.agent
    tools = ", ".join(agent.tools) if agent.tools is not None else "all of the session's that agents have"
    rows = [row((shown(agent.name, 64), "bold"), (f" · {agent.origin} · {_where(each, desk)}", "dim"))]
    rows.append(row(shown(agent.description, 600)))
    rows.append(row(("Model ", "dim"), shown(each.model, 60), ("   Tools ", "dim"), shown(tools, 300)))
    if each.note:
        rows.append(row(("! ", "warn"), f"not used: {shown(each.note, 300)}"))
    rows += [row(("! ", "warn"), shown(note, 300)) for note in each.notes]
    rows += [row(("! ", "warn"), shown(f"line {each.line}: {each.text}", 300)) for each in each.mistakes]
    for text in own_words(agent):
        rows.append(row(""))
        rows += rows_of(foreign(line) or "" for line in text.split("\n"))
    return rows
