"""The state of an open picker: which item is stood on, what is searched for, and the rows that show it. Pure.

Must not know a terminal, nor what is chosen from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from coder.frontends.picker import Item, Picked, Picker
from coder.frontends.picking_rows import Standing, picking_rows
from coder.frontends.styled import Row, plain

Left: TypeAlias = Literal["left"]
LEFT: Left = "left"
_LEAVES = ("esc", "ctrl+c", "ctrl+d")
_SHORTEST_FIND = 3  # letters before more is looked for than the items themselves
_MOVES = {"up": -1, "down": 1, "ctrl+p": -1, "ctrl+n": 1}
_VI = {"k": -1, "j": 1}


class Picking:
    """`height` and `width` are what it may take until `rows` says otherwise."""

    def __init__(self, picker: Picker, height: int = 24, width: int = 80) -> None:
        self._picker = picker
        self._height, self._width = height, width
        self._query = ""
        self._words = [_searched(item) for item in picker.items] if picker.can_search else []
        self._shown: list[tuple[int, Item]] = list(enumerate(picker.items))
        self._at = 0
        self._top = 0
        self._looked: dict[int, tuple[Row, ...]] = {}  # previews by the index of their item
        self._found: tuple[str, Sequence[Item]] = ("", ())
        if picker.query and picker.can_search:
            self._search(picker.query)
        self._move_to(next((at for at, (index, _) in enumerate(self._shown) if index == picker.first), 0))

    @property
    def query(self) -> str:
        return self._query

    @property
    def chosen(self) -> Item | None:
        """The item that is stood on."""
        return self._shown[self._at][1] if self._shown else None

    def press(self, key: str) -> Picked | Left | None:
        """Takes a key by its name: "up", "enter", "ctrl+r", "space", a letter. None while the picker stays open."""
        if key in _LEAVES:
            if self._query and key == "esc":
                self._search("")
                return None
            return LEFT
        if key in ("enter", "ctrl+m", "ctrl+j"):
            return self._picked("enter") if self._shown else None
        if self._is_action(key):
            return self._picked(key)
        if self._moves(key):
            return None
        if key == "backspace":
            self._search(self._query[:-1])
        elif self._picker.can_search:
            self.type(" " if key == "space" else key if len(key) == 1 else "")
        else:
            return self._by_key(key)
        return None

    def type(self, text: str) -> None:
        """Adds to what is searched for, as a paste does."""
        added = "".join(char for char in text if char.isprintable())
        if self._picker.can_search and added:
            self._search((self._query + added).lstrip(" "))

    def rows(self, width: int, height: int) -> list[Row]:
        """At most `height` rows of at most `width` cells; the item that is stood on is always among them."""
        self._height, self._width = height, width
        standing = Standing(self._picker, tuple(self._shown), self._at, self._top, self._query, self._preview())
        made, self._top = picking_rows(standing, max(width, 1), max(height, 1))
        return made

    def _is_action(self, key: str) -> bool:
        if not any(key == action.key for action in self._picker.actions):
            return False
        is_text = key == "space" or len(key) == 1
        return not (is_text and self._query)  # once something is searched for, letters and blanks belong to it

    def _picked(self, action: str) -> Picked:
        index, item = self._shown[self._at] if self._shown else (0, None)
        return Picked(action, item, index, self._query)

    def _moves(self, key: str) -> bool:
        last, page = len(self._shown) - 1, max(self._height // 2, 1)
        grid = self._picker.across if self._width >= 60 else 1
        targets = {
            "pageup": self._at - page,
            "pagedown": self._at + page,
            "home": 0,
            "end": last,
            **{name: self._at + by * grid for name, by in _MOVES.items()},
            **({} if self._picker.can_search else {name: self._at + by * grid for name, by in _VI.items()}),
            **({"left": self._at - 1, "right": self._at + 1, "tab": self._at + 1} if self._picker.across > 1 else {}),
        }
        is_taken = len(key) == 1 and any(item.key == key for item in self._picker.items)
        if key not in targets or is_taken:
            return False
        target = targets[key]
        if grid == 1 or 0 <= target <= last:
            self._move_to(target)
        return True

    def _move_to(self, at: int) -> None:
        self._at = min(max(at, 0), max(len(self._shown) - 1, 0))

    def _by_key(self, key: str) -> Picked | None:
        for at, (_, item) in enumerate(self._shown):
            if item.key and item.key == key:
                self._move_to(at)
                return self._picked("enter")
        return None

    def _search(self, query: str) -> None:
        if query == self._query:
            return
        self._query = query
        items = self._picker.items
        if not query.strip():
            self._shown = list(enumerate(items))
        else:
            ranked = sorted((rank, index) for index, words in enumerate(self._words) if (rank := _rank(words, query)))
            self._shown = [(index, items[index]) for _, index in ranked] + self._further(query)
        self._top = 0
        self._move_to(0)

    def _further(self, query: str) -> list[tuple[int, Item]]:
        """What `find` knows beside the items; numbered from behind them."""
        find, items = self._picker.find, self._picker.items
        if find is None or len(query.strip()) < _SHORTEST_FIND:
            return []
        if self._found[0] != query:
            self._found = (query, find(query))
            self._looked = {index: rows for index, rows in self._looked.items() if index < len(items)}
        fitting = {items[index].value for index, words in enumerate(self._words) if _rank(words, query)}
        return [(len(items) + at, item) for at, item in enumerate(self._found[1]) if item.value not in fitting]

    def _preview(self) -> tuple[Row, ...]:
        if not self._shown:
            return ()
        index, item = self._shown[self._at]
        if self._picker.look is None:
            return item.preview
        if index not in self._looked:
            self._looked[index] = (*item.preview, *self._picker.look(item))
        return self._looked[index]


def restored(picker: Picker, picked: Picked) -> Picker:
    """The picker as it was when this was picked, to be opened again."""
    return replace(picker, first=picked.index, query=picked.query)


def spoken(picker: Picker, most: int = 20) -> list[str]:
    """The picker for a screen reader: one thing a line, by number; the last line asks for one."""
    title = picker.title.rstrip()
    made = [title if title[-1:] in ("?", ".", "…") else f"{title}:"]
    made += [text for row in picker.above if (text := plain(row).strip())]
    if not picker.items:
        return [*made, picker.empty]
    for number, item in enumerate(picker.items[:most], 1):
        said = ", ".join(cell.strip() for cell in item.cells if cell.strip())
        made.append(f"{number}. {said}")
    if len(picker.items) > most:
        made.append(f"{len(picker.items) - most} more are not read.")
    count = min(len(picker.items), most)
    offered = "1" if count == 1 else f"1 to {count}"
    keys = [action for action in picker.actions if len(action.key) == 1 or action.key == "space"]
    made += [f"Type {action.key} and a number for: {action.label}" for action in keys]
    return [*made, f"Type {offered} and press enter:"]


def spoken_answer(picker: Picker, typed: str) -> Picked | Left | None:
    """What a typed line stands for: `2`, `x 2`, or nothing and `esc` to leave. None when it is no answer."""
    words = typed.split()
    if not words or words == ["esc"]:
        return LEFT
    action = "enter" if len(words) == 1 else words[0]
    known = {"enter", *(each.key for each in picker.actions)}
    if len(words) == 1 and not picker.items and words[0] in known:
        return Picked(words[0], None)
    number = words[-1]
    if len(words) > 2 or action not in known or not (number.isascii() and number.isdecimal() and len(number) < 7):
        return None
    index = int(number) - 1
    return Picked(action, picker.items[index], index) if 0 <= index < len(picker.items) else None


def _searched(item: Item) -> tuple[str, str]:
    """What of an item is searched: its first cell, and all its words."""
    first = item.cells[0] if item.cells else ""
    return first.casefold(), (item.words or " ".join(item.cells)).casefold()


def _rank(words: tuple[str, str], query: str) -> int:
    """How well it fits, 1 best; 0 when a word of the query is nowhere in it."""
    return max((_rank_of(words, word) for word in query.casefold().split()), key=lambda rank: rank or 9, default=0)


def _rank_of(words: tuple[str, str], word: str) -> int:
    first, all_words = words
    if word in first:
        return 1
    if word in all_words:
        return 2
    letters = iter(first)
    return 3 if all(char in letters for char in word) else 0
