"""`/theme`: the colours. Must not know how they are painted."""

from __future__ import annotations

from difflib import get_close_matches

from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.picker import Item, Picker
from coder.frontends.render.theme import themes
from coder.frontends.slash.saying import shown
from coder.frontends.styled import Row, row

_ALSO = {"ansi": "auto", "daltonised": "colour-blind", "daltonized": "colour-blind", "color-blind": "colour-blind"}


async def run(desk: Desk, arguments: str) -> None:
    wanted = arguments.strip().lower()
    name = _ALSO.get(wanted, wanted) if wanted else await _picked(desk)
    if not name:
        return
    known = themes()
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
        raise ConfigError(f"There is no theme {shown(name, 40)}. {hint}")
    desk.set_setting("theme", name)
    desk.ui.say([row(("✓ ", "ok"), f"Theme: {name}   ", *sample()[0])])


async def _picked(desk: Desk) -> str:
    now = str(desk.setting("theme") or "auto")
    names = list(themes())
    items = tuple(
        Item(name, (name, about, "now" if name == now else ""), str(number), preview=sample())
        for number, (name, about) in enumerate(themes().items(), 1)
    )
    first = names.index(now) if now in names else 0
    picked = await desk.ui.pick(Picker("Colours", items, first=first))
    return str(picked.item.value) if picked is not None and picked.item is not None else ""


def sample() -> tuple[Row, ...]:
    """What is coloured, in one row."""
    return (
        row(
            ("+ added", "added"),
            "  ",
            ("- removed", "removed"),
            "  ",
            ("✓ done", "ok"),
            "  ",
            ("✗ failed", "bad"),
            "  ",
            ("! careful", "warn"),
        ),
    )
