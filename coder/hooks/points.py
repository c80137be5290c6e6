"""The points of a session at which hooks run, and what is particular about each. Must not know handlers."""

from __future__ import annotations

from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

Block: TypeAlias = Literal["", "call", "prompt", "end", "result", "batch", "deed"]
"""What exit code 2 holds up: a tool call, what the person typed, the end of a run; "result" tells the model, "batch"
ends the run, "deed" is whatever is about to happen (a compaction, a change of settings)."""


@dataclass(frozen=True, slots=True)
class Point:
    """`subject` names the field of the input that matchers are compared with; "" means matchers do not count.

    `plain`: what a hook prints as plain text is told to the model. `judged`: prompt and agent hooks may stand here.
    `own`: only command and mcp_tool hooks may. `narrow`: a list of names is split on `|` alone. `env_file`: commands
    are given a file for variables. `blocks` is what exit code 2 does.
    """

    name: str
    subject: str = ""
    blocks: Block = ""
    plain: bool = False
    judged: bool = False
    own: bool = False
    narrow: bool = False
    env_file: bool = False

    @property
    def is_about_tool(self) -> bool:
        return self.subject == "tool_name"


POINTS: dict[str, Point] = {
    point.name: point
    for point in (
        Point("SessionStart", "source", plain=True, own=True, env_file=True),
        Point("Setup", "trigger", own=True, env_file=True),
        Point("SessionEnd", "reason"),
        Point("InstructionsLoaded", "load_reason"),
        Point("UserPromptSubmit", blocks="prompt", plain=True, judged=True),
        Point("UserPromptExpansion", "command_name", "prompt", plain=True, judged=True),
        Point("MessageDisplay"),
        Point("PreToolUse", "tool_name", "call", judged=True),
        Point("PermissionRequest", "tool_name", judged=True),
        Point("PermissionDenied", "tool_name", judged=True),
        Point("PostToolUse", "tool_name", "result", judged=True),
        Point("PostToolUseFailure", "tool_name", "result", judged=True),
        Point("PostToolBatch", blocks="batch", judged=True),
        Point("Notification", "notification_type"),
        Point("SubagentStart", "agent_type"),
        Point("SubagentStop", "agent_type", "end", judged=True),
        Point("TaskCreated", blocks="deed", judged=True),
        Point("TaskCompleted", blocks="end", judged=True),
        Point("Stop", blocks="end", judged=True),
        Point("StopFailure", "error", narrow=True),
        Point("TeammateIdle", blocks="end", judged=True),
        Point("ConfigChange", "source", "deed"),
        Point("CwdChanged", env_file=True),
        Point("DirectoryAdded", "source"),
        Point("FileChanged", "file_path", narrow=True, env_file=True),
        Point("WorktreeCreate", blocks="deed"),
        Point("WorktreeRemove"),
        Point("PreCompact", "trigger", "deed"),
        Point("PostCompact", "trigger"),
        Point("Elicitation", "mcp_server_name", "deed"),
        Point("ElicitationResult", "mcp_server_name", "deed"),
    )
}
