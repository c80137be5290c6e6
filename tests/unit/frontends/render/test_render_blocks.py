"""Streaming Markdown: the blocks are right whatever the chunks, and no row is wider than the terminal."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from coder.frontends.folding import size_of
from coder.frontends.render.markdown import Blocks, markdown_rows, markdown_text, tail_rows
from coder.frontends.render.marks import Marks
from coder.frontends.render.theme import Theme
from coder.frontends.styled import plain, width_of

SGR = re.compile(r"\x1b\[[0-9;]*m")
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
# fmt: off
PARTS = [
    "漢字かな交じり文。", "한국어", "👩‍👩‍👧‍👦", "⚠️", "❤️", "🇩🇪", "e\u0301\u0301", "a\u0300" * 9, "\u200b\u202e\u2066",
    "\x1b[31m", "\x1b]8;;http://x\x07", "\x1b[2J", "\x9b2J", "\x00", "\x7f", "\r", "\t", "[red]", "&#x1b;", "&#x202e;",
    "\x1b]133;A", "**bold**", "*em*", "`code`", "[text](http://example.org/a?b=c)", "<b>", "```", "~~~", "```py\n",
    "\n", "\n\n", "# ", "> ", "- ", "1. ", "   - ", "12) ", "| a | b |", "\n|---|--:|\n", "---", "===", "    ", "|",
    "- [ ] ", "x" * 150, "word " * 20, "\ud800", "\u00ad", "\ufe0f", "\u3000", "\\|", "![i](s)", "* * *", "\\", "\xa0",
]
# fmt: on
NASTY = st.one_of(st.sampled_from(PARTS), st.text(max_size=8))
TEXTS = st.lists(NASTY, max_size=25).map("".join)
WIDTHS = st.integers(1, 120)
THEMES = st.sampled_from([Theme(), Theme("none", "none"), Theme("dark", "true", "dark")])


def blocks(chunks: list[str]) -> list[str]:
    made = Blocks()
    return [*(block for chunk in chunks for block in made.feed(chunk)), *made.end()]


def shown(painted: str) -> str:
    return SGR.sub("", painted)


def show(text: str, width: int = 80) -> list[str]:
    return [shown(each) for each in markdown_text(text, width, Theme())]


@given(TEXTS, st.lists(st.integers(0, 400), max_size=30))
def test_chunks_do_not_matter(text: str, cuts: list[int]) -> None:
    at = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    assert blocks([text[a:b] for a, b in pairwise(at)]) == blocks([text]) == blocks(list(text))


@pytest.mark.behaviour("B-800")
@given(TEXTS, WIDTHS, THEMES)
@example("漢" * 5, 1, Theme())
@example("> > > > 漢", 9, Theme())
@example("> a", 2, Theme())
@example("0\u093e", 1, Theme())
@example("```\n漢字漢字\n```", 5, Theme())
@settings(max_examples=300)
def test_no_row_is_wider_than_the_terminal(text: str, width: int, theme: Theme) -> None:
    for painted in markdown_text(text, width, theme):
        text_of = shown(painted)
        assert size_of(text_of) <= width
        assert wcswidth(text_of) <= width


@pytest.mark.behaviour("B-801")
@given(TEXTS, WIDTHS, THEMES)
@example("```\na\u202eb\n```", 80, Theme())
@settings(max_examples=300)
def test_nothing_but_our_colours_reaches_the_terminal(text: str, width: int, theme: Theme) -> None:
    for painted in markdown_text(text, width, theme):
        text_of = shown(painted) if theme.has_colour else painted
        assert not HIDDEN.search(text_of)
    tail = tail_rows(text, width, 10)
    assert len(tail) <= 10
    assert all(width_of(each) <= width and not HIDDEN.search(plain(each)) for each in tail)


@given(TEXTS)
def test_the_tail_is_what_is_in_no_block_yet(text: str) -> None:
    made = Blocks()
    given_out = made.feed(text)
    assert blocks([text])[: len(given_out)] == given_out
    rest = made.end()
    assert blocks([text]) == [*given_out, *rest]
    assert made.tail == ""


def test_blocks_come_when_they_are_finished() -> None:
    made = Blocks()
    assert made.feed("# One\nA paragraph\nof two lines.\n") == ["# One"]
    assert made.tail == "A paragraph\nof two lines."
    assert made.feed("\n") == ["A paragraph\nof two lines."]
    assert made.feed("1. a\n2. b\n   - c\n") == ["\n1. a", "2. b"]
    assert made.feed("\n> q\n") == ["   - c"]
    assert made.end() == ["\n> q"]


def test_code_is_printed_before_its_fence_ends() -> None:
    made = Blocks()
    lines = [f"print({number})" for number in range(40)]
    given_out = made.feed("```python\n" + "\n".join(lines) + "\n")
    assert len(given_out) == 3
    assert all(block.startswith("```python\n") and block.endswith("\n```") for block in given_out)
    given_out += [*made.feed("```\n"), *made.end()]
    assert "\n".join(block.split("\n", 1)[1].rpartition("\n")[0] for block in given_out).split("\n") == lines


def test_a_piece_of_code_does_not_end_within_a_string() -> None:
    text = '```python\n"""\n' + "words\n" * 30 + '"""\n' + "x = 1\n" * 20 + "```\n"
    assert [block.count('"""') for block in blocks([text])] == [2, 0, 0]


