"""Forms that would never be done with, and values that no arithmetic takes."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app import structured_apart as apart
from coder.app.structured_bounds import are_unique
from coder.app.structured_form import AnswerForm
from coder.core.errors import SchemaError
from tests.support.processes import linux_only

Json = dict[str, Any]
ENDLESS = "a" * 40 + "!"
JSONS = st.recursive(
    st.sampled_from([0, 1, 1.0, True, False, None, "", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


def children() -> set[str]:
    """Processes of this thread that have not ended."""
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


def form(**properties: Any) -> Json:
    return {"type": "object", "properties": properties}


def doubled(kind: str) -> Json:
    """A form whose parts each stand twice in the one before."""
    parts: Json = {f"d{at}": {kind: [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(30)}
    return {**form(a={"$ref": "#/$defs/d0"}), "$defs": {**parts, "d30": {"type": "string"}}}


@pytest.mark.behaviour("B-2515")
@pytest.mark.parametrize(
    ("schema", "value"),
    [(form(a={"pattern": "^(a+)+$"}), {"a": ENDLESS}), ({"patternProperties": {"^(a+)+$": {}}}, {ENDLESS: 1})],
)
async def test_a_pattern_without_an_end_is_given_up(schema: Json, value: Json) -> None:
    assert await apart.problems(schema, value, 0.5) == [apart.TOO_LONG]


@linux_only
@pytest.mark.behaviour("B-2608")
async def test_others_are_served_meanwhile_and_whoever_is_cancelled_leaves_no_process() -> None:
    before = children()
    asking = asyncio.create_task(AnswerForm(form(a={"pattern": "^(a+)+$"})).problems_apart({"a": ENDLESS}))
    async with asyncio.timeout(60):
        while children() <= before:
            await asyncio.sleep(0.01)
    asking.cancel()
    async with asyncio.timeout(8):  # by itself it would end after eleven of work
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert children() <= before


@pytest.mark.behaviour("B-2515")
async def test_patterns_are_looked_at_apart_and_tell_the_same() -> None:
    made = AnswerForm(form(a={"pattern": "^(?!x)[a-z]+@[a-z]+$"}, b={"pattern": "(?<x>nobody reads this)"}))
    assert await made.problems_apart({"a": "me@here", "b": "x"}) == []
    assert await made.problems_apart({"a": "nobody\ud800"}) == made.problems_of({"a": "nobody\ud800"}) != []
    assert made.problems({"a": "nobody"}) == [] == await AnswerForm(form(a={})).problems_apart({"a": 1})
    assert await apart.problems({"type": ["no schema"]}, {}) is None  # then it is found out here


@pytest.mark.behaviour("B-2515")
@pytest.mark.parametrize("kind", ["allOf", "anyOf", "oneOf"])
def test_a_form_that_doubles_itself_is_given_up(kind: str) -> None:
    assert AnswerForm(doubled(kind), steps=2000).problems({"a": "x" if kind == "allOf" else 1}) == [
        "Whether it fits takes too many steps to find out."
    ]


@pytest.mark.behaviour("B-2515")
def test_each_value_has_all_the_steps() -> None:
    made = AnswerForm(form(a={"items": {"type": "string"}}), steps=40)
    assert [made.problems({"a": ["x"] * 20}) for _ in range(3)] == [[], [], []]


@pytest.mark.behaviour("B-2515")
def test_many_items_are_compared_in_time() -> None:
    made = AnswerForm(form(a={"uniqueItems": True}))
    many: list[Any] = [{"x": at} for at in range(20_000)]
    assert made.problems({"a": many}) == [] and made.problems({"a": [*many, {"x": 7.0}]}) != []


@pytest.mark.behaviour("B-2515")
@given(st.lists(JSONS, max_size=4))
def test_items_are_the_same_as_json_schema_has_it(values: list[Any]) -> None:
    from jsonschema._utils import uniq

    assert are_unique(values) == uniq(list(values))


@pytest.mark.behaviour("B-2515")
@pytest.mark.parametrize(
    ("rule", "digits"), [({"multipleOf": 0.1}, 400), ({"minimum": 1e400}, 5000), ({"maximum": 1}, 5000)]
)
def test_a_number_beyond_all_numbers_does_not_fit(rule: Json, digits: int) -> None:
    assert AnswerForm(form(a=rule)).problems({"a": 10**digits})


@pytest.mark.behaviour("B-2515")
@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$schema": ["x"], "type": "object"}, "wrong kind"),
        (form(**{f"k{at}": {} for at in range(20_000)}), "more than 3,000 parts"),
        (json.loads('{"properties":{"a":' * 200 + "{}" + "}}" * 200), "nested too deeply"),
    ],
)
def test_what_is_no_form_that_anybody_needs_is_refused(schema: Json, why: str) -> None:
    with pytest.raises(SchemaError, match=why):
        AnswerForm(schema)
