"""What a Markdown file's head says: valid YAML as YAML, the rest as it was meant, and every problem with its line."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.frontmatter.read import LIMIT, split
from coder.frontmatter.simple import simple
from coder.frontmatter.values import DEPTH


def test_a_head_is_split_from_its_body() -> None:
    head = split("---\nname: one\ntools: [Read, Grep]\n\n---\n\n# Title\n")
    assert head.meta == {"name": "one", "tools": ["Read", "Grep"]}
    assert (head.body, head.first_line) == ("\n# Title\n", 6)
    assert head.lines == {"name": 2, "tools": 3}
    assert head.problems == ()


def test_a_mark_in_front_and_windows_line_ends_are_no_problem() -> None:
    head = split("\ufeff---\r\nname: one\r\n---\r\nText\r\nmore")
    assert head.meta == {"name": "one"}
    assert (head.body, head.first_line, head.problems) == ("Text\nmore", 4, ())


def test_without_a_head_all_is_body() -> None:
    for text in (
        "",
        "plain\n---\nname: x\n---\n",
        "---",
        "--- name: x\n---\n",
        "----\nname: x\n----\n",
        "\n\n---\n\nrule\n---\n",
    ):
        head = split(text)
        assert (head.body, head.meta, head.first_line, head.problems) == (text, {}, 1, ())


def test_an_empty_head_is_none() -> None:
    assert (split("---\n---\nbody").body, split("---\n---\nbody").first_line) == ("body", 3)
    assert split("---\n---").body == ""


def test_a_head_that_never_ends_is_named_and_all_is_body() -> None:
    head = split("---\nname: x\nbody --- here\n")
    assert head.body == "---\nname: x\nbody --- here\n"
    assert head.problems[0].line == 1 and "no closing ---" in head.problems[0].text


def test_empty_lines_in_front_of_a_head_are_named() -> None:
    head = split("\n\n---\nname: x\n---\nbody")
    assert (head.meta, head.lines, head.first_line) == ({"name": "x"}, {"name": 4}, 6)
    assert head.problems[0].line == 1


def test_text_with_a_colon_is_read_as_it_was_meant() -> None:
    head = split(
        "---\ndescription: Use when: the build broke\nargument-hint: [file] [line]\nallowed-tools: Bash(git *:*)\n---\n"
    )
    assert head.meta["description"] == "Use when: the build broke"
    assert head.meta["argument-hint"] == "[file] [line]"
    assert head.meta["allowed-tools"] == "Bash(git *:*)"
    assert [problem.line for problem in head.problems] == [2, 3]
    assert "quotes" in head.problems[0].text


def test_one_bad_key_spoils_none_of_the_others() -> None:
    head = split("---\na: one: two\nhooks:\n  Stop:\n    - hooks: []\nlist:\n  - x\n---\n")
    assert head.meta == {"a": "one: two", "hooks": {"Stop": [{"hooks": []}]}, "list": ["x"]}


def test_lists_and_blocks_with_a_bad_line_keep_their_form() -> None:
    head = split("---\npaths:\n  - *.py\n  - 'src/**'\ntext: |\n\tone\n\ttwo\nsaid: first\n  and: second: third\n---\n")
    assert head.meta == {"paths": ["*.py", "src/**"], "text": "one\ntwo", "said": "first and: second: third"}
    assert [problem.line for problem in head.problems] == [3, 6, 9]


def test_a_tab_and_a_head_of_no_keys_are_named() -> None:
    assert split("---\n\tname: x\n---\nbody").problems[0] == (
        2,
        "the head cannot be read: a tab cannot indent, use spaces; none of it is used",
    )
    head = split("---\n- a\n- b\n---\nbody")
    assert (head.meta, head.body) == ({}, "body")
    assert head.problems[0].line == 2


def test_a_key_that_stands_twice_is_named_and_the_last_counts() -> None:
    for quote in ("", "'"):
        head = split(f"---\nname: {quote}a{quote}\nother: [1]\nname: b\n---\n")
        assert head.meta["name"] == "b"
        assert head.problems == ((4, "name stands twice: the last one counts"),)


def test_values_are_those_of_json() -> None:
    head = split("---\na: yes\nb: true\nc: 12\nd: 1.5\ne: null\nf: 2024-01-01\ng: 0o17\nh: '12'\ni: ~\non: x\n---\n")
    assert head.meta == {
        "a": "yes", "b": True, "c": 12, "d": 1.5, "e": None, "f": "2024-01-01", "g": "0o17", "h": "12", "i": None,
        "on": "x",
    }  # fmt: skip


def test_nothing_grows_without_end() -> None:
    laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a},*{a}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert len(json.dumps(split(f"---\n{laughs}---\n").meta)) < 200_000
    within = "x:\n  " + laughs.replace("\n", "\n  ")
    assert "more than 10,000 values" in split(f"---\n{within}\n---\n").problems[0].text
    assert split("---\nx: " + "9" * 30 + "\n---\n").meta == {"x": "9" * 30}
    assert split("---\nx: " + "9" * 5000 + "\n---\n").meta == {"x": "9" * 5000}
    deep = split("---\nx: " + "[" * 60_000 + "\n---\nbody")
    assert deep.body == "body" and deep.problems
    nested = split("---\nx: " + "[" * (DEPTH + 1) + "]" * (DEPTH + 1) + "\n---\nbody")
    assert "nested more than" in nested.problems[0].text
    long = split("---\nx: " + "y" * LIMIT + "\n---\nbody")
    assert (long.meta, long.body) == ({}, "body") and "longer than" in long.problems[0].text


def test_what_yaml_can_do_beyond_data_is_data() -> None:
    head = split("---\nx: !!python/object/apply:os.system ['true']\ny: &k one\nz: *k\n---\n")
    assert head.meta == {"x": ["true"], "y": "one", "z": "one"}


def test_what_was_typed_is_kept() -> None:
    assert split("---\nargument-hint: [file]\n---\n").written == {"argument-hint": "[file]"}


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("---\n\r\t :#[]{}&*!|>'\"%@`,ab1~\ufeff\x00é"), max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    for whole in (text, f"---\n{text}\n---\nbody", f"---\na: {text}\n---\nbody"):
        head = split(whole)
        assert head.body in whole.replace("\r\n", "\n").replace("\r", "\n")
        assert set(head.lines) == set(head.meta) == set(head.written)
        assert all(line <= head.first_line for line in head.lines.values())


_VALUE = st.text(alphabet=st.sampled_from(" abB1:#-[]{}&*!|>'\",.%@`?~()/\\é"), max_size=12)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["a", "b-c", "Y", "null"]), _VALUE), max_size=3))
def test_the_simple_reader_says_what_yaml_says(pairs: list[tuple[str, str]]) -> None:
    lines = [f"{key}: {value}" for key, value in pairs]
    found = simple(lines)
    if found is None:
        return
    # The base loader leaves every value a text: types are told apart by one function for both ways.
    assert {key: str(value) for key, value in found[0].items() if not isinstance(value, bool | int | float | None)} == {
        key: value
        for key, value in (yaml.load("\n".join(lines), Loader=yaml.BaseLoader) or {}).items()
        if isinstance(found[0].get(key), str)
    }


@pytest.mark.parametrize(
    "lines",
    [
        "a: b: c",
        "a: b #c",
        "a: b:",
        "a: [b]",
        "a: *b",
        "a: b\na: c",
        "a: b\n  c",
        "a:\n  b",
        "null: b",
        'a: "b\\n"',
    ],
)
def test_what_a_parser_must_see_is_not_simple(lines: str) -> None:
    assert simple(lines.split("\n")) is None
