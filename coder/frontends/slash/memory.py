"""`/memory`: the notes that belong to this folder; one is opened to be edited. Must not know what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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

_SHARED = ("AGENTS.md", "CLAUDE.md", ".claude/CLAUDE.md")
_OWN = "CLAUDE.local.md"
_NOT_READ = "The model does not read these by itself yet: name one in your message, such as @CLAUDE.md."


@dataclass(frozen=True, slots=True)
class Note:
    """`size` is None for a file that is not there yet."""

    path: Path
    whose: str
    remark: str
    size: int | None


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    found = list(notes(desk.config.cwd, desk.config.home, user_home(desk.env)))
    picked = await desk.ui.pick(_picker(found, desk))
    if picked is None or picked.item is None or not isinstance(picked.item.value, Note):
        return
    note = picked.item.value
    if note.size is None:
        _make(note.path)
    if await desk.ui.open_editor(note.path):
        if note.size is None and not note.path.stat().st_size:
            note.path.unlink()
        else:
            done(desk.ui, f"{_name(note.path, desk)} · {size(note.path.stat().st_size)}")


def notes(cwd: Path, home: Path, user: Path) -> Iterator[Note]:
    """The person's own first, then the folders from the top of the repository down to `cwd`; and of the two files that
    one would begin with, those that are not there yet."""
    own = [home / "CLAUDE.md"] + ([user / ".claude" / "CLAUDE.md"] if home == user / ".coder" else [])
    for path in own:
        if (held := _size(path)) is not None:
            yield Note(path, "yours", "", held)
    is_there = False
    for folder in _folders(cwd):
        for name in _SHARED:
            if (held := _size(folder / name)) is not None:
                is_there = True
                yield Note(folder / name, "project", "shared with the project", held)
        if (held := _size(folder / _OWN)) is not None:
            yield Note(folder / _OWN, "project", "only you", held)
    if not is_there:
        yield Note(cwd / "CLAUDE.md", "project", "not there yet · /init writes one", None)
    if all(_size(path) is None for path in own):
        yield Note(own[0], "yours", "not there yet · counts in every folder", None)


def _folders(cwd: Path) -> list[Path]:
    """From the top of the repository that `cwd` is in down to it; without one `cwd` alone."""
    top = next((place for place in (cwd, *cwd.parents) if (place / ".git").exists()), cwd)
    return [place for place in reversed((cwd, *cwd.parents)) if place.is_relative_to(top)]


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None


def _picker(found: list[Note], desk: Desk) -> Picker:
    items = tuple(
        Item(note, (note.whose, _name(note.path, desk), "" if note.size is None else size(note.size), note.remark), key)
        for note, key in zip(found, [*"123456789", *[""] * len(found)], strict=False)
    )
    total = sum(note.size or 0 for note in found)
    above = tuple(folded(row(("! ", "warn"), _NOT_READ), width_for(desk.ui)))
    return Picker("Notes for the model", items, size(total), verb="opens it in your editor", above=above)


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{shown(path)} cannot be made: {error.strerror}.") from error


def _name(path: Path, desk: Desk) -> str:
    return shown(short(str(path), desk.config.cwd, user_home(desk.env)), 60)
