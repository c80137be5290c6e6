"""`/effort`: how hard the model thinks. Must not know how it is told."""

from __future__ import annotations

from typing import get_args

from coder.core.choices import Effort
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.picker import Item, Picker
from coder.frontends.slash.saying import done, shown
from coder.models import catalog

_AUTO = "auto"
_ABOUT = {
    _AUTO: "as the model does by itself",
    "low": "quick and cheap: small, clear tasks",
    "medium": "a balance",
    "high": "for most work on code",
    "xhigh": "for long and hard tasks",
    "max": "as hard as it can, whatever it costs",
}


async def run(desk: Desk, arguments: str) -> None:
    model = desk.session.facts.model
    facts = catalog.describe(model)
    if facts.known and not facts.effort:
        raise ConfigError(f"{shown(model, 60)} has no levels of effort. /model shows the others.")
    now = desk.config.model.effort or _AUTO
    wanted = arguments.strip().lower() or await _picked(desk, now)
    if not wanted:
        return
    if wanted not in _ABOUT:
        raise ConfigError(f"There is no effort {shown(wanted, 40)}. There are {', '.join(_ABOUT)}.")
    if wanted == now:
        done(desk.ui, f"Effort: {now}, as it was.")
        return
    await desk.reopen(effort=None if wanted == _AUTO else wanted)
    done(desk.ui, f"Effort: {wanted}, from the next message on.")


async def _picked(desk: Desk, now: str) -> str:
    assert set(get_args(Effort)) < set(_ABOUT)
    names = list(_ABOUT)
    items = tuple(
        Item(name, (name, about, "now" if name == now else ""), str(number))
        for number, (name, about) in enumerate(_ABOUT.items(), 1)
    )
    picked = await desk.ui.pick(Picker("How hard the model thinks", items, first=names.index(now)))
    return str(picked.item.value) if picked is not None and picked.item is not None else ""
