"""docs/sdk_matrix.md: every option of the Python SDK is in it, and what it names as shown is there."""

from __future__ import annotations

import ast
import dataclasses
import re
from functools import cache
from pathlib import Path

import claude_agent_sdk as sdk
import pytest

from tests.support.sdk_matrix import FIELDS, SDK_TESTS, Row, rows


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((SDK_TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.behaviour("B-2307")
def test_each_option_of_the_python_sdk_is_named() -> None:
    options = {field.name for field in dataclasses.fields(sdk.ClaudeAgentOptions)}
    assert {row.option for row in rows("Python")} == options


@pytest.mark.behaviour("B-2750")
def test_each_field_of_an_agent_of_the_python_sdk_is_named() -> None:
    assert {field.name for field in dataclasses.fields(sdk.AgentDefinition)} <= FIELDS


@pytest.mark.behaviour("B-2307")
def test_each_row_names_a_test_that_exists_or_a_reason() -> None:
    for row in (*rows("Python"), *rows("TypeScript")):
        assert row.here in ("yes", "in part", "no"), row
        assert row.reason or row.here == "yes", row
        if row.here == "no":
            assert not row.shown, row
            continue
        found = re.fullmatch(r"`(test_\w+\.py)::(test_\w+)`", row.shown)
        assert found, row
        assert found[2] in functions(found[1]), row


@pytest.mark.behaviour("B-2307")
def test_rows_are_read_as_they_stand() -> None:
    assert rows("Python")[0] == Row("tools", "yes", "`test_py_query.py::test_tools_are_those_that_were_asked_for`", "")
    assert (Path(SDK_TESTS) / "test_py_query.py").exists()
