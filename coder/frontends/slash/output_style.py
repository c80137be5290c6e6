"""`/output-style`: how the model answers. Must not know where styles lie, or how one is told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from coder.app.styling import DEFAULT, Style, available
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.picker import Item, Picker
from coder.frontends.slash.saying import done, shown, warned

_ABOUT = 60  # columns


async def run(desk: Desk, arguments: str) -> None:
    styles = await asyncio.to_thread(available, desk.config)
    wanted = arguments.strip() or await _picked(desk, styles)
    if not wanted:
        return
    style = _named(wanted, styles)
    name = "default" if style is DEFAULT else style.name
    desk.set_setting("outputStyle", name)
    for mistake in style.mistakes:
        warned(desk.ui, shown(mistake, 300))
    if any(message.meta.kind == "prompt" for message in desk.session.messages):
        done(desk.ui, f"Output style: {shown(style.name, 60)}, from the next conversation on. /clear begins one.")
        return
    await desk.reopen(guidance=replace(desk.config.guidance, style=name, style_is_theirs=False))
    done(desk.ui, f"Output style: {shown(style.name, 60)}.")


def _named(wanted: str, styles: Sequence[Style]) -> Style:
    found = {style.name.casefold(): style for style in styles}
    if wanted.casefold() in found:
        return found[wanted.casefold()]
    near = get_close_matches(wanted.casefold(), found, n=1)
    hint = f"Did you mean {shown(found[near[0]].name, 60)}?" if near else "/output-style lists those that there are."
    raise ConfigError(f"There is no output style {shown(wanted, 40)}. {hint}")


async def _picked(desk: Desk, styles: Sequence[Style]) -> str:
    now = str(desk.setting("outputStyle") or desk.config.guidance.style).casefold()
    items = tuple(_item(style, number, now) for number, style in enumerate(styles, 1))
    first = next((at for at, style in enumerate(styles) if style.name.casefold() == now), 0)
    picked = await desk.ui.pick(Picker("How coder answers", items, first=first))
    return str(picked.item.value) if picked is not None and picked.item is not None else ""


def _item(style: Style, number: int, now: str) -> Item:
    notes = ("now",) if style.name.casefold() == now else ()
    notes = (*notes, *(() if style.origin == "built-in" else (style.origin,)))
    cells = (shown(style.name, 30), shown(style.description, _ABOUT), ", ".join(notes))
    return Item(style.name, cells, str(number) if number < 10 else "")
