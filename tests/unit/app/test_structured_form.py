"""The schema of an answer: which are ones, what the model is shown of it, and which values fit."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.app.structured_form import AnswerForm
from coder.core.errors import SchemaError

PERSON: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"name": {"type": "string"}, "friends": {"type": "array", "items": {"$ref": "#/definitions/one"}}},
    "required": ["name"],
    "definitions": {"one": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
}
TREE: dict[str, Any] = {
    "anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}],
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#"}}, "additionalProperties": False}},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "strange"}, "`type`: 'strange' is not valid"),
        ({"properties": 5}, "`properties`: 5 is not of type 'object'"),
        ({"$ref": "#/$defs/nowhere"}, "'#/$defs/nowhere' leads nowhere."),
        ({"items": {"$ref": "http://127.0.0.1:9/s.json"}}, "coder fetches no schema"),
        ({"items": {"$ref": "file:///etc/passwd"}}, "leads nowhere"),
        ({"patternProperties": {"(": {}}}, "the pattern '(' cannot be read"),
    ],
)
@pytest.mark.behaviour("B-2263")
def test_what_is_no_schema_says_why_and_nothing_is_fetched(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(SchemaError) as caught:
        AnswerForm(schema)
    assert str(caught.value).startswith("--json-schema is not a valid JSON Schema: ") and words in str(caught.value)


def test_a_schema_that_never_ends_is_none() -> None:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"items": deep}
    with pytest.raises(SchemaError, match="nested too deeply"):
        AnswerForm(deep)
    assert AnswerForm({"$ref": "#"}).problems({"value": 1}) == ["It is nested too deeply."]


def test_an_object_is_the_input_itself_without_its_dialect() -> None:
    form = AnswerForm(PERSON)
    assert form.for_tool == {key: value for key, value in PERSON.items() if key != "$schema"}
    assert form.problems({"name": "Ada", "friends": [{"name": "Max"}]}) == []
    assert form.problems({"name": 1, "friends": [{}]}) == [
        "`name`: 1 is not of type 'string'",
        "`friends[0]`: 'name' is a required property",
    ]


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_any_other_form_stands_under_a_name_and_its_pointers_still_lead_there(value: Any) -> None:
    before = copy.deepcopy(TREE)
    form = AnswerForm(TREE)
    shown = AnswerForm(form.for_tool)  # what the model is shown is a schema, and means the same
    assert shown.for_tool["type"] == "object" and before == TREE
    assert bool(form.problems({"value": value})) == bool(shown.problems({"value": value}))
    assert form.meant({"value": value}) == value
    assert form.problems({"value": None, "more": 1}) and form.problems({})


async def test_remarks_of_other_dialects_are_no_conditions() -> None:
    form = AnswerForm({"type": "object", "properties": {"a": {"pattern": r"\p{L}+", "format": "email"}}})
    assert await form.problems_apart({"a": "anything"}) == []
    assert await AnswerForm({"pattern": "^x"}).problems_apart({"value": "y"}) != []


def test_of_several_forms_the_nearest_is_told() -> None:
    form = AnswerForm({"anyOf": [{"type": "integer"}, {"type": "object", "required": ["id"]}]})
    (told,) = form.problems({"value": {"name": "x" * 2000}})
    assert "'id' is a required property" in told and len(told) < 700


@settings(max_examples=40, deadline=None)
@given(JSON)
def test_a_value_of_any_kind_is_judged_and_nothing_is_raised(value: Any) -> None:
    form = AnswerForm({"type": ["string", "number"]})
    is_fit = isinstance(value, str | int | float) and not isinstance(value, bool)
    assert (form.problems({"value": value}) == []) == is_fit
    json.dumps(form.problems({"value": value}))
