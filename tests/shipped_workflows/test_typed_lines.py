"""What a person types behind the name of a workflow, and which argument it becomes."""

from __future__ import annotations

import pytest

from coder.workflows.running.given import typed
from tests.support.running import workflow

FLOW = workflow("---\nargs: {issue: {required: true}, test: {default: make}, where: {default: .}}\n---\n## go\nGo.\n")


@pytest.mark.behaviour("B-2080")
@pytest.mark.parametrize(
    ("text", "issue", "test", "where"),
    [
        ("The total is wrong", "The total is wrong", "make", "."),
        ("The cart's total  is 'wrong'", "The cart's total  is 'wrong'", "make", "."),
        ("The total is wrong test=pytest", "The total is wrong", "pytest", "."),
        ('where=src The total test="pytest -q" is wrong', "The total is wrong", "pytest -q", "src"),
        ("a=b is kept", "a=b is kept", "make", "."),
        ("test= x test=y", "x test=y", "", "."),
        ('"The total is wrong" "pytest -q" src', "The total is wrong", "pytest -q", "src"),
        ("issue='The total' pytest src", "The total", "pytest", "src"),
        ("123", "123", "make", "."),
    ],
)
def test_a_sentence_is_not_cut_at_its_blanks(text: str, issue: str, test: str, where: str) -> None:
    assert typed(FLOW, text) == {"issue": issue, "test": test, "where": where}
