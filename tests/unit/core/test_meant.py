from __future__ import annotations

import pytest

from coder.core.messages import ToolUse, meant


@pytest.mark.behaviour("B-1622")
@pytest.mark.parametrize(
    ("call", "shown"),
    [
        (ToolUse("i", "UseTool", {"name": "mcp__a__b", "input": {"x": 1}}), ToolUse("i", "mcp__a__b", {"x": 1})),
        (ToolUse("i", "UseTool", {"name": "mcp__a__b", "input": "?"}), ToolUse("i", "mcp__a__b", {})),
        (ToolUse("i", "UseTool", {"name": 3}), ToolUse("i", "UseTool", {"name": 3})),
        (ToolUse("i", "Read", {"name": "x", "input": {}}), ToolUse("i", "Read", {"name": "x", "input": {}})),
    ],
)
def test_a_dispatch_is_shown_as_what_it_stands_for(call: ToolUse, shown: ToolUse) -> None:
    assert meant(call) == shown
