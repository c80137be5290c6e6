"""What a coder wrote on a wire, as objects with the type of the public TypeScript SDK that each must have; one of each
shape is kept. Must not know how the sessions came about, nor how types are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.support.sdk_types import Typed

_WORD = re.compile(r"[A-Za-z_]{1,40}")
_WORDS_OF_PEOPLE = frozenset({"text", "thinking", "content", "result", "output", "stdout", "stderr", "prompt", "title"})
_NAMES = frozenset({"input", "tool_input", "tool_use_result", "inputSchema", "env", "event"})
_ANSWERS = {
    "initialize": "Sdk.SDKControlInitializeResponse",
    "interrupt": "Sdk.SDKControlInterruptResponse",
    "set_permission_mode": "Sdk.SDKControlSetPermissionModeResponse",
    "mcp_status": '{ mcpServers: Answer<"mcpServerStatus"> }',
    "mcp_set_servers": "Sdk.McpSetServersResult",
    "get_context_usage": "Sdk.SDKControlGetContextUsageResponse",
    "get_usage": "Sdk.SDKControlGetUsageResponse",
    "list_permission_rules": "Sdk.SDKControlListPermissionRulesResponse",
    "mcp_read_resource": "Sdk.SDKControlMcpReadResourceResponse",
    "read_file": 'Answer<"readFile">',
    "reload_output_styles": "Sdk.SDKControlReloadOutputStylesResponse",
    "reload_plugins": "Sdk.SDKControlReloadPluginsResponse",
    "reload_skills": "Sdk.SDKControlReloadSkillsResponse",
    "rewind_files": "Sdk.RewindFilesResult",
}
_OUTPUTS = {
    "Bash": "BashOutput",
    "Agent": "AgentOutput",
    "Task": "AgentOutput",
    "Read": "FileReadOutput",
    "Edit": "FileEditOutput",
    "Write": "FileWriteOutput",
    "Glob": "GlobOutput",
    "Grep": "GrepOutput",
    "NotebookEdit": "NotebookEditOutput",
    "WebFetch": "WebFetchOutput",
    "WebSearch": "WebSearchOutput",
    "TodoWrite": "TodoWriteOutput",
    "TaskCreate": "TaskCreateOutput",
    "TaskGet": "TaskGetOutput",
    "TaskUpdate": "TaskUpdateOutput",
    "TaskList": "TaskListOutput",
    "TaskStop": "TaskStopOutput",
    "AskUserQuestion": "AskUserQuestionOutput",
    "EnterPlanMode": "EnterPlanModeOutput",
    "ExitPlanMode": "ExitPlanModeOutput",
}


class Shapes:
    """One object of each shape that came."""

    def __init__(self) -> None:
        self.found: dict[object, Typed] = {}
        self._asked: dict[str, str] = {}
        self._calls: dict[str, str] = {}

    def asked(self, frame: dict[str, Any]) -> None:
        """What was written to the process."""
        if frame.get("type") == "control_request" and "subtype" in frame.get("request", {}):
            self._asked[frame["request_id"]] = frame["request"]["subtype"]

    def came(self, frames: Iterable[dict[str, Any]]) -> None:
        """What it wrote, in order."""
        for frame in frames:
            for each in self._parts(frame):
                self.found.setdefault((each.kind, shape(each.value)), each)

    def _parts(self, frame: dict[str, Any]) -> Iterator[Typed]:
        kind = frame["type"]
        if kind == "control_request":
            yield from _request(frame)
        elif kind == "control_response":
            yield from self._response(frame)
        elif kind not in ("control_cancel_request", "transcript_mirror", "keep_alive"):
            subtype = frame.get("subtype")
            name, narrowed = (f"{kind}/{subtype}", f', "{subtype}"') if subtype else (kind, "")
            type = f'Message<"{kind}"{narrowed}>'
            if kind == "stream_event":  # what is in it is the API's own, as it came
                type = f'Omit<{type}, "event"> & {{ event: unknown }}'
            yield Typed(name, type, frame)
            if kind in ("assistant", "user") and isinstance(frame["message"]["content"], list):
                yield from self._blocks(frame)

    def _blocks(self, frame: dict[str, Any]) -> Iterator[Typed]:
        for block in frame["message"]["content"]:
            if block["type"] == "tool_use":
                self._calls[block["id"]] = block["name"]
            elif block["type"] == "tool_result" and "tool_use_result" in frame:
                name = self._calls.get(block["tool_use_id"], "?")
                if name in _OUTPUTS:
                    yield Typed(f"tool/{name}", f"Tools.{_OUTPUTS[name]}", frame["tool_use_result"])

    def _response(self, frame: dict[str, Any]) -> Iterator[Typed]:
        said = frame["response"]
        subtype = self._asked.get(said["request_id"], "?")
        yield Typed(f"response/{said['subtype']}", "Sdk.SDKControlResponse", frame)
        if said["subtype"] == "success" and subtype in _ANSWERS:
            yield Typed(f"answer/{subtype}", _ANSWERS[subtype], said["response"])


def _request(frame: dict[str, Any]) -> Iterator[Typed]:
    asked = frame["request"]
    envelope = f'Sdk.SDKControlRequest & {{ request: Asked<"{asked["subtype"]}"> }}'
    yield Typed(f"request/{asked['subtype']}", envelope, frame)
    if asked["subtype"] == "hook_callback":
        event = asked["input"]["hook_event_name"]
        yield Typed(f"hook/{event}", f'Hook<"{event}">', asked["input"])


def shape(value: Any, name: str = "") -> object:
    """What objects of one shape have in common: their names, and the words that tell one kind from another."""
    if isinstance(value, dict):
        if name in _NAMES:
            return "{}"
        return tuple(sorted((key, shape(held, key)) for key, held in value.items()))
    if isinstance(value, list):
        return tuple(sorted({repr(shape(held, name)) for held in value}))
    if isinstance(value, str) and name not in _WORDS_OF_PEOPLE and _WORD.fullmatch(value):
        return value
    return type(value).__name__
