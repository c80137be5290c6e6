"""`/memory`: the notes the model reads here, what they cost, and one of them opened to be edited. Must not know what
stands in them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from coder.app.memory_report import Report, Row, report_of
from coder.app.notes import note_places
from coder.config.paths import user_home
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.private import made_private
from coder.frontends.amounts import size, tokens
from coder.frontends.desk import Desk
from coder.frontends.folding import fold_row
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.slash.pages import width_for
from coder.frontends.slash.saying import done, shown
from coder.frontends.styled import Row as Line
from coder.frontends.styled import foreign, row

_OFF = "The model reads none of these: memory is switched off for this session."
_REMARKS = {"managed": "your administrator's", "project": "shared with the project", "only you": "only you"}
_MISSING = {"project": "not there yet · /init writes one", "yours": "not there yet · for every folder"}
_MOST_ABOVE = 6  # warnings that are shown over the list


@dataclass(frozen=True, slots=True)
class Note:
    path: Path
    is_there: bool = True


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    report = await asyncio.to_thread(report_of, desk.config, desk.env, desk.session.messages)
    picked = await desk.ui.pick(_picker(report, desk))
    if picked is None or picked.item is None or not isinstance(picked.item.value, Note):
        return
    note = picked.item.value
    if not note.is_there:
        _make(note.path)
    if await desk.ui.open_editor(note.path):
        if not note.is_there and not note.path.stat().st_size:
            note.path.unlink()
        else:
            done(desk.ui, f"{_name(note.path, desk)} · {size(note.path.stat().st_size)} · read with your next message")


def _picker(report: Report, desk: Desk) -> Picker:
    """Those that are read, in the order in which they count; those that wait; and those one would begin with."""
    cells = [(Note(each.path), _cells(each, desk)) for each in report.rows]
    cells += [
        (Note(place.path, is_there=False), (place.whose, _name(place.path, desk), "", _MISSING[place.whose]))
        for place in note_places(desk.config.cwd, desk.config.home)
        if place.whose in _MISSING and not place.is_there and all(each.whose != place.whose for each in report.rows)
    ]
    keys = [*"123456789", *[""] * len(cells)]
    items = tuple(Item(note, words, key) for (note, words), key in zip(cells, keys, strict=False))
    count = sum(each.is_read for each in report.rows)
    hint = f"about {tokens(report.tokens)} tokens, {size(report.size)}" if count else ""
    return Picker(
        "Notes for the model, in order", items, hint, verb="opens it in your editor", above=_above(report, desk)
    )


def _cells(each: Row, desk: Desk) -> tuple[str, ...]:
    whose = "project" if each.whose == "only you" else each.whose
    cost = tokens(each.tokens) if each.is_read else "-"
    return (whose, _name(each.path, desk), cost, _why(each, desk) or _REMARKS.get(each.whose, ""))


def _why(each: Row, desk: Desk) -> str:
    """How it comes to be read, where that is not plain."""
    if each.parent is not None:
        return f"imported by {_name(each.parent, desk)}"
    if each.globs:
        verb = "for" if each.is_read else "waits for"
        return f"{verb} {shown(', '.join(each.globs), 40)}"
    return f"read for {_name(each.touched, desk)}" if each.touched is not None else ""


def _above(report: Report, desk: Desk) -> tuple[Line, ...]:
    texts = [_OFF] if not desk.config.guidance.memory else [*report.warnings, *report.remarks]
    if len(texts) > _MOST_ABOVE:
        texts = [*texts[: _MOST_ABOVE - 1], f"and {len(texts) - _MOST_ABOVE + 1} more of the kind"]
    return tuple(line for text in texts for line in fold_row(row(("! ", "warn"), foreign(text)), width_for(desk.ui)))


def _make(path: Path) -> None:
    try:
        made_private(path.parent)
        path.touch(exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{shown(path)} cannot be made: {error.strerror}.") from error


def _name(path: Path, desk: Desk) -> str:
    return shown(short(str(path), desk.config.cwd, user_home(desk.env)), 60)
