"""Screens that are looked at: rows folded to the width, in as many pages as the height asks for. Knows none of them."""

from __future__ import annotations

from collections.abc import Sequence

from coder.frontends.desk import Ui
from coder.frontends.folding import fold_rows
from coder.frontends.picker import Action, Page
from coder.frontends.styled import Row, row

WIDEST = 100  # columns that text uses
_AROUND = 4  # rows of the screen that a page leaves to its keys and to the prompt
_MORE = Action("space", "shows more")


def width_for(ui: Ui) -> int:
    return max(1, min(ui.width, WIDEST))


def height_for(ui: Ui) -> int:
    return max(4, ui.height - _AROUND)


async def look(ui: Ui, rows: Sequence[Row], keys: tuple[Action, ...] = (), *, hang: int = 2) -> str:
    """Shows them page by page. Returns the key that closed the last one that was seen."""
    every = fold_rows(rows, width_for(ui), hang)
    room = height_for(ui)
    if len(every) <= room:
        return await ui.page(Page(tuple(every), keys))
    room -= 1
    pages = [every[at : at + room] for at in range(0, len(every), room)]
    for number, page in enumerate(pages, 1):
        note = row((f"page {number} of {len(pages)}", "dim"))
        more = (_MORE,) if number < len(pages) else ()
        key = await ui.page(Page((*page, note), (*more, *keys)))
        if key != _MORE.key or not more:
            return key
    return "esc"
