"""`/skills`: commands and skills of files: who may use each, whose it is, what it costs, and why one does not count.

For looking; must not know how one is run.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from coder.app.commanding.rows import CommandRow, Shelf, shelf_of
from coder.config.paths import user_home
from coder.core.ordinary import read_ordinary
from coder.frontends.amounts import size, tokens
from coder.frontends.desk import Desk
from coder.frontends.folding import fold_row
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.slash.pages import look, width_for
from coder.frontends.slash.registry import reserved
from coder.frontends.slash.saying import refused, shown
from coder.frontends.styled import Row, foreign, row, rows_of

_EMPTY = "No commands or skills of files. To write one: coder commands new NAME (docs/commands.md tells more)"
_CHARS_A_TOKEN = 4
_MOST = 64 * 1024  # of a file that is shown


async def run(desk: Desk, arguments: str) -> None:
    """`arguments`, if any, are words that a row must have."""
    shelf = await asyncio.to_thread(shelf_of, desk.config, desk.env, reserved())
    found = shelf.with_words(arguments.split())
    first = 0
    while True:
        picked = await desk.ui.pick(_picker(shelf, found, desk, first, has_words=bool(arguments.split())))
        if picked is None or picked.item is None or not isinstance(picked.item.value, CommandRow):
            return
        first = picked.index
        await _show(desk, picked.item.value)


def _picker(shelf: Shelf, found: tuple[CommandRow, ...], desk: Desk, first: int, *, has_words: bool) -> Picker:
    told = sum(len(each.told) + 1 for each in shelf.rows if each.told)
    hint = f"about {tokens(max(1, told // _CHARS_A_TOKEN))} tokens in every session" if told else ""
    empty = "None has these words." if has_words else _EMPTY
    items = tuple(_item(each, desk) for each in found)
    above = tuple(line for text in _warnings(shelf) for line in fold_row(row(("! ", "warn"), text), width_for(desk.ui)))
    return Picker("Commands and skills", items, hint, verb="shows the file", empty=empty, first=first, above=above)


def _warnings(shelf: Shelf) -> list[str]:
    found = [f"{shelf.warning}: nothing of this counts"] if shelf.warning else []
    count = len(shelf.mistakes) + sum(len(each.mistakes) for each in shelf.rows)
    if count:
        found.append(f"{count} mistake{'' if count == 1 else 's'} in these files: coder commands check tells where")
    if shelf.notice:
        found.append(foreign(shelf.notice[:1].upper() + shelf.notice[1:]))
    return found


def _item(each: CommandRow, desk: Desk) -> Item:
    mark = "off" if each.note else "!" if each.mistakes else ""
    cost = tokens(max(1, len(each.told) // _CHARS_A_TOKEN)) if each.told else "-"
    cells = (mark, shown(f"/{each.name}", 32), each.origin, _users(each), cost, shown(each.about, 60))
    return Item(each, cells, preview=_whole(each, desk), style="dim" if each.note else "")


def _users(each: CommandRow) -> str:
    one = each.definition
    if one is None or each.note:
        return "-"
    by_model = one.model_may and one.origin != "built-in"
    return "you, model" if one.person_may and by_model else "you" if one.person_may else "model" if by_model else "-"


def _whole(each: CommandRow, desk: Desk) -> tuple[Row, ...]:
    rows = [
        row(f"  {shown(each.about or 'It says nothing of what it does.', 300)}"),
        row((f"  {_where(each, desk)}", "dim")),
    ]
    if each.definition is not None and each.definition.paths:
        rows.append(row((f"  for {shown(', '.join(each.definition.paths), 100)}, once one was touched", "dim")))
    if each.note:
        rows.append(row(("  ! ", "warn"), f"not used: {shown(each.note, 300)}"))
    for mistake in each.mistakes[:2]:
        rows.append(row(("  ! ", "warn"), shown(f"line {mistake.line}: {mistake.text}", 300)))
    return tuple(rows)


def _where(each: CommandRow, desk: Desk) -> str:
    return shown(short(str(each.file), desk.config.cwd, user_home(desk.env)), 100)


async def _show(desk: Desk, each: CommandRow) -> None:
    try:
        data = await asyncio.to_thread(_read, each.file)
    except OSError as error:
        refused(desk.ui, f"{_where(each, desk)} cannot be read: {shown(error.strerror or error)}.")
        return
    rows: list[Row] = [row((_where(each, desk), "bold"), (f" · {size(len(data))}", "dim")), row("")]
    text = data[:_MOST].decode(errors="replace").replace("\r\n", "\n")
    rows += rows_of(foreign(line) or "" for line in text.split("\n"))
    if len(data) > _MOST:
        rows.append(row((f"… more than {size(_MOST)} are not shown here", "dim")))
    await look(desk.ui, rows)


def _read(file: Path) -> bytes:
    return read_ordinary(file, _MOST + 1)
