"""An open picker as rows: title, items in columns, preview, key line. Pure; must not know keys as they are pressed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from coder.frontends.picker import Item, Picker
from coder.frontends.row_folding import between, folded, folded_all
from coder.frontends.styled import Row, Span, Style, cells, cut, row

NARROW = 60  # below as many cells an item takes two rows
_GAP = 3
_LEAST = 12  # cells of a column that is made narrower; with less room a column is left out
_LIST = 3  # items that stay in view when there is a preview


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open picker stands: `shown` are the items with their indexes, `at` the one that is stood on, `top` the
    first that was in view."""

    picker: Picker
    shown: tuple[tuple[int, Item], ...]
    at: int
    top: int
    query: str
    preview: tuple[Row, ...]


def picking_rows(standing: Standing, width: int, height: int) -> tuple[list[Row], int]:
    """The rows, and the first item in view. What the height is too small for goes in this order: preview, what stands
    above, title, keys; the item that is stood on stays."""
    above = folded_all(standing.picker.above, width, 2)
    title = _title(standing, width)
    grid = standing.picker.across if width >= NARROW else 1
    each = 2 if width < NARROW and any(len(item.cells) > 1 for _, item in standing.shown) else 1
    lines = (-(-len(standing.shown) // grid)) * each or 1
    room = height - 2
    if room < len(title) - 1 + len(above) + each:
        title = title[:1]
        above = above[: max(room - each * _LIST, 0)]
    room -= len(title) - 1 + len(above)
    preview = _preview(standing, width, room - min(lines, each * _LIST))
    room -= len(preview)
    if room < each:
        each = 1  # an item is cut to its first row before it goes out of view
    listed, top = _listed(standing, width, max(room, 1), each, grid)
    keys = [_keys(standing, width, hidden=len(listed) < lines)]
    made = [*title, *above, *listed, *preview, *keys]
    if height < 3:
        made = listed[:1] if height == 1 else [*title[:1], *listed[:1]]
    return [cut(given, width) for given in made], top


def _title(standing: Standing, width: int) -> list[Row]:
    picker = standing.picker
    title: Row = row((picker.title, "bold"))
    hint: Row = row((picker.hint, "dim"))
    if standing.query:
        hint = row(("search: ", "dim"), f"{standing.query}▏")
    whole = between(title, hint, width)
    if whole is not None:
        return [whole]
    # Of a narrow terminal the title needs all; what is searched for has to be seen all the same.
    return folded(title, width, 2) + ([cut(row("  ", *hint), width)] if standing.query else [])


def _listed(standing: Standing, width: int, room: int, each: int, grid: int) -> tuple[list[Row], int]:
    """The items in view, `each` rows for one, with the chosen one among them."""
    picker, shown = standing.picker, standing.shown
    if not shown:
        text = f'Nothing fits "{standing.query}".' if standing.query else picker.empty
        return folded(row("  ", (text, "dim")), width, 2)[:room], 0
    fits = max(room // each, 1) * grid
    last = max(len(shown) - fits, 0)
    last += -last % grid
    top = min(max(standing.top - standing.top % grid, standing.at - standing.at % grid - fits + grid), last)
    top = min(top, standing.at - standing.at % grid)
    window = shown[top : top + fits]
    chosen = standing.at - top
    if grid > 1:
        return _across([item for _, item in window], chosen, width, grid), top
    if each == 2:
        items = [item for _, item in window]
        return [line for at, item in enumerate(items) for line in _two(item, at == chosen, width)], top
    table = _table(standing, [item for _, item in window], width)
    return [_line(item, texts, at == chosen) for at, ((_, item), texts) in enumerate(zip(window, table, strict=True))], top


def _line(item: Item, texts: Sequence[str], is_chosen: bool) -> Row:
    style: Style = "chosen" if is_chosen else cast("Style", item.style)
    return row(("❯ " if is_chosen else "  ", style), (_keyed(item) + "".join(texts).rstrip(), style))


def _two(item: Item, is_chosen: bool, width: int) -> list[Row]:
    style: Style = "chosen" if is_chosen else cast("Style", item.style)
    first = row(("❯ " if is_chosen else "  ", style), (_keyed(item) + (item.cells[0] if item.cells else ""), style))
    rest = " · ".join(text for cell in item.cells[1:] if (text := cell.strip()))
    return [cut(first, width), cut(row(("    ", ""), (rest, "dim")), width)]


def _across(items: Sequence[Item], chosen: int, width: int, grid: int) -> list[Row]:
    size = width // grid
    made: list[Row] = []
    for start in range(0, len(items), grid):
        line: list[Span] = []
        for at in range(start, min(start + grid, len(items))):
            texts = [" ".join(items[at].cells)]
            cell = cut(_line(items[at], texts, at == chosen), size - 1)
            line += cell
            line.append(Span(" " * (size - sum(_size(span.text) for span in cell))))
        made.append(tuple(line[:-1]))
    return made


def _keyed(item: Item) -> str:
    return f"{item.key} " if item.key else ""


def _table(standing: Standing, items: Sequence[Item], width: int) -> list[list[str]]:
    """The cells of the items in view as columns. All items are measured, so that nothing moves when it scrolls."""
    count = max((len(item.cells) for _, item in standing.shown), default=0)
    widths = [0] * count
    keyed = 0
    for _, item in standing.shown:
        keyed = max(keyed, _size(_keyed(item)))
        for at, text in enumerate(item.cells):
            widths[at] = max(widths[at], _size(text))
    widths = _fitting(widths, width - 2 - keyed)
    return [
        [
            _filled(text, size, last=at == len(widths) - 1)
            for at, (text, size) in enumerate(zip(item.cells, widths, strict=False))
            if size
        ]
        for item in items
    ]


def _fitting(widths: list[int], room: int) -> list[int]:
    """The widths of the columns: the widest give way, then the last ones go."""
    while len(widths) > 1 and _total([min(size, _LEAST) for size in widths]) > room:
        widths = widths[:-1]
    limit = max(widths, default=0)
    while limit > 1 and _total([min(size, limit) for size in widths]) > room:
        limit -= 1
    return [min(size, limit) for size in widths]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (sum(size > 0 for size in widths) - 1)


def _filled(text: str, size: int, *, last: bool) -> str:
    shown = "".join(span.text for span in cut((Span(text),), size))
    return shown if last else shown + " " * (size - _size(shown) + _GAP)


def _preview(standing: Standing, width: int, room: int) -> list[Row]:
    made = folded_all((row("  ", *given) for given in standing.preview), width, 4)
    if len(made) <= room:
        return made
    return [*made[: room - 1], row(("  …", "dim"))] if room > 1 else []


def _keys(standing: Standing, width: int, *, hidden: bool) -> Row:
    """What can be pressed; the parts that do not fit are left out, how to leave is the last to go."""
    picker = standing.picker
    leaves = "esc ends the search" if standing.query else "esc leaves"
    parts = [f"enter {picker.verb}"] if standing.shown else []
    for action in picker.actions:
        if not (standing.query and (len(action.key) == 1 or action.key == "space")):
            parts.append(f"{action.key} {action.label}")
    if hidden and standing.shown:
        parts.append(f"{standing.at + 1} of {len(standing.shown)}")
    while len(parts) > 1 and _size(" · ".join([*parts, leaves])) > width - 2:
        parts.pop()
    return row(("  " + " · ".join([*parts, leaves]), "dim"))


def _size(text: str) -> int:
    return len(text) if text.isascii() else sum(map(cells, text))
