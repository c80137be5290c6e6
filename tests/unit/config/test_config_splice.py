"""The text editor below the settings files: one value changes, nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.config.splice import MisplacedError, offset, place, with_item, with_value, without_item, without_value

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
objects = st.dictionaries(st.sampled_from("abc") | st.text(), values, max_size=4)
paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3)
layouts = st.sampled_from([None, 0, 1, 2, 4, "\t"])


def written(value: Any, layout: Any, crlf: bool) -> str:
    text = json.dumps(value, indent=layout)
    return text.replace("\n", "\r\n") if crlf else text


def set_in(value: dict[str, Any], keys: list[str], new: Any) -> None:
    for key in keys[:-1]:
        value = value.setdefault(key, {})
    value[keys[-1]] = new


@given(objects, paths, values, layouts, st.booleans())
def test_a_value_that_is_set_is_there_and_nothing_else_changes(
    before: dict[str, Any], keys: list[str], new: Any, layout: Any, crlf: bool
) -> None:
    text = written(before, layout, crlf)
    expected = json.loads(text)
    try:
        set_in(expected, keys, new)
    except (TypeError, AttributeError):
        with pytest.raises(MisplacedError):
            with_value(text, keys, new)
        return
    changed = with_value(text, keys, new)
    assert json.dumps(json.loads(changed)) == json.dumps(expected)
    assert changed.count("\r\n") == (changed.count("\n") if "\r\n" in text else 0)


@given(objects, paths, layouts)
def test_a_value_that_is_taken_out_leaves_the_rest(before: dict[str, Any], keys: list[str], layout: Any) -> None:
    text = written(before, layout, False)
    expected = json.loads(text)
    holder: Any = expected
    for key in keys[:-1]:
        if not isinstance(holder, dict) or key not in holder:
            break
        holder = holder[key]
    else:
        if not isinstance(holder, dict):
            with pytest.raises(MisplacedError):
                without_value(text, keys)
            return
        was_there = keys[-1] in holder
        holder.pop(keys[-1], None)
        assert json.dumps(json.loads(without_value(text, keys))) == json.dumps(expected)
        assert was_there or without_value(text, keys) == text


@given(st.lists(values, max_size=4), values, layouts)
def test_an_item_that_is_added_is_the_last_and_taken_out_it_is_gone(items: list[Any], item: Any, layout: Any) -> None:
    text = written({"x": 1.10, "a": {"b": items}, "y": None}, layout, False)
    is_there = json.dumps(item) in [json.dumps(other) for other in items]
    added = with_item(text, ["a", "b"], item)
    assert json.loads(added)["a"]["b"] == (items if is_there else [*items, item])
    assert (added == text) is is_there
    left = [other for other in items if json.dumps(other) != json.dumps(item)]
    removed = without_item(added, ["a", "b"], item)
    assert json.loads(removed) == {"x": 1.1, "a": {"b": left}, "y": None}


@given(objects, layouts)
def test_setting_a_new_key_and_taking_it_out_gives_the_same_bytes(before: dict[str, Any], layout: Any) -> None:
    before.pop("new", None)
    text = written(before, layout, False)
    if before:  # an empty object is opened up on the way
        assert without_value(with_value(text, ["new"], [1, {"a": []}]), ["new"]) == text


FILE = """{
\t"$schema":   "x",   "model": "opus",
\t"permissions": {
\t\t"allow": ["Read", "Edit"],
\t\t"deny": [
\t\t\t"Bash(caf\\u00e9)"
\t\t]
\t},
\t"zoom": 1.50
}
"""


def test_order_blanks_spelling_and_layout_of_a_hand_written_file_stay() -> None:
    text = with_item(FILE, ["permissions", "allow"], "Bash(ls)")
    text = with_item(text, ["permissions", "deny"], "Wéb")
    text = with_item(text, ["permissions", "ask"], "Bash(x)")
    text = with_value(text, ["model"], "haiku")
    assert text == FILE.replace('"Edit"]', '"Edit", "Bash(ls)"]').replace("opus", "haiku").replace(
        '\\u00e9)"\n\t\t]', '\\u00e9)",\n\t\t\t"Wéb"\n\t\t],\n\t\t"ask": [\n\t\t\t"Bash(x)"\n\t\t]'
    )


def test_a_file_on_one_line_stays_on_one_line_and_an_empty_one_opens_up() -> None:
    assert with_item('{"model": "x"}\n', ["permissions", "ask"], "A") == (
        '{"model": "x", "permissions": {"ask": ["A"]}}\n'
    )
    assert with_item('{"a": {}}', ["a", "b"], 1) == '{"a": {"b": [1]}}'
    assert with_item("{}\n", ["permissions", "ask"], "A") == (
        '{\n  "permissions": {\n    "ask": [\n      "A"\n    ]\n  }\n}\n'
    )


def test_what_stands_in_the_way_is_named_with_its_place() -> None:
    with pytest.raises(MisplacedError, match=r"^permissions\.deny must be a list$") as caught:
        with_item('{\n  "permissions": {"deny": "Bash"}\n}', ["permissions", "deny"], "A")
    assert place('{\n  "permissions": {"deny": "Bash"}\n}', caught.value.at) == "line 2, column 27"
    with pytest.raises(MisplacedError, match=r"^permissions must be an object$"):
        without_value('{"permissions": []}', ["permissions", "deny"])


def test_the_place_of_a_value_is_found_as_far_as_it_exists() -> None:
    text = '{"a": [1, {"b": 2}]}'
    assert offset(text, ["a", 1, "b"]) == text.index("2")
    assert offset(text, ["a", 0, "b"]) == text.index("1")
    assert offset(text, ["x"]) == 0


def test_half_a_surrogate_pair_is_written_as_an_escape() -> None:
    assert with_value("{}", ["a"], "\ud83d") == '{\n  "a": "\\ud83d"\n}'
