"""What hooks read: each event's own fields, by the names that hooks are written for."""

from __future__ import annotations

import pytest

from coder.hooks import inputs
from coder.hooks.examples import examples
from coder.hooks.inputs import Common
from coder.hooks.points import POINTS

OWN = {
    "SessionStart": "source",
    "Setup": "trigger",
    "SessionEnd": "reason",
    "InstructionsLoaded": "file_path memory_type load_reason",
    "UserPromptSubmit": "permission_mode prompt",
    "UserPromptExpansion": "permission_mode expansion_type command_name command_args command_source prompt",
    "MessageDisplay": "turn_id message_id index final delta",
    "PreToolUse": "permission_mode tool_name tool_input tool_use_id",
    "PermissionRequest": "permission_mode tool_name tool_input",
    "PermissionDenied": "permission_mode tool_name tool_input tool_use_id reason",
    "PostToolUse": "permission_mode tool_name tool_input tool_response tool_use_id duration_ms",
    "PostToolUseFailure": "permission_mode tool_name tool_input tool_use_id error is_interrupt duration_ms",
    "PostToolBatch": "permission_mode tool_calls",
    "Notification": "message notification_type",
    "SubagentStart": "agent_id agent_type",
    "SubagentStop": "permission_mode stop_hook_active agent_id agent_type agent_transcript_path "
    "last_assistant_message background_tasks session_crons",
    "TaskCreated": "permission_mode task_id task_subject",
    "TaskCompleted": "permission_mode task_id task_subject",
    "Stop": "permission_mode stop_hook_active last_assistant_message background_tasks session_crons",
    "StopFailure": "error",
    "TeammateIdle": "permission_mode teammate_name team_name",
    "ConfigChange": "source file_path",
    "CwdChanged": "old_cwd new_cwd",
    "DirectoryAdded": "directory source",
    "FileChanged": "file_path event",
    "WorktreeCreate": "name",
    "WorktreeRemove": "worktree_path",
    "PreCompact": "trigger custom_instructions",
    "PostCompact": "trigger compact_summary",
    "Elicitation": "permission_mode mcp_server_name message mode",
    "ElicitationResult": "permission_mode mcp_server_name action",
}
COMMON = {"session_id", "transcript_path", "cwd", "hook_event_name", "prompt_id"}


@pytest.mark.behaviour("B-1176")
def test_every_event_has_its_fields() -> None:
    made = examples("/work")
    assert set(made) == set(POINTS) == set(OWN)
    for event, payload in made.items():
        assert set(payload) == COMMON | set(OWN[event].split()), event
        assert payload["hook_event_name"] == event
        subject = POINTS[event].subject
        assert not subject or isinstance(payload[subject], str)


def test_what_is_said_beside() -> None:
    common = Common("s", "t", "/w", permission_mode="plan", effort="high", agent_id="a", agent_type="explorer")
    call = inputs.pre_tool_use(common, "Edit", {"file_path": "../x/./a.py", "notebook_path": 5}, "u")
    assert call["effort"] == {"level": "high"}
    assert (call["permission_mode"], call["agent_id"], call["agent_type"]) == ("plan", "a", "explorer")
    assert call["tool_input"] == {"file_path": "/x/a.py", "notebook_path": 5}
    assert "prompt_id" not in call
    assert "effort" not in inputs.user_prompt_submit(common, "x")
    assert inputs.post_tool_use(common, "Read", {}, "u", None, 3)["tool_response"] == ""
    assert inputs.permission_request(common, "Read", {}, [{"type": "setMode"}])["permission_suggestions"]
    started = inputs.session_start(common, "resume", model="m", title="t")
    assert (started["model"], started["session_title"]) == ("m", "t")
