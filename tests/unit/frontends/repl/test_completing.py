from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.repl.completing import Completion, SlashMenu, command_of
from coder.frontends.repl.menu import Choice, Menu
from coder.frontends.slash.registry import BUILT_IN, Command
from coder.frontends.styled import plain, width_of


class Given:
    """Files that are simply there."""

    state = 0

    def __init__(self) -> None:
        self.asked: list[str] = []

    def best(self, query: str, most: int) -> Sequence[tuple[str, str]]:
        self.asked.append(query)
        return [(name, "1 KB") for name in ("app.py", "my notes.txt", "src/") if query in name]

    def close(self) -> None:
        raise NotImplementedError


def names(draft: str, *extra: Command) -> list[str]:
    menu = SlashMenu(extra).menu(draft, len(draft))
    return [choice.text for choice in menu.choices] if menu else []


def test_exact_then_beginning_then_letters() -> None:
    mine = Command("com", "mine", "x", origin="yours")
    assert names("/com", mine)[:2] == ["/com", "/compact"]
    assert names("/COMP")[0] == "/compact"
    assert names("/undo") == ["/rewind"]  # an alias
    assert names("/undo", Command("undoing", "mine", "x")) == ["/rewind", "/undoing"]
    assert names("/cnf") == ["/config"]
    assert names("/") == names("/", *BUILT_IN) == sorted(f"/{each.name}" for each in BUILT_IN)
    assert names("/zzz") == names("") == names("x/com") == names("/compact now") == []


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        ("/compact", "compact"),
        ("/compact all of it", "compact"),
        ("/mcp:server-x.y\nmore", "mcp:server-x.y"),
        ("/etc/hosts", ""),
        ("/", ""),
        ("/ x", ""),
        (" /compact", ""),
        ("//", ""),
    ],
)
def test_what_is_a_command(draft: str, name: str) -> None:
    assert command_of(draft) == name


def test_files_are_named_after_an_at_that_begins_a_word() -> None:
    files = Given()
    completion = Completion(SlashMenu(), lambda: files)

    def choices(draft: str) -> list[str]:
        completion.update(draft, len(draft))
        return [choice.text for choice in completion.menu.choices] if completion.menu else []

    assert choices("see @app") == ["@app.py "]
    assert choices("mail me@app") == []
    assert choices("see @app.py and") == []
    assert choices('see @"my n') == ['@"my notes.txt" ']
    assert choices("(@") == []
    assert choices("\n@src") == ["@src/"]
    assert files.asked == ["app", "my n", "src"]


def test_a_menu_that_was_closed_stays_closed_for_its_word() -> None:
    completion = Completion(SlashMenu(), Given)
    completion.update("see @app", 8)
    completion.dismiss("see @app", 8)
    completion.update("see @app.", 9)
    assert completion.menu is None
    completion.update("see @app. @sr", 13)
    assert completion.menu is not None


def test_rows_of_a_menu() -> None:
    menu = Menu(tuple(Choice(str(at), (f"/{at}", "about\x1b"), note="(project)") for at in range(20)), 0, "keys")
    menu.move(-1)
    rows = [plain(row) for row in menu.rows(60)]
    assert rows[-2] == "❯ /19   about\\x1b".ljust(51) + "(project)"
    assert len(rows) == 9
    assert rows[-1] == "  keys"


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=12),
    st.integers(1, 100),
    st.integers(0, 40),
    st.sampled_from(["", "(project)"]),
)
def test_no_row_is_wider_than_the_screen(cells: list[tuple[str, str]], width: int, moved: int, note: str) -> None:
    menu = Menu(tuple(Choice("x", pair, note=note) for pair in cells), 0, "tab completes · enter runs")
    menu.move(moved)
    rows = menu.rows(width)
    assert all(width_of(row) <= width for row in rows)
    assert len(rows) <= 9
    assert width < 2 or any(plain(row).startswith("❯") for row in rows)
