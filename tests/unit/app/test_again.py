from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coder.app.again import Again
from coder.app.toolbox import SessionTools
from coder.core.messages import ToolUse
from coder.core.requests import Allow
from coder.core.tools import Access
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld
from coder.tools.registry import ToolSession, builtins
from coder.workspace.local import LocalWorkspace

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("again", "Read", {"file_path": "a"}),
    ("again", "Grep", {"pattern": "a"}),
    ("again", "Glob", {"pattern": "*"}),
    ("again", "Bash", {"command": "cat a | head"}),
    ("again", "Bash", {"command": "git log"}),
    ("file", "Bash", {"command": "make test"}),
    ("file", "Bash", {"command": "cat a > b"}),
    ("file", "Bash", {"command": "cat a", "run_in_background": True}),
    ("never", "Edit", {"file_path": "a", "old_string": "x", "new_string": "y"}),
    ("never", "TodoWrite", {"todos": []}),
    ("never", "AskUserQuestion", {"questions": []}),
    ("never", "Nothing", {}),
    ("never", "Read", {}),
]


@pytest.mark.behaviour("B-570")
def test_only_what_reads_is_said_to_give_its_output_again(tmp_path: Path) -> None:
    world = LocalWorld(tmp_path, (tmp_path,), tmp_path, tmp_path / ".coder")
    judged: list[str] = []

    def judge(call: ToolUse, access: Access, given: Allow) -> Decision:
        judged.append(call.id)
        return decide(call, access, Rules(), "default", world)

    again = Again(SessionTools(builtins(ToolSession())), judge, LocalWorkspace(tmp_path))
    calls = [ToolUse(str(number), name, raw) for number, (_, name, raw) in enumerate(CALLS)]
    assert [again(call) for call in calls] == [how for how, _, _ in CALLS]
    assert [again(call) for call in calls] == [how for how, _, _ in CALLS] and len(judged) == len(set(judged)) == 4
