"""Types of results: as a file writes them, as a schema, as a check."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.frontmatter.values import read
from coder.workflows.types import Choice, Field, Many, Plain, Shape, Type, at, inside, problems, schema, words
from coder.workflows.written import shape_of


def written(text: str) -> tuple[Shape | None, list[str]]:
    told: list[str] = []
    return shape_of(read(f"out: {text}").value["out"], told.append), told


def of(text: str) -> Shape:
    found, told = written(text)
    assert found is not None and not told
    return found


@pytest.mark.behaviour("B-2012")
def test_a_type_becomes_a_closed_schema() -> None:
    assert schema(of("{kind: bug|feature, n: 1|2, files: [str, max 3], note?: float, at: {ok: bool, no: int}}")) == {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["bug", "feature"]},
            "n": {"type": "integer", "enum": [1, 2]},
            "files": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "note": {"type": "number"},
            "at": {
                "type": "object",
                "properties": {"ok": {"type": "boolean"}, "no": {"type": "integer"}},
                "required": ["ok", "no"],
                "additionalProperties": False,
            },
        },
        "required": ["kind", "n", "files", "at"],
        "additionalProperties": False,
    }
    assert of('{a: "[str] min 1 max 4"}') == of("{a: [str, min 1, max 4]}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{a: strng}", "did you mean str?"),
        ("{a: string}", "write str"),
        ("{a: true|false}", "write bool"),
        ("{a: x|x}", "different words"),
        ("{a: [str, most 3]}", "only min N and max N"),
        ("{a: [str, max 5000]}", "from 1 to 1,000"),
        ("{a: []}", "a list of nothing"),
        ("{a: }", "out.a needs a type"),
        ("{a b: str}", "no name of a field"),
        ("{a: str, a?: str}", "stands twice"),
        ("{}", "has no fields"),
        ("{a: {b: {c: {d: {e: {f: {g: {h: {i: {j: str}}}}}}}}}}", "nested more than 8 deep"),
    ],
)
def test_what_is_no_type_is_told(text: str, told: str) -> None:
    assert told in " ".join(written(text)[1])


@pytest.mark.behaviour("B-2012")
@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "kind is missing"),
        ([], "it must be an object"),
        ({"kind": "bog"}, "kind must be one of bug, feature, not 'bog'"),
        ({"kind": "bug", "else": 1}, "'else' is no field"),
        ({"kind": "bug", "one": True}, "one must be one of 1, 2, not true"),
        ({"kind": "bug", "n": True}, "n must be a whole number, not true"),
        ({"kind": "bug", "n": 1.5}, "n must be a whole number"),
        ({"kind": "bug", "x": float("nan")}, "x must be a number"),
        ({"kind": "bug", "files": ["a"] * 4}, "files has 4 items: at most 3"),
        *(
            ({"kind": "bug", "files": [path]}, "files[0] must be a path")
            for path in ("/etc/passwd", "../x", "a/../../x", "~/x", "C:\\x", "a\\..\\..\\x", "a\0b", "", " ", "a\nb")
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(value: Any, told: str) -> None:
    shape = of("{kind: bug|feature, one?: 1|2, n?: int, x?: float, files?: [path, max 3]}")
    assert told in " ".join(problems(value, shape))
    assert not problems({"kind": "bug", "n": None, "files": ["src/a.py", "..a"]}, shape)


_TYPES: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([Plain("str"), Plain("int"), Plain("float"), Plain("bool"), Plain("path"), Choice(("a", "b-c"))]),
    lambda inner: (
        st.builds(Many, inner, st.integers(0, 2), st.integers(2, 4))
        | st.lists(st.tuples(inner, st.booleans()), min_size=1, max_size=3).map(
            lambda found: Shape(tuple(Field(f"f{n}", of, req) for n, (of, req) in enumerate(found)))
        )
    ),
    max_leaves=6,
)


def values_of(type_: Type) -> st.SearchStrategy[Any]:
    match type_:
        case Choice(options):
            return st.sampled_from(options)
        case Many():
            return st.lists(values_of(type_.of), min_size=type_.least, max_size=type_.most)
        case Shape(fields):
            required = {each.name: values_of(each.of) for each in fields if each.required}
            return st.fixed_dictionaries(required, optional={e.name: values_of(e.of) for e in fields if not e.required})
        case Plain("path"):
            return st.sampled_from(["a", "src/a.py", "a b/..c"])
    return {"str": st.text(max_size=3), "int": st.integers(), "bool": st.booleans()}.get(
        type_.kind, st.floats(allow_nan=False, allow_infinity=False)
    )


@given(st.data(), _TYPES)
def test_what_a_type_allows_fits_it_and_it_reads_as_it_is_written(data: st.DataObject, inner: Type) -> None:
    shape = Shape((Field("top", inner),))
    assert not problems(data.draw(values_of(shape)), shape)
    assert of(words(shape)) == shape


_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


@given(_TYPES, _ANYTHING)
def test_any_value_is_judged(type_: Type, value: Any) -> None:
    assert len(problems(value, type_)) <= 10


def test_a_name_behind_a_list_stands_for_that_field_of_all_items() -> None:
    value = {"by": [{"found": ["a", "b"], "n": 1}, None, {"found": ["c"]}]}
    assert at(value, ("by", "found")) == ["a", "b", "c"] and at(value, ("by", "n")) == [1]
    assert at(value, ("by", "2", "found")) == ["c"] and at(value, ("by", "9")) is None and at("x", ("y",)) is None
    shape = of("{by: [{found: [str, max 3], n: int}, max 5]}")
    by = inside(shape, "by")
    assert by is not None and inside(by, "found") == Many(Plain("str"), 0, 15) and inside(by, "no") is None
