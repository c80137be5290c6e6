"""Servers as other tools write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.mcp.entries import name_problem
from coder.mcp.foreign import differing, fitting_name, foreign


@pytest.mark.behaviour("B-1586")
@pytest.mark.parametrize(
    ("raw", "entry", "notes"),
    [
        (
            {"command": "x", "args": ["a"], "disabled": True},
            {"type": "stdio", "command": "x", "args": ["a"]},
            "turned off",
        ),
        ({"url": "https://x/mcp", "gallery": 1}, {"type": "http", "url": "https://x/mcp"}, ""),
        ({"url": "https://x/sse/"}, {"type": "sse", "url": "https://x/sse/"}, ""),
        ({"type": "sse", "url": "https://x"}, {"type": "sse", "url": "https://x"}, ""),
        ({"httpUrl": "https://x", "timeout": 5000}, {"type": "http", "url": "https://x", "timeout": 5000}, ""),
        ({"serverUrl": "https://x"}, {"type": "http", "url": "https://x"}, ""),
        (
            {"command": "x", "args": ["${workspaceFolder}/a"], "env": {"A": "${env:B}", "C": "${userHome}"}},
            {
                "type": "stdio",
                "command": "x",
                "args": ["${CLAUDE_PROJECT_DIR}/a"],
                "env": {"A": "${B}", "C": "${HOME}"},
            },
            "",
        ),
        (
            {"url": "https://x", "headers": {"A": "Bearer ${input:my-key}"}},
            {"type": "http", "url": "https://x", "headers": {"A": "Bearer ${MY_KEY}"}},
            "set the variable MY_KEY",
        ),
        ({"command": "x", "envFile": ".env"}, {"type": "stdio", "command": "x"}, "envFile"),
        (1, {}, "no object"),
    ],
)
@pytest.mark.parametrize("key", ["mcpServers", "servers"])
def test_an_entry_of_another_tool_becomes_ours(raw: Any, entry: dict[str, Any], notes: str, key: str) -> None:
    for value in ({key: {"s": raw}, "inputs": []}, {"mcp": {key: {"s": raw}}}):
        found = foreign(value)
        assert found is not None
        assert (found[0].name, dict(found[0].entry)) == ("s", entry)
        assert notes in " ".join(found[0].notes) and bool(found[0].notes) is bool(notes)


@pytest.mark.parametrize("value", [{}, {"mcpServers": 1}, {"mcp": 1}, {"servers": []}])
def test_a_file_without_servers(value: dict[str, Any]) -> None:
    assert foreign(value) is None


@given(st.text())
@pytest.mark.behaviour("B-1586")
def test_a_name_is_made_to_fit(called: str) -> None:
    name = fitting_name(called)
    assert name == "" or name_problem(name) in ("", "the name is reserved")
    assert fitting_name(name) == name


@pytest.mark.parametrize(
    ("called", "name"), [(" My  Server! ", "My-Server"), ("_a__b_", "a_b"), ("a" * 63 + "_b", "a" * 63), ("é", "")]
)
def test_names_that_did_not_fit(called: str, name: str) -> None:
    assert fitting_name(called) == name


def test_of_several_that_would_be_called_alike_the_first_is_taken() -> None:
    found = foreign({"mcpServers": {"a b": {"command": "1"}, "a-b": {"command": "2"}, "c": {"command": "3"}}})
    assert [each.called for each in differing(found or ())] == ["a b", "c"]
