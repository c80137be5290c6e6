"""`/memory`: the notes that belong to this folder; one is opened to be edited. Must not know what stands in them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from coder.app.notes import memory_files, note_places
from coder.config.paths import user_home
from coder.core.errors import ConfigError
from coder.frontends.amounts import size
from coder.frontends.desk import Desk
from coder.frontends.folding import folded
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.slash.pages import width_for
from coder.frontends.slash.saying import done, shown
from coder.frontends.styled import row

_NOT_READ = "The model does not read these by itself yet: name one in your message, such as @CLAUDE.md."
_REMARKS = {"managed": "your administrator's", "project": "shared with the project", "only you": "only you"}
_MISSING = {"project": "not there yet · /init writes one", "yours": "not there yet · for every folder"}


@dataclass(frozen=True, slots=True)
class Note:
    path: Path
    whose: str
    size: int
    is_there: bool = True


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    found = await asyncio.to_thread(notes, desk.config.cwd, desk.config.home, desk.env)
    picked = await desk.ui.pick(_picker(found, desk))
    if picked is None or picked.item is None or not isinstance(picked.item.value, Note):
        return
    note = picked.item.value
    if not note.is_there:
        _make(note.path)
    if await desk.ui.open_editor(note.path):
        if not note.is_there and not note.path.stat().st_size:
            note.path.unlink()
        else:
            done(desk.ui, f"{_name(note.path, desk)} · {size(note.path.stat().st_size)}")


def notes(cwd: Path, home: Path, env: Mapping[str, str]) -> list[Note]:
    """Those there are, in the order in which they count; and of the two that one would begin with, those missing."""
    found = [Note(each.path, each.whose, each.size) for each in memory_files(cwd, home, env)]
    there = {note.whose for note in found}
    first = (each for each in note_places(cwd, home) if each.whose in _MISSING and each.whose not in there)
    return [*found, *(Note(each.path, each.whose, 0, is_there=False) for each in first)]


def _picker(found: list[Note], desk: Desk) -> Picker:
    items = tuple(_item(note, key, desk) for note, key in zip(found, [*"123456789", *[""] * len(found)], strict=False))
    total = sum(note.size for note in found)
    above = tuple(folded(row(("! ", "warn"), _NOT_READ), width_for(desk.ui)))
    return Picker(
        "Notes for the model", items, size(total) if total else "", verb="opens it in your editor", above=above
    )


def _item(note: Note, key: str, desk: Desk) -> Item:
    whose = "project" if note.whose == "only you" else note.whose
    remark = _REMARKS.get(note.whose, "") if note.is_there else _MISSING[note.whose]
    return Item(note, (whose, _name(note.path, desk), size(note.size) if note.is_there else "", remark), key)


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{shown(path)} cannot be made: {error.strerror}.") from error


def _name(path: Path, desk: Desk) -> str:
    return shown(short(str(path), desk.config.cwd, user_home(desk.env)), 60)
