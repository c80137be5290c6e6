"""`/hooks`: what is run when, where it stands and whether it counts. For looking; must not know how a hook is run."""

from __future__ import annotations

import asyncio

from coder.app.hooking.rows import HookRow, hook_rows
from coder.config.paths import user_home
from coder.frontends.desk import Desk
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import WHOSE, short
from coder.frontends.slash.saying import shown
from coder.frontends.styled import Row, row

_EMPTY = "No hooks. docs/hooks.md tells how to have a command run before a call, after an edit, or at the end."


async def run(desk: Desk, arguments: str) -> None:
    """`arguments`, if any, are words that a row must have."""
    rows, warnings = await asyncio.to_thread(hook_rows, desk.config, desk.env)
    words = arguments.lower().split()
    found = [each for each in rows if all(word in _words(each, desk).lower() for word in words)]
    above = tuple(row(("! ", "warn"), shown(warning, 300)) for warning in warnings[:3])
    first = 0
    while True:
        items = tuple(_item(each, desk) for each in found)
        empty = "No hook has these words." if words else _EMPTY
        picked = await desk.ui.pick(Picker("Hooks", items, verb="tells more", empty=empty, first=first, above=above))
        if picked is None or picked.item is None or not isinstance(picked.item.value, HookRow):
            return
        first, above = picked.index, _whole(picked.item.value, desk)


def _item(each: HookRow, desk: Desk) -> Item:
    handler = each.handler
    mark = "" if each.counts else "off"
    about = f"{handler.point} {handler.matcher}".strip()
    cells = (mark, shown(about, 36), shown(handler.shown, 60), WHOSE[each.scope])
    return Item(each, cells, preview=_whole(each, desk), style="" if each.counts else "dim")


def _whole(each: HookRow, desk: Desk) -> tuple[Row, ...]:
    handler = each.handler
    bounds = [f"if {shown(handler.rule, 100)}"] if handler.rule else []
    bounds += [f"at most {handler.timeout:g}s"] if handler.timeout is not None else []
    bounds += ["in the background"] if handler.background else []
    where = f"{shown(_file(each, desk), 80)}: {shown(handler.place, 80)}"
    rows = [row(f"  {shown(handler.shown, 400)}"), row((f"  {' · '.join([where, *bounds])}", "dim"))]
    return (*rows, *([row(("  ! ", "warn"), shown(each.note, 300))] if each.note else []))


def _file(each: HookRow, desk: Desk) -> str:
    return short(each.handler.origin, desk.config.cwd, user_home(desk.env))


def _words(each: HookRow, desk: Desk) -> str:
    handler = each.handler
    return f"{handler.point} {handler.matcher} {handler.shown} {WHOSE[each.scope]} {_file(each, desk)} {each.note}"
