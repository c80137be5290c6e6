"""Endings, the welcome, themes and marks: the words of the design."""

from __future__ import annotations

import re

import pytest

from coder.core.events import CompactionEnded
from coder.frontends.render.ending import (
    Opening,
    compacted_row,
    done_row,
    exit_rows,
    receipt_row,
    stopped_rows,
    task_row,
    thought_row,
    todo_done_row,
    welcome_rows,
)
from coder.frontends.render.marks import Marks, marks_of
from coder.frontends.render.theme import Theme, style_for_prompt_toolkit, theme_of, themes
from coder.frontends.styled import plain, row, width_of


@pytest.mark.behaviour("B-814")
def test_the_end_of_a_run() -> None:
    assert plain(done_row(seconds=12.2, calls=3, files_changed=2, cost=0.04)) == (
        "Done · 12s · 3 tool calls · 2 files changed · $0.04"
    )
    assert plain(done_row(seconds=0.4, calls=0, files_changed=0, cost=None)) == "Done · 0.4s · cost unknown"
    assert plain(thought_row(6.2)) == "✓ Thought for 6s · ctrl+o shows it"
    assert plain(thought_row()) == "✓ Thought · ctrl+o shows it"
    assert [plain(each) for each in stopped_rows(8, ["app.py", "util.py"])] == [
        "! Stopped by you after 8s. What should coder do instead?",
        "  2 files changed so far: app.py, util.py",
    ]
    assert plain(stopped_rows(8, [f"{n}" for n in range(9)])[1]) == "  9 files changed so far: 0, 1, 2, 3, 4 and 4 more"
    assert len(stopped_rows(8)) == 1


def test_messages_on_their_way() -> None:
    assert plain(receipt_row("also check empty carts", 4)) == "❯ also check empty carts · seen before step 4"


def test_what_happened_in_between() -> None:
    assert plain(todo_done_row(4)) == "✓ Todo: 4 of 4 done"
    ended = CompactionEnded(trigger="auto", before=164_000, after=12_400)
    assert plain(compacted_row(ended)) == "✓ Compacted to make room · 164.0k → 12.4k tokens"
    failed = CompactionEnded(trigger="manual", before=1, after=1, error="no connection.")
    assert plain(compacted_row(failed)) == "! The conversation could not be summarised: no connection. It is as it was."
    assert plain(task_row(2, "make bench", code=0, seconds=70)) == "✓ Task 2 make bench · exit 0 · 1m 10s"


@pytest.mark.behaviour("B-815")
def test_the_exit() -> None:
    rows = exit_rows(title="Fix rounding in the cart", prompts=14, files_changed=3, cost=0.82, session="7f3a91c2-aa-bb")
    assert [plain(each) for each in rows] == [
        'Session "Fix rounding in the cart" · 14 prompts · 3 files changed · $0.82',
        "Continue with: coder -c     or: coder -r 7f3a91c2",
    ]
    assert exit_rows(title="", prompts=0, files_changed=0, cost=0, session="7f3a91c2") == []


@pytest.mark.behaviour("B-816")
def test_the_welcome() -> None:
    opening = Opening(
        version="0.1.0", model="claude-sonnet-4-5", folder="~/src/shop", branch="main", changed=2,
        notes=("read AGENTS.md",), has_last_session=True,
    )  # fmt: skip
    assert [plain(each) for each in welcome_rows(opening)] == [
        "coder 0.1.0 · claude-sonnet-4-5 · ~/src/shop (main, 2 files changed)",
        "Asks before edits and commands · read AGENTS.md",
        "/help lists commands · shift+tab changes the mode · last session: coder -c",
    ]
    unsafe = Opening(version="0.1.0", model="m", folder="/x", mode="bypassPermissions", trust_problem="untrusted")
    assert [plain(each) for each in welcome_rows(unsafe)] == [
        "coder 0.1.0 · m · /x",
        "! Bypasses all permission checks",
        "! Folder not trusted: its settings, hooks and MCP servers are off",
        "/help lists commands · shift+tab changes the mode",
    ]


