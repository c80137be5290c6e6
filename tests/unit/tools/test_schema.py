from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import import_module
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.core.errors import ToolError
from coder.core.tools import Tool
from coder.tools.form import Bounds
from coder.tools.registry import ToolSession, builtins, spec
from coder.tools.schema import parse, schema

jsonschema: Any = import_module("jsonschema")  # it has no type stubs

BUILTINS = builtins(ToolSession())


@dataclass(frozen=True, slots=True)
class Item:
    content: str
    status: Literal["open", "done"]


@dataclass(frozen=True, slots=True)
class Sample:
    file_path: Annotated[str, "Absolute path"]
    count: Annotated[int, Bounds(1, 10)] = 1
    ratio: float | None = None
    items: Annotated[list[Item], "What to do", Bounds(1, 3)] | None = None
    ignore_case: bool = field(default=False, metadata={"name": "-i"})
    answers: dict[str, str] | None = None


def refusal(raw: Any) -> str:
    with pytest.raises(ToolError) as caught:
        parse(Sample, raw, "Sample")
    return str(caught.value)


def test_schema_has_names_types_bounds_and_only_what_is_listed() -> None:
    item = {
        "type": "object",
        "properties": {"content": {"type": "string"}, "status": {"type": "string", "enum": ["open", "done"]}},
        "required": ["content", "status"],
        "additionalProperties": False,
    }
    assert schema(Sample) == {
        "type": "object",
        "properties": {
            "file_path": {"type": "string", "description": "Absolute path"},
            "count": {"type": "integer", "minimum": 1, "maximum": 10},
            "ratio": {"type": "number"},
            "items": {"type": "array", "items": item, "minItems": 1, "maxItems": 3},
            "-i": {"type": "boolean"},
            "answers": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["file_path"],
        "additionalProperties": False,
    }


def test_valid_input_becomes_the_dataclass_with_defaults() -> None:
    raw = {"file_path": "/x", "-i": True, "items": [{"content": "a", "status": "open"}]}
    assert parse(Sample, raw, "Sample") == Sample("/x", items=[Item("a", "open")], ignore_case=True)


@pytest.mark.parametrize(
    ("given_fields", "expected"),
    [
        ({"count": "7"}, Sample("/x", 7)),
        ({"count": 7.0}, Sample("/x", 7)),
        ({"ratio": "0.5"}, Sample("/x", ratio=0.5)),
        ({"-i": "True"}, Sample("/x", ignore_case=True)),
        ({"ratio": None}, Sample("/x")),
        ({"items": '[{"content": "a", "status": "done"}]'}, Sample("/x", items=[Item("a", "done")])),
    ],
)
def test_harmless_differences_of_form_are_forgiven(given_fields: dict[str, Any], expected: Sample) -> None:
    assert parse(Sample, {"file_path": "/x", **given_fields}, "Sample") == expected


@pytest.mark.parametrize(
    ("raw", "field_name", "received", "wanted"),
    [
        ({}, "file_path", "got nothing", "expected text"),
        ({"file_path": None}, "file_path", "got null", "expected text"),
        ({"file_path": 5}, "file_path", "is 5", "expected text"),
        ({"file_path": "/x", "count": 0}, "count", "is 0", "a whole number, 1 to 10"),
        ({"file_path": "/x", "count": True}, "count", "is true", "a whole number"),
        ({"file_path": "/x", "count": 1.5}, "count", "is 1.5", "a whole number"),
        ({"file_path": "/x", "count": "1e999"}, "count", '"1e999"', "a whole number"),
        ({"file_path": "/x", "count": float("nan")}, "count", "NaN", "a whole number"),
        ({"file_path": "/x", "-i": "maybe"}, "-i", '"maybe"', "true or false"),
        ({"file_path": "/x", "items": []}, "items", "is []", "1 to 3 items"),
        ({"file_path": "/x", "items": [{"content": "a"}]}, "items[0].status", "got nothing", '"open", "done"'),
        ({"file_path": "/x", "items": [{"content": "a", "status": "x"}]}, "items[0].status", '"x"', '"open", "done"'),
        ({"file_path": "/x", "answers": {"a": 1}}, "answers.a", "is 1", "expected text"),
    ],
)
@pytest.mark.behaviour("B-200")
def test_refusal_names_field_received_value_expected_form_and_an_example(
    raw: dict[str, Any], field_name: str, received: str, wanted: str
) -> None:
    text = refusal(raw)
    assert f"`{field_name}`" in text
    assert received in text
    assert wanted in text
    assert parse(Sample, example_in(text), "Sample")


def example_in(text: str) -> Any:
    line = text.split("\n")[-1]
    assert line.startswith("A call of this form works: ")
    return json.loads(line[line.index("{") :])


@pytest.mark.parametrize(
    "right",
    [{"count": "7"}, {"ratio": "0.5"}, {"-i": "True"}, {"items": '[{"content": "a", "status": "done"}]'}],
)
@pytest.mark.behaviour("B-200")
def test_the_example_has_what_was_forgiven_in_the_form_it_should_have(right: dict[str, Any]) -> None:
    jsonschema.validate(example_in(refusal(right)), schema(Sample))


@pytest.mark.behaviour("B-200")
def test_several_problems_are_listed_together() -> None:
    text = refusal({"count": "many", "-i": 3})
    assert "3 problems" in text
    assert [line[:12] for line in text.splitlines()[1:-1]] == ["- `file_path", "- `count` is", "- `-i` is 3;"]


@pytest.mark.behaviour("B-201")
def test_unknown_field_is_refused_with_the_nearest_known_one() -> None:
    text = refusal({"filepath": "/src/main.py"})
    assert '`filepath` (got "/src/main.py") is no parameter of Sample; did you mean `file_path`?' in text
    assert example_in(text) == {"file_path": "/src/main.py"}


@pytest.mark.behaviour("B-201")
def test_unknown_field_like_no_other_lists_what_there_is() -> None:
    text = refusal({"file_path": "/x", "zzz": 1})
    assert "`zzz` (got 1) is no parameter of Sample; it takes `file_path`, `count` (optional)" in text


def test_received_values_are_shown_in_part_only() -> None:
    text = refusal({"file_path": "/x", "count": "9" * 50_000})
    assert len(text) < 1_000
    assert "50,002 characters" in text


@pytest.mark.parametrize("raw", [None, [], "text", 3])
def test_input_that_is_no_object_is_refused(raw: Any) -> None:
    assert "expected an object with `file_path`" in refusal(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("tool", BUILTINS, ids=lambda tool: str(tool.name))
@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.behaviour("B-200")
def test_any_json_is_parsed_or_refused_with_a_call_that_works(tool: Tool, data: st.DataObject) -> None:
    names = [*schema(tool.params)["properties"], "extra"]
    raw = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=6))
    try:
        parse(tool.params, raw, tool.name)
    except ToolError as error:
        text = str(error)
        assert "Traceback" not in text
        assert len(text) < 6_000
        parse(tool.params, example_in(text), tool.name)
        jsonschema.validate(example_in(text), schema(tool.params))


@pytest.mark.parametrize("tool", BUILTINS, ids=lambda tool: str(tool.name))
def test_every_tool_has_a_valid_schema_and_a_description_of_fit_length(tool: Tool) -> None:
    made = spec(tool)
    jsonschema.Draft202012Validator.check_schema(made.input_schema)
    assert 10 <= len(made.description.split()) <= 180
    assert "<!--" not in made.description
