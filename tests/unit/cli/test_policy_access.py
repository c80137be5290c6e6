"""What a call touches, judged without a session, is what the tool itself would say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.app.policy import Policy, access_of, world_of
from coder.core.requests import Reason
from coder.tools import schema
from coder.tools.registry import ToolSession, builtins
from coder.workspace.local import LocalWorkspace
from tests.support.policy import policy, project

INPUTS: dict[str, list[dict[str, Any]]] = {
    "Read": [{"file_path": "/etc/hosts"}, {"file_path": "~/x"}, {"file_path": "a/../b"}],
    "Edit": [{"file_path": "/x/y", "old_string": "a", "new_string": "b"}],
    "Write": [{"file_path": "x", "content": ""}],
    "NotebookEdit": [{"notebook_path": "/x/a.ipynb", "new_source": ""}],
    "Glob": [
        {"pattern": "**/*.py"},
        {"pattern": "/etc/*.conf"},
        {"pattern": "~/*.md", "path": "/x"},
        {"pattern": "sub/*.py", "path": "/x"},
        {"pattern": "../*.py"},
    ],
    "Grep": [{"pattern": "x"}, {"pattern": "x", "path": "~"}, {"pattern": "x", "path": "/etc"}],
    "Bash": [{"command": "ls"}],
    "TaskOutput": [{"task_id": "b1"}],
    "TaskStop": [{"task_id": "b1"}],
    "TodoWrite": [{"todos": []}],
    "AskUserQuestion": [
        {"questions": [{"question": "Which?", "header": "H", "options": [
            {"label": "a", "description": "b"}, {"label": "c", "description": "d"}
        ]}]}
    ],
    "EnterPlanMode": [{}],
    "ExitPlanMode": [{"plan": "p"}],
    "Agent": [
        {"description": "d", "prompt": "p"},
        {"description": "d", "prompt": "p", "subagent_type": "Explore"},
    ],
    "SendMessage": [{"to": "a1", "message": "m"}],
    "WebFetch": [{"url": "https://docs.python.org/3/", "prompt": "p"}],
}  # fmt: skip


@pytest.mark.behaviour("B-691")
def test_the_access_of_every_built_in_tool_is_its_own(tmp_path: Path) -> None:
    world = world_of(tmp_path, (), tmp_path / "home", tmp_path / "home" / ".coder")
    workspace = LocalWorkspace(world.cwd, (), {"HOME": str(world.home)})
    tools = builtins(ToolSession())
    assert {tool.name for tool in tools} == INPUTS.keys()
    for tool in tools:
        for given in INPUTS[tool.name]:
            params = schema.parse(tool.params, given, tool.name)
            assert access_of(tool.name, given, world) == tool.access(params, workspace), (tool.name, given)


@pytest.mark.behaviour("B-689")
@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("Bash", {}, "it has no `command`"),
        ("Bash", {"command": "  "}, "its `command` is not a text"),
        ("Bash", {"command": ["ls"]}, "its `command` is not a text"),
        ("Bash", "ls", "its input is not an object"),
        ("Read", {"path": "x"}, "it has no `file_path`"),
        ("NotebookEdit", {"file_path": "x"}, "it has no `notebook_path`"),
        ("Grep", {"pattern": "x", "path": 7}, "its `path` is not a text"),
        ("Glob", {}, "it has no `pattern`"),
        ("WebFetch", {}, "it has no `url`"),
    ],
)
def test_a_call_that_does_not_fit_its_tool_is_denied(tmp_path: Path, tool: str, given: object, said: str) -> None:
    made = policy(project(tmp_path), "bypassPermissions", allow=["Bash", "Read", "Edit", "WebFetch"])
    decision = Policy(made.world, made.rules, made.mode).judge(tool, given)
    assert decision.verdict == "deny"
    (reason,) = decision.reasons
    assert isinstance(reason, Reason) and said in reason.text
