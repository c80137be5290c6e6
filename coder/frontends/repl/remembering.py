"""Asks which notes a line is to be added to. Must not know how notes are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.frontends.picker import Item, Picker
from coder.frontends.styled import foreign

if TYPE_CHECKING:
    from coder.core.config import Config
    from coder.frontends.desk import Ui


async def choose(ui: Ui, config: Config, home: Path) -> Path | None:
    """None when it was left."""
    own = config.home / "CLAUDE.md"
    places = [
        (_first(config.cwd), "this project, shared through git"),
        (config.cwd / "CLAUDE.local.md", "this project, only you"),
        (own, "every project of yours"),
    ]
    items = tuple(Item(path, (_short(path, home), what), key=str(at)) for at, (path, what) in enumerate(places, 1))
    picked = await ui.pick(Picker("Add this line to which notes?", items))
    return picked.item.value if picked is not None and picked.item is not None else None  # type: ignore[return-value]  # made above


def _first(folder: Path) -> Path:
    """The project's notes: the file that is there."""
    return next(
        (folder / name for name in ("CLAUDE.md", "AGENTS.md") if (folder / name).is_file()), folder / "CLAUDE.md"
    )


def _short(path: Path, home: Path) -> str:
    return foreign(f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path))
