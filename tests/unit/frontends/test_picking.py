"""Pickers as rows and keys: the screens of the design, and what holds for any keys at any size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.picking import LEFT, Picking, restored, spoken, spoken_answer
from coder.frontends.styled import Row, plain, row, width_of

SESSIONS = Picker(
    "Resume a session in ~/src/shop",
    (
        Item("a", ("Fix rounding in the cart", "2 min ago", "main", "14 prompts", "$0.82")),
        Item("b", ("Add login tests", "yesterday", "login", " 6 prompts", "$0.31")),
        Item(
            "c", ('(no title) "why is npm slow"', "3 days ago", "main", " 2 prompts", "$0.02"), words="why is npm slow"
        ),
    ),
    hint="type to search",
    actions=(Action("space", "shows"), Action("ctrl+a", "all folders"), Action("ctrl+r", "renames")),
    can_search=True,
    verb="opens",
    look=lambda item: (row(f'Last: "{item.value}"'),),
)
MENU = Picker("Which?", tuple(Item(n, (f"option {n}",), key=str(n)) for n in range(1, 5)))
LONG = Picker("Files", tuple(Item(n, (f"file {n}",)) for n in range(100)))


def shown(picking: Picking, width: int = 80, height: int = 24) -> list[str]:
    return [plain(each).rstrip() for each in picking.rows(width, height)]


def stood_on(rows: list[Row]) -> list[str]:
    return [plain(each) for each in rows if any("❯" in span.text for span in each)]


@pytest.mark.behaviour("B-890")
def test_a_picker_at_80_columns() -> None:
    assert shown(Picking(SESSIONS)) == [
        "Resume a session in ~/src/shop                                    type to search",
        "❯ Fix rounding in the cart       2 min ago    main    14 prompts   $0.82",
        "  Add login tests                yesterday    login    6 prompts   $0.31",
        '  (no title) "why is npm slow"   3 days ago   main     2 prompts   $0.02',
        '  Last: "a"',
        "  enter opens · space shows · ctrl+a all folders · ctrl+r renames · esc leaves",
    ]
    assert shown(Picking(SESSIONS), 60)[-2:] == [
        "  enter opens · space shows · ctrl+a all folders",
        "  ctrl+r renames · esc leaves",
    ]


@pytest.mark.behaviour("B-890")
def test_below_60_columns_an_item_takes_two_rows() -> None:
    assert shown(Picking(SESSIONS), 40) == [
        "Resume a session in ~/src/shop",
        "❯ Fix rounding in the cart",
        "  2 min ago · main · 14 prompts · $0.82",
        "  Add login tests",
        "  yesterday · login · 6 prompts · $0.31",
        '  (no title) "why is npm slow"',
        "  3 days ago · main · 2 prompts · $0.02",
        '  Last: "a"',
        "  enter opens · space shows",
        "  ctrl+a all folders · esc leaves",
    ]


def test_a_choice_that_is_too_long_goes_on_below_itself_where_it_is_narrow() -> None:
    long = Item("x", ("Yes, and accept all edits in this folder until I leave",), key="2")
    assert shown(Picking(Picker("Which?", (MENU.items[0], long))), 40)[1:4] == [
        "❯ 1 option 1",
        "  2 Yes, and accept all edits in this",
        "    folder until I leave",
    ]


@pytest.mark.behaviour("B-891")
def test_typing_searches_and_esc_ends_the_search_before_it_leaves() -> None:
    picking = Picking(SESSIONS)
    for key in ("n", "p", "m"):
        assert picking.press(key) is None
    assert [line for line in shown(picking) if "❯" in line] == [
        '❯ (no title) "why is npm slow"   3 days ago   main    2 prompts   $0.02'
    ]
    assert "search: npm" in shown(picking)[0]
    assert picking.press("enter") == Picked("enter", SESSIONS.items[2], 2, "npm")
    assert picking.press("esc") is None and picking.query == ""
    assert picking.press("esc") == LEFT


@pytest.mark.behaviour("B-891")
def test_a_search_takes_letters_apart_in_titles_and_says_when_nothing_fits() -> None:
    picking = Picking(SESSIONS)
    picking.type("adlgn")
    assert picking.chosen is SESSIONS.items[1]
    picking.type("zzz")
    assert not stood_on(picking.rows(80, 24)) and 'Nothing fits "adlgnzzz".' in "\n".join(shown(picking))
    assert picking.press("enter") is None
    for _ in range(8):
        picking.press("backspace")
    assert picking.chosen is SESSIONS.items[0]


@pytest.mark.behaviour("B-891")
def test_every_word_has_to_fit_and_titles_come_first() -> None:
    items = tuple(
        Item(n, (title,), words=words) for n, (title, words) in enumerate((("x", "npm slow"), ("npm", "npm")))
    )
    picking = Picking(Picker("t", items, can_search=True))
    picking.type("npm")
    assert picking.chosen is items[1]
    picking.press("space")
    picking.type("slow")
    assert picking.query == "npm slow" and picking.chosen is items[0]


def test_j_and_k_move_only_where_nothing_is_searched() -> None:
    menu, sessions = Picking(MENU), Picking(SESSIONS)
    menu.press("j")
    assert menu.chosen is MENU.items[1]
    menu.press("k")
    assert menu.chosen is MENU.items[0]
    sessions.press("j")
    assert sessions.query == "j"


def test_a_digit_chooses_at_once_and_an_action_gives_the_item_stood_on() -> None:
    assert Picking(MENU).press("3") == Picked("enter", MENU.items[2], 2)
    picking = Picking(SESSIONS)
    picking.press("down")
    picked = picking.press("ctrl+r")
    assert picked == Picked("ctrl+r", SESSIONS.items[1], 1)
    assert Picking(restored(SESSIONS, picked)).chosen is SESSIONS.items[1]


def test_space_is_an_action_until_something_is_searched_for() -> None:
    picking = Picking(SESSIONS)
    assert picking.press("space") == Picked("space", SESSIONS.items[0], 0)
    picking.type("fix")
    assert picking.press("space") is None and picking.query == "fix "
    assert not any("space shows" in line for line in shown(picking))


def test_an_action_stands_on_nothing_where_there_is_nothing() -> None:
    empty = Picker("Rules", (), actions=(Action("a", "adds"),), empty="There is no rule.")
    assert Picking(empty).press("a") == Picked("a", None)
    assert shown(Picking(empty)) == ["Rules", "  There is no rule.", "  a adds · esc leaves"]


def test_what_was_looked_for_further_comes_behind_and_nothing_twice() -> None:
    asked: list[str] = []

    def find(query: str) -> list[Item]:
        asked.append(query)
        return [Item("a", ("Fix rounding in the cart",)), Item("z", ("Old session", "1 year ago"))]

    picking = Picking(replace(SESSIONS, find=find))
    picking.type("fi")
    assert asked == []
    picking.type("x")
    assert asked == ["fix"]
    assert [plain(each).split("  ")[0] for each in picking.rows(80, 24)[1:3]] == ["❯ Fix rounding in the cart", ""]
    assert sum("Fix rounding" in line for line in shown(picking)) == 1
    picking.press("end")
    assert picking.chosen is not None and picking.chosen.value == "z"
    picking.press("enter")
    assert asked == ["fix"]


def test_items_beside_each_other_where_there_is_room() -> None:
    picking = Picking(replace(MENU, across=2))
    assert shown(picking, 60)[1:3] == [
        "❯ 1 option 1                    2 option 2",
        "  3 option 3                    4 option 4",
    ]
    picking.press("right")
    picking.press("down")
    assert picking.chosen is MENU.items[3]
    picking.press("down")
    assert picking.chosen is MENU.items[3]
    assert len(shown(picking, 40)) == 6


@pytest.mark.behaviour("B-892")
def test_a_long_list_scrolls_and_says_where_it_is() -> None:
    picking = Picking(LONG)
    for _ in range(30):
        picking.press("down")
    lines = shown(picking, 80, 10)
    assert len(lines) == 10 and "❯ file 30" in lines and "31 of 100" in lines[-1]
    picking.press("end")
    assert shown(picking, 80, 10)[-2] == "❯ file 99"
    picking.press("home")
    assert shown(picking, 80, 10)[1] == "❯ file 0"


@pytest.mark.behaviour("B-893")
def test_a_picker_read_aloud() -> None:
    assert spoken(MENU) == ["Which?", *(f"{n}. option {n}" for n in range(1, 5)), "Type 1 to 4 and press enter:"]
    assert spoken(SESSIONS)[1] == "1. Fix rounding in the cart, 2 min ago, main, 14 prompts, $0.82"
    assert spoken_answer(MENU, " 3 ") == Picked("enter", MENU.items[2], 2)
    assert spoken_answer(SESSIONS, "space 2") == Picked("space", SESSIONS.items[1], 1)
    assert spoken_answer(MENU, "") == spoken_answer(MENU, "esc") == LEFT
    for wrong in ("0", "5", "x 1", "1 2 3", "²", "-1", "9" * 5000):
        assert spoken_answer(MENU, wrong) is None


def test_what_there_is_no_room_for_above_is_counted() -> None:
    picker = replace(MENU, above=tuple(row(f"line {n}") for n in range(9)))
    lines = shown(Picking(picker), 80, 8)
    assert lines[1:4] == ["line 0", "line 1", "  … 7 more rows"] and lines[4] == "❯ 1 option 1"


NASTY = st.text(st.sampled_from("ab 漢e\u0301👩\u200dA·"), max_size=70)
KEYS = st.sampled_from(
    [
        "up",
        "down",
        "left",
        "right",
        "j",
        "k",
        "a",
        "n",
        "1",
        "2",
        "3",
        "space",
        "enter",
        "pageup",
        "pagedown",
        "home",
        "end",
        "backspace",
        "ctrl+r",
        "tab",
        "f1",
        "é",
        "漢",
    ]
)
ITEMS = st.lists(
    st.builds(
        Item,
        st.integers(),
        st.lists(NASTY, max_size=4).map(tuple),
        st.sampled_from(["", "1", "n"]),
        st.lists(NASTY.map(row), max_size=4).map(tuple),
    ),
    max_size=30,
).map(tuple)


@pytest.mark.behaviour("B-892")
@given(
    items=ITEMS,
    keys=st.lists(KEYS, max_size=20),
    width=st.integers(1, 130),
    height=st.integers(1, 30),
    can_search=st.booleans(),
    across=st.sampled_from([1, 1, 2]),
    above=st.lists(NASTY.map(row), max_size=5).map(tuple),
)
def test_no_keys_at_no_size_lose_the_item_stood_on_or_make_a_row_too_wide(
    items: tuple[Item, ...],
    keys: list[str],
    width: int,
    height: int,
    can_search: bool,
    across: int,
    above: tuple[Row, ...],
) -> None:
    picker = Picker("A title", items, "hint", (Action("ctrl+r", "renames"),), can_search, above=above, across=across)
    picking = Picking(picker, height, width)
    for key in keys:
        picking.press(key)
        rows = picking.rows(width, height)
        assert 1 <= len(rows) <= height
        assert max(map(width_of, rows)) <= width
        if picking.chosen is not None and width >= 2:
            assert len(stood_on(rows)) == 1
            text = picking.chosen.cells[0] if picking.chosen.cells else ""
            if text.isascii() and len(text) <= 12 and across == 1 and width >= 60:
                assert text.rstrip() in stood_on(rows)[0]
