"""A list to choose from, as data: title, items, preview, keys. One model for every picker and menu, and for a screen
reader. Must not know a terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.frontends.styled import Row


@dataclass(frozen=True, slots=True)
class Item:
    """`cells` are its columns; `words` is what a search looks through (the cells, when empty). `key` is a digit or
    letter that chooses it at once, "" for none. `value` is what the caller gets back."""

    value: object
    cells: tuple[str, ...]
    key: str = ""
    preview: tuple[Row, ...] = ()
    words: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """A key of a picker beside enter and esc: `key` as it is pressed ("ctrl+r", "a", "space"), `label` for the key line
    ("renames"). `keeps`: the picker stays open and `Picked` is given to the caller's `act`."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Picker:
    """`hint` stands at the right of the title. `can_search`: letters narrow the list; no item then has one for a key.

    `empty` is said where there are no items. `verb` completes "enter …". `look` makes the preview of an item when it is
    first stood on, for lists too long to know all of; `find` gives further items for what was typed, below those that
    fit themselves; values have to be hashable then. `across`: as many items beside each other, where the width allows.
    `query` is searched for at first. Keys typed in its first `grace` seconds are no answer: for one that nobody called.
    """

    title: str
    items: tuple[Item, ...]
    hint: str = ""
    actions: tuple[Action, ...] = ()
    can_search: bool = False
    verb: str = "chooses"
    empty: str = "There is nothing to choose from."
    first: int = 0
    above: tuple[Row, ...] = field(default=())
    look: Callable[[Item], Sequence[Row]] | None = None
    find: Callable[[str], Sequence[Item]] | None = None
    across: int = 1
    query: str = ""
    grace: float = 0.0


@dataclass(frozen=True, slots=True)
class Picked:
    """`action` is "enter" or the key of an Action; `item` is None where there was none to stand on. `index` is its
    place in the picker, `query` what was searched for."""

    action: str
    item: Item | None
    index: int = 0
    query: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A screen that is looked at: closed with esc, it leaves nothing behind. `keys` are further ways to leave it, each
    with what it does."""

    rows: tuple[Row, ...]
    keys: tuple[Action, ...] = ()
