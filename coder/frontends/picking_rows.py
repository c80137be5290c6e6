"""An open picker as rows: title, items in columns, preview, key line. Pure; must not know keys as they are pressed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from coder.core.dataclass import dataclass
from coder.frontends.folding import fold_row, fold_rows
from coder.frontends.picker import Item, Picker
from coder.frontends.row_ends import between
from coder.frontends.row_window import windowed
from coder.frontends.styled import Row, Span, Style, cells, cut, row

NARROW = 60  # below as many cells an item takes two rows
_GAP = 3
_LEAST = 12  # cells of a column that is made narrower; with less room a column is left out
_TALL = 12  # rows from which on the keys may take two
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
    above = fold_rows(standing.picker.above, width, 2)
    title = _title(standing, width)
    blocks = _Blocks(standing, width)
    lines = blocks.lines(height)
    keys = _keys(standing, width, most=2 if height >= _TALL else 1)
    room = height - 1 - len(keys)
    if room < len(title) - 1 + len(above) + blocks.tallest:
        title = title[:1]
        above = _shortened(above, max(room - _LIST * blocks.tallest, min(room - 1, 1), 0))
    room -= len(title) - 1 + len(above)
    preview = _preview(standing, width, room - min(lines, _LIST * blocks.tallest))
    room -= len(preview)
    listed, top = blocks.listed(max(room, 1))
    if len(listed) < lines and standing.shown:
        keys = [*keys[:-1], _with_place(keys[-1], standing, width)]
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
    return fold_row(title, width, 2) + ([cut(row("  ", *hint), width)] if standing.query else [])


class _Blocks:
    """The items as blocks of rows: one row in columns, several where it is narrow, one for as many as stand across."""

    def __init__(self, standing: Standing, width: int) -> None:
        self._standing = standing
        self._width = width
        self._items = [item for _, item in standing.shown]
        self._across = standing.picker.across if width >= NARROW else 1
        self._is_narrow = width < NARROW
        self._widths = [] if self._is_narrow else _widths(self._items, width)
        self._count = -(-len(self._items) // self._across)
        self.tallest = 2 if self._is_narrow and any(len(item.cells) > 1 for item in self._items) else 1

    def lines(self, most: int) -> int:
        """How many rows all of them take, where it is more than `most` only that."""
        if not self._items:
            return 1
        if not self._is_narrow:
            return self._count
        return sum(len(self._block(at)) for at in range(min(self._count, most))) + max(self._count - most, 0)

    def listed(self, room: int) -> tuple[list[Row], int]:
        """The blocks in view with the chosen one among them, and the first of them."""
        standing = self._standing
        if not self._items:
            text = f'Nothing fits "{standing.query}".' if standing.query else standing.picker.empty
            return fold_row(row("  ", (text, "dim")), self._width, 2)[:room], 0
        at = standing.at // self._across
        made, top, _ = windowed(self._block, self._count, at, standing.top, room)
        return made, top

    def _block(self, at: int) -> list[Row]:
        if self._across > 1:
            start = at * self._across
            return [_beside(self._items[start : start + self._across], self._standing.at - start, self._width)]
        item, is_chosen = self._items[at], at == self._standing.at
        if not self._is_narrow:
            return [_line(item, _filled_all(item, self._widths), is_chosen)]
        return _stacked(item, is_chosen, self._width, folds=not self._standing.picker.can_search)


def _line(item: Item, texts: Sequence[str], is_chosen: bool) -> Row:
    style: Style = "chosen" if is_chosen else cast("Style", item.style)
    return row(("❯ " if is_chosen else "  ", style), (_keyed(item) + "".join(texts).rstrip(), style))


def _stacked(item: Item, is_chosen: bool, width: int, *, folds: bool) -> list[Row]:
    """The first cell, and the others below it. In a long list that is searched they are cut, elsewhere they go on."""
    first = _line(item, item.cells[:1], is_chosen)
    indent = 2 + _size(_keyed(item))
    text = " · ".join(text for cell in item.cells[1:] if (text := cell.strip()))
    rest = [row(" " * indent, (text, "dim"))] if text else []
    if folds:
        return fold_rows((first, *rest), width, indent)
    return [cut(each, width) for each in (first, *rest)]


def _beside(items: Sequence[Item], chosen: int, width: int) -> Row:
    size = width // len(items) if len(items) > 1 else width
    made: list[Span] = []
    for at, item in enumerate(items):
        cell = cut(_line(item, [" ".join(item.cells)], at == chosen), size - 1)
        made += (*cell, Span(" " * (size - sum(_size(span.text) for span in cell))))
    return tuple(made[:-1])


def _keyed(item: Item) -> str:
    return f"{item.key} " if item.key else ""


def _widths(items: Sequence[Item], width: int) -> list[int]:
    """Of the columns. All items are measured, so that nothing moves when it scrolls."""
    widths = [0] * max((len(item.cells) for item in items), default=0)
    for item in items:
        for at, text in enumerate(item.cells):
            widths[at] = max(widths[at], _size(text))
    return _fitting(widths, width - 2 - max((_size(_keyed(item)) for item in items), default=0))


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


def _filled_all(item: Item, widths: Sequence[int]) -> list[str]:
    made: list[str] = []
    for text, size in zip(item.cells, widths, strict=False):
        shown = "".join(span.text for span in cut((Span(text),), size))
        made.append(shown + " " * (size - _size(shown) + _GAP) if size else "")
    return made


def _preview(standing: Standing, width: int, room: int) -> list[Row]:
    made = fold_rows((row("  ", *given) for given in standing.preview), width, 4)
    return _shortened(made, room) if room > 1 or len(made) <= room else []


def _shortened(rows: list[Row], room: int) -> list[Row]:
    """With a row that says how many are left out, if so."""
    if len(rows) <= room or not room:
        return rows[:room]
    return [*rows[: room - 1], row((f"  … {len(rows) - room + 1} more rows", "dim"))]


def _keys(standing: Standing, width: int, *, most: int) -> list[Row]:
    """What can be pressed, on `most` rows; what does not fit is left out, but how to leave is not."""
    picker = standing.picker
    leaves = "esc ends the search" if standing.query else "esc leaves"
    parts = [f"enter {picker.verb}"] if standing.shown else []
    for action in picker.actions:
        if not (standing.query and (len(action.key) == 1 or action.key == "space")):
            parts.append(f"{action.key} {action.label}")
    while len(packed := _packed([*parts, leaves], width - 2)) > most and parts:
        parts.pop()
    return [row((f"  {line}", "dim")) for line in packed]


def _packed(parts: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and _size(lines[-1]) + 3 + _size(part) <= width:
            lines[-1] = f"{lines[-1]} · {part}"
        else:
            lines.append(part)
    return lines


def _with_place(keys: Row, standing: Standing, width: int) -> Row:
    """With where in a list it stands that does not fit as a whole."""
    place = row((f"{standing.at + 1} of {len(standing.shown)}", "dim"))
    return between(keys, place, width) or keys


def _size(text: str) -> int:
    return len(text) if text.isascii() else sum(map(cells, text))
