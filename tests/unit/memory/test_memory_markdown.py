"""What is words, code and comment in a memory file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.memory.markdown import mentions, spans, without_comments

PIECES = [
    "`",
    "``",
    "```",
    "~~~",
    "<!--",
    "-->",
    "@a.md",
    "\n",
    "\n\n",
    "    ",
    "\t",
    "- ",
    "> ",
    "x",
    " ",
    "\\",
    "é",
    "\r\n",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def named(text: str) -> list[str]:
    return [each.name for each in mentions(text, 100)]


@pytest.mark.behaviour("B-1102")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@a.md", ["a.md"]),
        ("see @docs/a.md, @~/b.md and @/c.md", ["docs/a.md,", "~/b.md", "/c.md"]),
        ("mail me@a.md or (@a.md)", []),
        ("`@a.md` and ``@b.md ` @c.md`` @d.md", ["d.md"]),
        ("one ` open @a.md", ["a.md"]),
        ("`open\n\nclosed elsewhere` @a.md", ["a.md"]),
        ("`over\nlines @a.md` @b.md", ["b.md"]),
        ("```\n@a.md\n```\n@b.md", ["b.md"]),
        ("~~~ text\n@a.md\n```\n@b.md\n~~~~\n@c.md", ["c.md"]),
        ("- item\n  ```sh\n  @a.md\n  ```\n- @b.md", ["b.md"]),
        ("````\n```\n@a.md\n````\n@b.md", ["b.md"]),
        ("```\nnever closed @a.md", []),
        ("words\n\n    @a.md\n\n@b.md", ["b.md"]),
        ("- item\n\n    still the item @a.md", ["a.md"]),
        ("<!-- @a.md\n\n@b.md --> @c.md", ["c.md"]),
        ("<!-- never closed @a.md", ["a.md"]),
        ("`<!--` @a.md `-->`", ["a.md"]),
        (r"@my\ notes.md and \`@b.md`", ["my notes.md"]),
        ("@@a @ @", []),
    ],
)
def test_names_behind_an_at_sign_are_found_in_words_alone(text: str, names: list[str]) -> None:
    assert named(text) == names


def test_a_name_is_told_with_its_line() -> None:
    text = "one\n```\n@x\n```\n<!-- two\nlines -->\n@a.md @b.md\n\n@c.md"
    assert [(each.name, each.line) for each in mentions(text, 100)] == [("a.md", 7), ("b.md", 7), ("c.md", 9)]
    assert len(mentions("@a " * 500, 20)) == 20


@pytest.mark.behaviour("B-1106")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a <!-- b --> c", "a  c"),
        ("a\n<!-- b\nb -->\nc\n", "a\nc\n"),
        ("<!-- b -->\nc", "c"),
        ("a\n<!-- b --><!-- b -->\nc", "a\nc"),
        ("`<!-- b -->`", "`<!-- b -->`"),
        ("```html\n<!-- b -->\n```\n", "```html\n<!-- b -->\n```\n"),
        ("<!-- ```\nb -->\nc\n```\nd <!-- e -->", "c\n```\nd <!-- e -->"),
        ("a <!-- b", "a <!-- b"),
        ("a --> b", "a --> b"),
    ],
)
def test_comments_are_for_people(text: str, left: str) -> None:
    assert without_comments(text) == left


@given(TEXTS)
def test_the_parts_of_a_text_are_all_of_it(text: str) -> None:
    parts = spans(text)
    assert "".join(text[start:end] for _, start, end in parts) == text
    assert all(end > start for _, start, end in parts)


@given(TEXTS)
def test_what_is_left_of_a_text_stands_in_it_in_order(text: str) -> None:
    at = 0
    for sign in without_comments(text):
        at = text.index(sign, at) + 1
    assert named(text) == named(without_comments(text)) or "<!--" in text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["`", "` ``", "<!--", "<!-- -->", "```\n", "@a ", "- - ", ">", "\n", "`a\n\n", "\\`", "a -->"]
)
def test_no_text_takes_long(piece: str) -> None:
    text = piece * (400_000 // len(piece)) + " @end"
    assert len(mentions(text, 200)) <= 200 and len(without_comments(text)) <= len(text)
