"""Every kind of line that coder writes, held against the types of both public SDKs: the TypeScript compiler's word on
the one, the classes of the other. What differs on purpose is in tests/support/type_leaves.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.py_types import wrong_for_python
from tests.support.sdk_types import Compiler, Typed, compiler
from tests.support.type_leaves import PYTHON, TYPESCRIPT, Leave, of_list, without
from tests.support.wire_scenes import SCENES
from tests.support.wire_shapes import Shapes

pytestmark = [pytest.mark.online, pytest.mark.timeout(900)]
KINDS = {
    "assistant", "user", "conversation_reset", "rate_limit_event", "stream_event",
    *(f"result/{each}" for each in ("success", "error_during_execution", "error_max_turns", "error_max_budget_usd")),
    "result/error_max_structured_output_retries",
    *(f"system/{each}" for each in (
        "init", "status", "informational", "api_retry", "compact_boundary", "permission_denied", "local_command_output",
        "hook_started", "hook_response", "background_tasks_changed",
        "task_started", "task_progress", "task_updated", "task_notification",
    )),
    *(f"request/{each}" for each in ("can_use_tool", "hook_callback", "mcp_message", "elicitation")),
    *(f"hook/{each}" for each in (
        "SessionStart", "SessionEnd", "InstructionsLoaded", "UserPromptSubmit", "UserPromptExpansion", "PreToolUse",
        "PermissionRequest", "PostToolUse", "PostToolUseFailure", "PostToolBatch", "SubagentStart", "SubagentStop",
        "Stop", "StopFailure", "PreCompact", "PostCompact", "CwdChanged", "Elicitation", "ElicitationResult",
    )),
    *(f"answer/{each}" for each in (
        "initialize", "interrupt", "set_permission_mode", "mcp_status", "mcp_set_servers", "get_context_usage",
        "get_usage", "list_permission_rules", "read_file", "reload_output_styles", "reload_skills", "rewind_files",
    )),
    *(f"tool/{each}" for each in (
        "Agent", "AskUserQuestion", "Bash", "Edit", "EnterPlanMode", "ExitPlanMode", "Glob", "Grep", "NotebookEdit",
        "Read", "TaskStop", "TodoWrite", "WebFetch", "Write",
    )),
}  # fmt: skip


@pytest.fixture(scope="module")
def types(package: Path) -> Iterator[Compiler]:
    with compiler(package) as found:
        yield found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Typed]:
    """One object of each shape that coder wrote in all the sessions."""
    shapes = Shapes()
    for name, scene in SCENES.items():
        for played in scene(Place.make(tmp_path_factory.mktemp(name))):
            for asked in played.asked:
                shapes.asked(asked)
            shapes.came(played.seen)
    return list(shapes.found.values())


def test_the_sessions_have_every_kind_of_line(written: list[Typed]) -> None:
    assert not KINDS - {each.kind for each in written}


@pytest.mark.behaviour("B-2770")
def test_each_is_what_the_typescript_types_say(written: list[Typed], types: Compiler) -> None:
    used: set[str] = set()
    objects = without(written, TYPESCRIPT, used)
    wrong = [str(each) for each in types.judges(objects) if not of_list(each, _values(TYPESCRIPT), used)]
    assert not wrong, "\n".join(wrong)
    assert not [each for each in TYPESCRIPT if each.name not in used], "no longer needed"


@pytest.mark.behaviour("B-2770")
def test_each_is_what_the_python_types_say(written: list[Typed]) -> None:
    used: set[str] = set()
    wrong = [str(w) for each in written for w in wrong_for_python(each) if not of_list(w, PYTHON, used)]
    assert not wrong, "\n".join(wrong)
    assert not [each for each in PYTHON if each.name not in used], "no longer needed"


def test_what_is_wrong_is_told(written: list[Typed], types: Compiler) -> None:
    """The judges see what they are for: a name too few, one too many, a value of another type."""
    (init,) = without([next(each for each in written if each.kind == "system/init")], TYPESCRIPT, set())
    less = {name: held for name, held in init.value.items() if name != "cwd"}
    odd = [{**init.value, "more": 1}, less, {**init.value, "permissionMode": "often"}]
    broken = [replace(init, kind=f"system/init {at}", value=each) for at, each in enumerate(odd)]
    found = types.judges([init, *broken])
    assert {each.about.kind for each in found} == {each.kind for each in broken}
    assert found[0].path == "more" and found[2].path == "permissionMode"
    assert all(list(wrong_for_python(replace(init, value=each))) for each in odd)


def _values(leaves: tuple[Leave, ...]) -> list[Leave]:
    return [each for each in leaves if each.how == "value"]
