"""Conditions: what they mean, and that they mean something for every value."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.workflows.conditions import holds, parse
from coder.workflows.scope import Scope
from coder.workflows.workflow import WorkflowError

SCOPE = Scope(
    {"review": {"verdict": "pass", "findings": [], "n": 2, "ok": False}, "plan": {"areas": ["auth", "db"], "n": 2.0}},
    {"mode": "fast"},
    ["review", "plan", "later"],
)


def value(path: str) -> Any:
    return SCOPE.find(path).value


@pytest.mark.behaviour("B-2016")
@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("review.verdict == pass", True),
        ("review.verdict == 'pass'", True),
        ('review.verdict != "pass"', False),
        ("review.verdict in [pass, fail]", True),
        ("review.verdict not in [fail]", True),
        ("'auth' in plan.areas and not 'x' in plan.areas", True),
        ("mode == fast", True),
        ("args.mode == slow", False),
        ("review.n == plan.n", True),
        ("review.n >= 2 and review.n < 3", True),
        ("review.n > two", False),
        ("review.findings == []", True),
        ("review.findings", False),
        ("not review.findings", True),
        ("plan.areas", True),
        ("later.x == null", True),
        ("later.x < 1 or later.x > 0", False),
        ("review.ok == 0", False),
        ("review.ok == false", True),
        ("false and false or true", True),
        ("false and (false or true)", False),
        ("not false and false", False),
        ("review.verdict < quick", True),
        ("as in review.verdict", False),
        ("-1.5 < 0", True),
    ],
)
def test_what_a_condition_means(text: str, so: bool) -> None:
    assert holds(text, value) is so


@pytest.mark.behaviour("B-2016")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ends too early"),
        ("a ==", "ends too early"),
        ("a == b == c", "joined by"),
        ("(a", "never closed"),
        ("a b", "'b' is too much"),
        ("a = b", "cannot stand in a condition"),
        ("len(a) > 2", "'(' is too much"),
        ("a.b + 1 > 2", "cannot stand in a condition"),
        ("a not b", "stands `in`"),
        ("and a", "stands where a value should"),
        ("a in [b.c]", "a list in a condition holds"),
        ("(" * 30 + "a" + ")" * 30, "nested at most 24 deep"),
        ("not " * 30 + "a", "nested at most 24 deep"),
        ("a or " * 1000 + "a", "at most 2,000 characters"),
        ("a; import os", "cannot stand in a condition"),
        ("__import__('os')", "'(' is too much"),
    ],
)
def test_what_is_no_condition_is_told(text: str, told: str) -> None:
    with pytest.raises(WorkflowError, match=r".") as caught:
        parse(text)
    assert told in str(caught.value)


_DATA = {"s.t": "pass", "s.n": 3, "s.f": 2.5, "s.b": True, "s.l": ["pass", 1], "s.e": [], "s.no": None, "s.o": {"a": 1}}
_OPERANDS = st.sampled_from([*_DATA, "'pass'", "'a'", "3", "2.5", "true", "null", "[]", "['pass', 3, true, null]"])
_SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "not in"])
_ATOMS = st.tuples(_OPERANDS, _SIGNS, _OPERANDS) | _OPERANDS
_TREES: st.SearchStrategy[Any] = st.recursive(
    _ATOMS,
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=8,
)


def _written(tree: Any) -> str:
    match tree:
        case str():
            return tree
        case ("not", inner):
            return f"not ({_written(inner)})"
        case (("and" | "or") as word, list() as parts):
            return f" {word} ".join(f"({_written(part)})" for part in parts)
    return " ".join(tree)


def _reference(tree: Any) -> Any:
    """The same, the plain way."""
    literals = {"'pass'": "pass", "'a'": "a", "3": 3, "2.5": 2.5, "true": True, "null": None, "[]": []}
    match tree:
        case str():
            return _DATA[tree] if tree in _DATA else literals.get(tree, ["pass", 3, True, None])
        case ("not", inner):
            return not _reference(inner)
        case (("and" | "or") as word, list() as parts):
            return (all if word == "and" else any)(bool(_reference(part)) for part in parts)
    left, sign, right = _reference(tree[0]), tree[1], _reference(tree[2])

    def same(one: Any, other: Any) -> bool:
        return repr(one) == repr(other)  # no value here is equal to another that looks different

    member = (isinstance(right, list) and any(same(left, each) for each in right)) or (
        isinstance(right, str | dict) and isinstance(left, str) and left in right
    )
    number = all(type(each) in (int, float) for each in (left, right))
    ordered = number or (type(left) is str and type(right) is str)
    match sign:
        case "==" | "!=":
            return same(left, right) == (sign == "==")
        case "in" | "not in":
            return member == (sign == "in")
    orders = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
    return ordered and orders[sign](left, right)


@pytest.mark.behaviour("B-2016")
@settings(max_examples=60)
@given(_TREES)
def test_a_condition_means_what_its_parts_mean(tree: Any) -> None:
    assert holds(_written(tree), _DATA.get) is bool(_reference(tree))
