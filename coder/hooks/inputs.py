"""What a hook reads on its standard input, for each event. Pure; must not know where the facts come from.

A field that is None is left out. Paths of files in a tool's input are made absolute.
"""

from __future__ import annotations

import os.path
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.hooks.points import POINTS

_WITH_MODE = frozenset({
    "UserPromptSubmit", "UserPromptExpansion", "PreToolUse", "PermissionRequest", "PermissionDenied", "PostToolUse",
    "PostToolUseFailure", "PostToolBatch", "SubagentStop", "TaskCreated", "TaskCompleted", "Stop", "TeammateIdle",
    "Elicitation", "ElicitationResult",
})  # fmt: skip
_WITH_EFFORT = frozenset({
    "PreToolUse", "PermissionRequest", "PermissionDenied", "PostToolUse", "PostToolUseFailure", "PostToolBatch",
    "SubagentStop", "Stop",
})  # fmt: skip
_PATHS = ("file_path", "notebook_path")


@dataclass(frozen=True, slots=True)
class Common:
    """What nearly every input begins with. `agent_id` is set in a subagent, `agent_type` also for a session of one."""

    session_id: str
    transcript_path: str
    cwd: str
    prompt_id: str = ""
    permission_mode: str = "default"
    effort: str = ""
    agent_id: str = ""
    agent_type: str = ""

    def payload(self, event: str, /, **fields: Any) -> Json:
        """The input of `event` with its own fields."""
        said: Json = {
            "session_id": self.session_id,
            "transcript_path": self.transcript_path,
            "cwd": self.cwd,
            "hook_event_name": event,
            "prompt_id": self.prompt_id or None,
            "permission_mode": self.permission_mode if event in _WITH_MODE else None,
            "effort": {"level": self.effort} if self.effort and event in _WITH_EFFORT else None,
            "agent_id": self.agent_id or None,
            "agent_type": self.agent_type or None,
        }
        return {key: value for key, value in (said | fields).items() if value is not None}


def subject_of(payload: Mapping[str, Any]) -> str:
    """What matchers are compared with."""
    point = POINTS.get(str(payload.get("hook_event_name", "")))
    return str(payload.get(point.subject, "")) if point is not None and point.subject else ""


def session_start(common: Common, source: str, *, model: str | None = None, title: str | None = None) -> Json:
    """`source`: startup, resume, clear, compact or fork."""
    return common.payload("SessionStart", source=source, model=model, session_title=title)


def setup(common: Common, trigger: str) -> Json:
    return common.payload("Setup", trigger=trigger)


def session_end(common: Common, reason: str) -> Json:
    """`reason`: clear, resume, logout, prompt_input_exit or other."""
    return common.payload("SessionEnd", reason=reason)


def instructions_loaded(
    common: Common,
    file_path: str,
    memory_type: str,
    load_reason: str,
    *,
    globs: Sequence[str] | None = None,
    trigger: str | None = None,
    parent: str | None = None,
) -> Json:
    """`memory_type`: User, Project, Local or Managed. `load_reason`: session_start, nested_traversal, path_glob_match,
    include or compact. `trigger` is the file that was touched, `parent` the one that imports it."""
    return common.payload(
        "InstructionsLoaded",
        file_path=file_path,
        memory_type=memory_type,
        load_reason=load_reason,
        globs=list(globs) if globs else None,
        trigger_file_path=trigger,
        parent_file_path=parent,
    )


def user_prompt_submit(common: Common, prompt: str) -> Json:
    return common.payload("UserPromptSubmit", prompt=prompt)


def user_prompt_expansion(
    common: Common, name: str, arguments: str, source: str, prompt: str, *, kind: str = "slash_command"
) -> Json:
    return common.payload(
        "UserPromptExpansion",
        expansion_type=kind,
        command_name=name,
        command_args=arguments,
        command_source=source,
        prompt=prompt,
    )


def message_display(common: Common, turn_id: str, message_id: str, index: int, delta: str, *, final: bool) -> Json:
    return common.payload(
        "MessageDisplay", turn_id=turn_id, message_id=message_id, index=index, final=final, delta=delta
    )


def pre_tool_use(common: Common, tool: str, given: Json, use_id: str) -> Json:
    return _about_tool(common, "PreToolUse", tool, given, tool_use_id=use_id)


def permission_request(common: Common, tool: str, given: Json, suggestions: Sequence[Json] = ()) -> Json:
    return _about_tool(
        common, "PermissionRequest", tool, given, permission_suggestions=list(suggestions) if suggestions else None
    )


def permission_denied(common: Common, tool: str, given: Json, use_id: str, reason: str) -> Json:
    return _about_tool(common, "PermissionDenied", tool, given, tool_use_id=use_id, reason=reason)


