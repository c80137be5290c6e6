"""UseTool: which call is meant, whatever a model makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.toolbox import SessionTools
from coder.core.errors import ToolError
from coder.core.messages import ToolUse
from coder.tools.read import Read
from coder.tools.registry import ToolSession
from coder.tools.todo import Todos, TodoWrite
from coder.tools.use_tool import UseTool
from tests.support.toolbox import Toolbox

KNOWN = "mcp__a__b"


def tools() -> SessionTools:
    further = TodoWrite(Todos())
    found: list[SessionTools] = []
    use = UseTool(lambda name: found[0].find(name) is not None, lambda: [KNOWN])
    shared = ToolSession()
    found.append(
        SessionTools(
            (Read(shared.ledger, shared.read_tokens), use), (), lambda name: further if name == KNOWN else None
        )
    )
    return found[0]


def call(name: Any, given: Any = None, error: str = "") -> ToolUse:
    return ToolUse("id", "UseTool", {"name": name, **({} if given is None else {"input": given})}, error)


@pytest.mark.behaviour("B-1622")
@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        (KNOWN, {"x": 1}, ToolUse("id", KNOWN, {"x": 1})),
        (KNOWN, '{"x": 1}', ToolUse("id", KNOWN, {"x": 1})),
        (KNOWN, None, ToolUse("id", KNOWN, {})),
        ("Read", {"file_path": "/x"}, ToolUse("id", "Read", {"file_path": "/x"})),
        ("UseTool", {"name": KNOWN}, None),
        ("Bash", {"command": "ls"}, None),
        (KNOWN, "{", None),
        (KNOWN, [1], None),
        (3, {}, None),
    ],
)
def test_the_call_that_is_meant(name: Any, given: Any, meant: ToolUse | None) -> None:
    made = call(name, given)
    assert tools().unwrapped(made) == (meant or made)


def test_other_calls_and_broken_ones_stay_as_they_are() -> None:
    for made in (ToolUse("id", "Read", {"name": KNOWN}), call(KNOWN, {}, "not JSON")):
        assert tools().unwrapped(made) is made


async def test_a_name_that_is_not_known_is_answered_with_what_could_be_meant(tmp_path: Path) -> None:
    use = tools().find("UseTool")
    assert use is not None
    with pytest.raises(ToolError, match=r"There is no tool 'mcp__a__bb' by now\. Did you mean mcp__a__b\?"):
        await use.run(tools().parse(use, {"name": "mcp__a__bb"}), Toolbox(tmp_path).context())


JSON = st.recursive(st.none() | st.text(), st.lists)


@given(st.dictionaries(st.sampled_from(["name", "input", "x"]), JSON, max_size=3))
def test_no_input_is_a_crash(given: dict[str, Any]) -> None:
    made = ToolUse("id", "UseTool", given)
    assert tools().unwrapped(made).id == "id"
