"""Whatever a server lists: nothing is raised, all is bounded, and the model can be sent it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coder.mcp.backoff import Backoff
from coder.mcp.carrier import MOST
from coder.mcp.lines import Lines, TooLong, TooMuch
from coder.mcp.offers import MOST_TEXT, MOST_TOOLS, Heard, offer
from coder.mcp.schemas import DEEPEST, fit
from coder.mcp.schemas import MOST as MOST_SCHEMA

_NAMES_OF_FIELDS = """
type properties required anyOf oneOf allOf $ref $defs $id items description name inputSchema annotations _meta arguments
uri uriTemplate readOnlyHint title anthropic/maxResultSizeChars default enum a b/c
"""
_KEYS = st.sampled_from([*_NAMES_OF_FIELDS.split(), "\ud800"])
_WORDS = st.sampled_from(
    ["#", "#/$defs/a", "#/properties/a", "file:///etc/passwd", "https://x.example/s", "object", "a"]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS
JSON: st.SearchStrategy[Any] = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=25
)
_OBJECTS = st.dictionaries(_KEYS, JSON, max_size=6)
_NAMES = st.text(max_size=8) | st.sampled_from(["echo", "e.cho", "e/cho", "x" * 200, "x" * 199 + "y"])
_TOOLS = st.builds(lambda name, rest: {**rest, "name": name}, _NAMES, _OBJECTS)


@pytest.mark.behaviour("B-1601")
@given(st.lists(_TOOLS | JSON, max_size=6), st.lists(JSON, max_size=4), st.text())
def test_any_list_becomes_an_offer(tools: list[Any], others: list[Any], text: str) -> None:
    found = offer("a server", Heard(tools, others, others, others, instructions=text, problems=["\ud800"]))
    names = [tool.name for tool in found.tools]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name) for name in names)
    assert len({tool.tool for tool in found.tools}) == len(found.tools)
    for tool in found.tools:
        assert len(tool.description) <= MOST_TEXT
        _is_fit(tool.schema)
    assert len(found.instructions) <= MOST_TEXT
    for line in found.problems:
        line.encode()
        assert "\n" not in line
    again = offer("a server", Heard(tools, others, others, others))
    assert [tool.name for tool in again.tools] == names


@given(JSON)
@example({"anyOf": [{"$ref": "#"}, {"properties": {"a": {"type": "string"}}, "required": ["a"]}]})
@example({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}})
def test_any_schema_becomes_one_that_may_be_sent(schema: Any) -> None:
    found, _ = fit(schema)
    _is_fit(found)
    assert fit(found)[0] == found  # what is fit stays as it is


def _is_fit(schema: dict[str, Any]) -> None:
    text = json.dumps(schema, allow_nan=False, ensure_ascii=False)
    assert len(text.encode()) <= MOST_SCHEMA
    assert schema["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf", "$ref"} & set(schema)
    for place in re.finditer(r'"\$ref": "([^"]*)"', text):
        assert place[1].startswith("#")
    for name in schema.get("properties", {}):
        assert re.fullmatch(r"[a-zA-Z0-9_.-]{1,64}", name)


@pytest.mark.parametrize(
    ("schema", "kept", "problem"),
    [
        (
            {"type": "object", "properties": {"a": {"type": "string", "description": "x" * 70_000}}},
            {"a": {"type": "string"}},
            "words",
        ),
        ({"properties": {f"p{number}": {"enum": ["y" * 90]} for number in range(900)}}, {}, "too large"),
        ({"properties": {"a b": {}, "c": {}}, "required": ["a b", "c"]}, {"c": {}}, "1 of its inputs"),
        ({"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]}, {"a": {}, "b": {}}, ""),
        ({"allOf": [{"$ref": "#/$defs/x"}], "$defs": {"x": {"properties": {"a": {}}}}}, {"a": {}}, ""),
    ],
)
def test_what_is_left_of_a_schema(schema: dict[str, Any], kept: dict[str, Any], problem: str) -> None:
    found, said = fit(schema)
    assert found.get("properties", {}) == kept
    assert (problem in said) if problem else not said


def test_a_deep_schema_is_cut() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"properties": {"a": deep}}
    found, said = fit(deep)
    assert json.dumps(found).count("properties") <= DEEPEST
    assert said


def test_required_by_any_part_of_all_and_by_each_part_of_any() -> None:
    parts = [{"properties": {"a": {}, "b": {}}, "required": ["a", "b"]}, {"required": ["b"]}]
    assert fit({"anyOf": parts})[0]["required"] == ["b"]
    assert fit({"allOf": parts})[0]["required"] == ["a", "b"]


def test_names_that_would_be_the_same_are_told_apart() -> None:
    found = offer(
        "s", Heard([{"name": "a.b"}, {"name": "a/b"}, {"name": "a.b"}, *({"name": f"t{n}"} for n in range(1000))])
    )
    assert [tool.name for tool in found.tools[:2]] == ["mcp__s__a_b", "mcp__s__a_b_c14cddc0"]
    assert [tool.tool for tool in found.tools[:2]] == ["a.b", "a/b"]
    assert len(found.tools) == MOST_TOOLS
    assert [line.split(";")[0].split(",")[0] for line in found.problems] == [
        "the tool a/b is called mcp__s__a_b_c14cddc0",
        "the tool a.b is listed twice",
        "it has more than 1",
    ]


@given(st.lists(st.binary(max_size=40) | st.just(b"\n"), max_size=30))
def test_lines_are_the_same_however_they_are_cut(chunks: list[bytes]) -> None:
    lines = Lines()
    found = [line for chunk in chunks for line in lines.fed(chunk)]
    assert found == b"".join(chunks).split(b"\n")[:-1]


@pytest.mark.parametrize(
    ("head", "tail", "number"),
    [
        (b'{"jsonrpc": "2.0", "id": 12, "result": "', b'"}', 12),
        (b'{"result": {"id": 7, "x": "', b'"},"jsonrpc":"2.0","id":31}', 31),
        (b'{"result": {"id": 7, "x": "', b'"}, "id": 32, "jsonrpc": "2.0"}\r', 32),
        (b'{"method": "x", "params": {"id": 5, "x": "', b'"}}', None),
    ],
)
def test_an_answer_that_is_too_long_is_known_by_its_number(head: bytes, tail: bytes, number: int | None) -> None:
    lines, block = Lines(), b"x" * (1 << 16)
    assert list(lines.fed(head)) == []
    for _ in range(MOST // len(block)):
        assert list(lines.fed(block)) == []
    if number is None:
        with pytest.raises(TooMuch):
            list(lines.fed(tail + b"\n"))
        return
    (found,) = lines.fed(tail + b"\n")
    assert isinstance(found, TooLong)
    assert found.number == number
    assert list(lines.fed(b"after\n")) == [b"after"]


@given(st.booleans(), st.lists(st.tuples(st.floats(0, 30), st.none() | st.floats(0, 30)), max_size=40))
def test_no_server_is_begun_without_end(is_remote: bool, ends: list[tuple[float, float | None]]) -> None:
    backoff, now, begun = Backoff(is_remote), 0.0, []
    for pause, lived in ends:
        now += pause + (lived or 0)
        delay = backoff.lost(now, lived)
        if delay is None:
            continue
        assert 0 < delay <= 16
        begun.append(now)
        if not is_remote:
            assert len([at for at in begun if now - at < 60]) <= 3
    if not is_remote and ends and all(lived is None for _, lived in ends):
        assert begun == []


def test_a_server_at_an_address_is_tried_three_times_and_five_times_once_it_was_there() -> None:
    never, was = Backoff(True), Backoff(True)
    assert [never.lost(0, None) for _ in range(4)] == [1, 2, None, None]
    assert [was.lost(0, lived) for lived in (100, None, None, None, None, None)] == [1, 2, 4, 8, 16, None]
    assert was.lost(0, 100) == 1


def test_a_program_is_begun_anew_three_times_a_minute() -> None:
    backoff = Backoff(False)
    assert [backoff.lost(now, 1) for now in (0, 1, 2, 3, 59, 70)] == [0.25, 1, 2, None, None, 0.25]