def post_tool_use(common: Common, tool: str, given: Json, use_id: str, response: Any, milliseconds: int) -> Json:
    """`response` is the structured output; the text the model sees, for a tool without one."""
    return _about_tool(
        common,
        "PostToolUse",
        tool,
        given,
        tool_response=response if response is not None else "",
        tool_use_id=use_id,
        duration_ms=milliseconds,
    )


def post_tool_use_failure(
    common: Common, tool: str, given: Json, use_id: str, error: str, milliseconds: int, *, interrupted: bool = False
) -> Json:
    return _about_tool(
        common,
        "PostToolUseFailure",
        tool,
        given,
        tool_use_id=use_id,
        error=error,
        is_interrupt=interrupted,
        duration_ms=milliseconds,
    )


def post_tool_batch(common: Common, calls: Sequence[Json]) -> Json:
    """Each call is what `batch_call` makes."""
    return common.payload("PostToolBatch", tool_calls=list(calls))


def batch_call(tool: str, given: Json, use_id: str, response: Any) -> Json:
    """`response` is what the model sees, in the form of the Messages API."""
    return {"tool_name": tool, "tool_input": given, "tool_use_id": use_id, "tool_response": response}


def notification(common: Common, message: str, kind: str, *, title: str | None = None) -> Json:
    return common.payload("Notification", message=message, title=title, notification_type=kind)


def subagent_start(common: Common, agent_id: str, agent_type: str) -> Json:
    return common.payload("SubagentStart", agent_id=agent_id, agent_type=agent_type)


def subagent_stop(
    common: Common,
    agent_id: str,
    agent_type: str,
    transcript: str,
    last_message: str,
    *,
    active: bool,
    tasks: Sequence[Json] = (),
) -> Json:
    return common.payload(
        "SubagentStop",
        stop_hook_active=active,
        agent_id=agent_id,
        agent_type=agent_type,
        agent_transcript_path=transcript,
        last_assistant_message=last_message,
        background_tasks=list(tasks),
        session_crons=[],
    )


def task_created(common: Common, task_id: str, subject: str, description: str | None = None) -> Json:
    return common.payload("TaskCreated", task_id=task_id, task_subject=subject, task_description=description)


def task_completed(common: Common, task_id: str, subject: str, description: str | None = None) -> Json:
    return common.payload("TaskCompleted", task_id=task_id, task_subject=subject, task_description=description)


def stop(common: Common, last_message: str, *, active: bool, tasks: Sequence[Json] = ()) -> Json:
    """`active`: a Stop hook has kept this run going already."""
    return common.payload(
        "Stop",
        stop_hook_active=active,
        last_assistant_message=last_message,
        background_tasks=list(tasks),
        session_crons=[],
    )


def stop_failure(common: Common, error: str, *, details: str | None = None, last_message: str | None = None) -> Json:
    return common.payload("StopFailure", error=error, error_details=details, last_assistant_message=last_message)


def teammate_idle(common: Common, teammate: str, team: str) -> Json:
    return common.payload("TeammateIdle", teammate_name=teammate, team_name=team)


def config_change(common: Common, source: str, file_path: str | None = None) -> Json:
    """`source`: user_settings, project_settings, local_settings, policy_settings or skills."""
    return common.payload("ConfigChange", source=source, file_path=file_path)


def cwd_changed(common: Common, old: str, new: str) -> Json:
    return common.payload("CwdChanged", old_cwd=old, new_cwd=new)


def directory_added(common: Common, directory: str, source: str) -> Json:
    return common.payload("DirectoryAdded", directory=directory, source=source)


def file_changed(common: Common, file_path: str, event: str) -> Json:
    """`event`: change, add or unlink."""
    return common.payload("FileChanged", file_path=file_path, event=event)


def worktree_create(common: Common, name: str) -> Json:
    return common.payload("WorktreeCreate", name=name)


def worktree_remove(common: Common, path: str) -> Json:
    return common.payload("WorktreeRemove", worktree_path=path)


def pre_compact(common: Common, trigger: str, instructions: str) -> Json:
    return common.payload("PreCompact", trigger=trigger, custom_instructions=instructions)


def post_compact(common: Common, trigger: str, summary: str) -> Json:
    return common.payload("PostCompact", trigger=trigger, compact_summary=summary)


def elicitation(common: Common, server: str, message: str, **more: Any) -> Json:
    return common.payload("Elicitation", mcp_server_name=server, message=message, **more)


def elicitation_result(common: Common, server: str, action: str, **more: Any) -> Json:
    return common.payload("ElicitationResult", mcp_server_name=server, action=action, **more)


def _about_tool(common: Common, event: str, tool: str, given: Json, **fields: Any) -> Json:
    whole = {
        key: os.path.normpath(Path(common.cwd, value)) if key in _PATHS and isinstance(value, str) else value
        for key, value in given.items()
    }
    return common.payload(event, tool_name=tool, tool_input=whole, **fields)
