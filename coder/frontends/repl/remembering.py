"""Asks which notes a line is to be added to. Must not know how notes are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.notes import note_places
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.styled import foreign

if TYPE_CHECKING:
    from coder.core.config import Config
    from coder.frontends.desk import Ui

_WHOSE = {
    "project": "this project, shared through git",
    "only you": "this project, only you",
    "yours": "every project of yours",
}


async def choose(ui: Ui, config: Config, home: Path) -> Path | None:
    """None when it was left. `home` is the person's."""
    places = note_places(config.cwd, config.home)
    items = tuple(
        Item(each.path, (name_of(each.path, config.cwd, home), _WHOSE.get(each.whose, "")), key=str(at))
        for at, each in enumerate(places, 1)
    )
    picked = await ui.pick(Picker("Add this line to which notes?", items))
    path = picked.item.value if picked is not None and picked.item is not None else None
    return path if isinstance(path, Path) else None


def name_of(path: Path, folder: Path, home: Path) -> str:
    """As people write it in the folder."""
    return foreign(short(str(path), folder, home))
