"""The hooks of the session for a host, as rows: what is run when, whose it is, and whether it counts. For looking; must
not know how a hook is run.
"""

from __future__ import annotations

import asyncio
import os

from coder.app.hooking.rows import HookRow, hook_rows
from coder.app.session import Session
from coder.core.config import Config, Scope
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.hooks.points import POINTS

_LINE = 2_000
_SOURCES: dict[Scope, tuple[str, str]] = {
    "managed": ("policySettings", "Administrator"),
    "local": ("localSettings", "This project, yours alone"),
    "project": ("projectSettings", "This project"),
    "user": ("userSettings", "Your settings"),
    "flag": ("flagSettings", "Command line"),
    "session": ("sessionHook", "This session"),
}
_LABELS = {"command": "Command", "prompt": "Prompt", "agent": "Prompt", "http": "URL", "mcp_tool": "Tool"}
_SUMMARIES = {
    "SessionStart": "When a session begins, or goes on",
    "Setup": "When a folder is set up",
    "SessionEnd": "When a session ends",
    "InstructionsLoaded": "When a memory file is read",
    "UserPromptSubmit": "Before a prompt is sent",
    "UserPromptExpansion": "When a command becomes a prompt",
    "MessageDisplay": "When a message is shown",
    "PreToolUse": "Before a tool is called",
    "PermissionRequest": "Before somebody is asked for permission",
    "PermissionDenied": "When a call is denied",
    "PostToolUse": "After a tool has worked",
    "PostToolUseFailure": "After a tool has failed",
    "PostToolBatch": "After all calls of one reply",
    "Notification": "When the person is to be told something",
    "SubagentStart": "When a subagent begins",
    "SubagentStop": "Before a subagent ends",
    "TaskCreated": "When a task is made",
    "TaskCompleted": "When a task is done",
    "Stop": "Before a run ends",
    "StopFailure": "When a run fails",
    "TeammateIdle": "When a teammate has nothing to do",
    "ConfigChange": "When a settings file changes",
    "CwdChanged": "When the working folder changes",
    "DirectoryAdded": "When a folder is added",
    "FileChanged": "When a watched file changes",
    "WorktreeCreate": "When a worktree is made",
    "WorktreeRemove": "When a worktree is removed",
    "PreCompact": "Before the conversation is shortened",
    "PostCompact": "After the conversation was shortened",
    "Elicitation": "When a server asks something",
    "ElicitationResult": "When a server's question was answered",
}


async def listing(session: Session, request: Json) -> Json:
    del request
    config = session.inquiries.config
    rows, wrong = await asyncio.to_thread(hook_rows, config, session.inquiries.env)
    counts = {name: sum(each.handler.point == name for each in rows) for name in POINTS}
    heads = config.hooks.heads
    answer: Json = {
        "events": [{**_event(name), "hookCount": count} for name, count in counts.items() if count],
        "hooks": [_row(each, config) for each in rows],
        "eventCatalog": [_event(name) for name in POINTS],
        "policy": {
            "disabledByPolicy": False,
            "managedOnly": heads == "managed",
            "pluginOnly": False,
            "allDisabled": bool(rows) and not any(each.counts for each in rows),
            "policyHookCount": sum(each.scope == "managed" for each in rows),
        },
    }
    return answer | ({"errors": [{"message": visible_line(text)} for text in wrong]} if wrong else {})


def _event(name: str) -> Json:
    return {"name": name, "summary": _SUMMARIES.get(name, name), "supportsMatcher": bool(POINTS[name].subject)}


def _row(each: HookRow, config: Config) -> Json:
    handler = each.handler
    source, label = _SOURCES[each.scope]
    words = visible_line(handler.shown)[:_LINE]
    status = visible_line(handler.status)
    row: Json = {
        "event": handler.point,
        "matcher": visible_line(handler.matcher),
        "source": source,
        "sourceLabel": label,
        "type": handler.kind,
        "displayText": status or words,
        "commandText": words,
        "contentLabel": _LABELS.get(handler.kind, "Callback"),
    }
    if plugin := _plugin(handler.root, config):
        row |= {"source": "pluginHook", "sourceLabel": f"Plugin {plugin}", "pluginName": plugin}
    row |= {"condition": visible_line(handler.rule)} if handler.rule else {}
    row |= {"timeout": handler.timeout} if handler.timeout is not None else {}
    row |= {"statusMessage": status} if status else {}
    row |= {"runsOnce": True} if handler.once else {}
    row |= {"runsInBackground": True} if handler.background else {}
    return row | ({} if each.counts else {"disabled": True})


def _plugin(root: str, config: Config) -> str:
    loaded = config.plugins.loaded if config.plugins is not None else ()
    return next((visible_line(each.name) for each in loaded if root and os.fspath(each.root) == root), "")