def test_fences_know_their_end() -> None:
    assert blocks(["````md\n```py\nx\n```\n````\nafter"]) == ["````md\n```py\nx\n```\n````", "after"]
    assert blocks(["```\nnever closed"]) == ["```\nnever closed\n```"]
    assert blocks(["```\r\nx\r\n```\r\nafter\r\n"]) == ["```\nx\n```", "after"]
    assert blocks(["```x``` is inline"]) == ["```x``` is inline"]
    assert blocks(["- item\n  ```sh\n  ls\n    -l\n  ```\n  more"]) == ["- item", "```sh\nls\n  -l\n```", "  more"]


def test_a_long_run_of_lines_is_not_held_back() -> None:
    made = Blocks()
    lines = [f"{number}: line" for number in range(50)]
    assert len(made.feed("\n".join(lines))) == 2
    assert show("\n".join(lines)) == lines


def test_numbers_in_prose_begin_no_list() -> None:
    assert blocks(["It was in\n1986. A year\n"]) == ["It was in\n1986. A year"]
    assert blocks(["Steps:\n1. one\n2. two\n"]) == ["Steps:", "1. one", "2. two"]


def test_a_table_may_follow_a_paragraph_at_once() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert blocks([f"Text:\n{table}\nend\n\n"]) == ["Text:", table, "end"]


def test_a_screen_of_everything() -> None:
    text = """# Login `x`

Login has *three* **parts**:
1. `auth.py` checks [the docs](https://example.org/a?b=c), <https://x.org>.
   - nested, and long enough to go on in the next row
10. `session.py` [red]
- [ ] open
- [x] done

> said
> > twice

***
<b>html</b> &amp; 1 < 2
"""
    assert show(text, 40) == [
        "Login `x`",
        "",
        "Login has three parts:",
        "1. `auth.py` checks the docs",
        "   (https://example.org/a?b=c),",
        "   https://x.org.",
        "   - nested, and long enough to go on in",
        "     the next row",
        "10. `session.py` [red]",
        "  ☐ open",
        "  ✓ done",
        "",
        "│ said",
        "│ │ twice",
        "",
        "─" * 40,
        "<b>html</b> & 1 < 2",
    ]


@pytest.mark.behaviour("B-802")
def test_code_begins_in_the_first_column_and_no_word_of_it_moves() -> None:
    text = "- do:\n\n  ```sh\n  " + "a" * 30 + "  " + "b" * 30 + "\n    x\n  ```\n"
    assert show(text, 40)[2:] == ["a" * 30 + "  " + "b" * 8, "b" * 22, "  x"]


@pytest.mark.behaviour("B-803")
def test_tables_line_up_or_are_listed() -> None:
    text = "| Name | Size |\n|------|-----:|\n| 漢字 | 2 |\n| `a\\|b` | 10,000 |\n"
    assert show(text, 40) == ["Name      Size", "─────   ──────", "漢字         2", "`a|b`   10,000"]
    assert show(text, 12) == ["Name: 漢字", "Size: 2", "", "Name: `a|b`", "Size: 10,000"]


def test_without_colours_the_marks_of_emphasis_stay() -> None:
    rows = markdown_text("# Head\n**bold** *em* `code`\n\nTitle\n===\n", 80, Theme("none", "none"))
    assert rows == ["# Head", "**bold** *em* `code`", "", "# Title"]


def test_stars_within_a_word_stay() -> None:
    assert markdown_text("2*3*4 2**8**2 a_b_c", 80, Theme()) == ["2*3*4 2**8**2 a_b_c"]
    assert markdown_text("重**要**", 80, Theme()) == ["重\x1b[1m要\x1b[0m"]


@pytest.mark.parametrize(("language", "code", "painted"), [
    ("python", "return 1", "\x1b[35mreturn\x1b[0m \x1b[36m1\x1b[0m"),
    ("diff", "+a", "\x1b[32m+a\x1b[0m"),
    ("no such", "return 1", "return 1"),
])  # fmt: skip
def test_code_has_colours(language: str, code: str, painted: str) -> None:
    assert markdown_rows(f"```{language}\n{code}\n```", 80, Theme()) == [painted]


def test_wide_terminals_wrap_text_at_100_and_code_at_the_edge() -> None:
    assert max(map(len, show("word " * 60, 140))) <= 100
    assert show("```\n" + "x" * 150 + "\n```", 140) == ["x" * 140, "x" * 10]


def test_joined_emoji_stay_joined_and_odd_joiners_are_seen() -> None:
    assert show("👩‍💻 a\u200db ⚠️ x\ufe0fy\xa0z") == ["👩‍💻 a\\u200db ⚠ x\\ufe0fy z"]


def test_marks_suit_the_terminal_in_answers_too() -> None:
    text = "- [ ] open …\n- [x] done\n\n> q\n\n---\n\n|a|b|\n|-|-|\n|1|é|\n"
    assert markdown_text(text, 14, Theme("none", "none"), Marks("ascii")) == [
        "  [ ] open ...", "  ok done", "", "| q", "", "-" * 14, "", "a   b", "-   -", "1   ?",
    ]  # fmt: skip


@given(TEXTS, WIDTHS, st.sampled_from([Marks("ascii"), Marks("narrow")]))
@example("&hellip;&eacute;", 1, Marks("ascii"))
def test_no_row_is_wider_with_other_marks(text: str, width: int, marks: Marks) -> None:
    for painted in markdown_text(text, width, Theme(), marks):
        assert size_of(shown(painted)) <= width
        assert painted.isascii() or marks.kind == "narrow"