@pytest.mark.behaviour("B-817")
def test_only_the_eight_colours_and_bold_and_dim() -> None:
    for name in themes():
        theme = theme_of(name, {"TERM": "xterm"})
        styles = style_for_prompt_toolkit(theme)
        for style, words in styles.items():
            assert re.fullmatch(r"|(1|2|3[0-7])(;(1|2))?", theme.sgr(style)), style
            assert re.fullmatch(r"|(fg:ansi[a-z]+|bold|dim)( bold)?", words), style
    assert style_for_prompt_toolkit(Theme())["bad"] == "fg:ansired"
    assert theme_of("colour-blind", {}).sgr("added") == "34"


@pytest.mark.behaviour("B-818")
@pytest.mark.parametrize(
    ("name", "env", "colour"),
    [("none", {}, True), ("auto", {"NO_COLOR": "1"}, True), ("dark", {"TERM": "dumb"}, True), ("light", {}, False)],
)
def test_no_colours_when_none_are_wanted(name: str, env: dict[str, str], colour: bool) -> None:
    theme = theme_of(name, env, colour=colour)
    assert theme.paint(row(("✓ ", "ok"), ("x", "added"))) == "✓ x"
    assert set(style_for_prompt_toolkit(theme).values()) == {""}


def test_names_of_themes() -> None:
    assert list(themes()) == ["auto", "light", "dark", "colour-blind", "none"]
    assert [theme_of(name, {}).name for name in ("ansi", "daltonised", "odd")] == ["auto", "colour-blind", "auto"]
    assert theme_of("auto", {"COLORFGBG": "0;15"}).ground == "light"
    assert theme_of("auto", {"COLORFGBG": "15;0", "COLORTERM": "truecolor"}).background("added") != ""
    assert theme_of("auto", {"COLORTERM": "truecolor"}).background("added") == ""
    assert theme_of("dark", {}).background("added") == ""


@pytest.mark.behaviour("B-819")
@pytest.mark.parametrize(
    ("env", "setting", "shown"),
    [
        ({"LANG": "en_US.UTF-8"}, None, "❯ ✓ ✗ ▸ ☐ ↳ … ·"),
        ({"LANG": "ja_JP.UTF-8"}, None, "❯ ✓ ✗ ▸ ☐ ↳ ... -"),
        ({"LANG": "ja_JP.UTF-8"}, False, "❯ ✓ ✗ ▸ ☐ ↳ … ·"),
        ({"LANG": "en_US.utf8"}, True, "❯ ✓ ✗ ▸ ☐ ↳ ... -"),
        ({"LANG": "C"}, None, "> ok x * [ ] +> ... -"),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, None, "> ok x * [ ] +> ... -"),
        ({"LC_CTYPE": "de_DE.UTF-8"}, None, "❯ ✓ ✗ ▸ ☐ ↳ … ·"),
        ({"LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"}, None, "❯ ✓ ✗ ▸ ☐ ↳ … ·"),
        ({"LC_CTYPE": "C.UTF-8"}, None, "> ok x * [ ] +> ... -"),  # Python put it there
        ({"LC_CTYPE": "C.UTF-8", "LANG": "de_DE.ISO-8859-1"}, None, "> ok x * [ ] +> ... -"),
    ],
)
def test_marks_suit_the_locale(env: dict[str, str], setting: bool | None, shown: str) -> None:
    marks = marks_of(env, ambiguous_wide=setting)
    assert marks.text("❯ ✓ ✗ ▸ ☐ ↳ … ·") == shown
    assert all(len(frame) == 1 for frame in marks.spinner)


def test_rows_are_folded_again_when_their_marks_grow() -> None:
    rows = Marks("ascii").rows([row(("✓ ", "ok"), "x" * 8, " é")], 12)
    assert [plain(each) for each in rows] == ["ok xxxxxxxx", "  ?"]
    assert all(width_of(each) <= 12 for each in rows)
