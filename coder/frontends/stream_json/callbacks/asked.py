"""Questions of the engine as `can_use_tool` frames. Pure; must not know who sends them, or what an answer means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coder.app import permit_updates as updates
from coder.core.messages import Json
from coder.core.requests import PermissionRequest, Question
from coder.core.visible import visible_line

ASKS = "AskUserQuestion"
_PLAN = "ExitPlanMode"
_LINE = 500
_KINDS = {"rule": "rule", "mode": "mode", "safety": "safetyCheck", "hook": "hook", "shell": "subcommandResults"}
_NAMES = {
    "Bash": "Run command",
    "Edit": "Edit file",
    "MultiEdit": "Edit file",
    "Write": "Write file",
    "NotebookEdit": "Edit notebook",
    "Read": "Read file",
    "WebFetch": "Fetch page",
    "WebSearch": "Search the web",
    "Agent": "Ask an agent",
    _PLAN: "Start on the plan",
}


def permission(request: PermissionRequest, roots: Sequence[Path]) -> Json:
    """`roots` are the folders that coder works in."""
    call = request.call
    frame: Json = {
        "subtype": "can_use_tool",
        "tool_name": call.name,
        "display_name": _NAMES.get(call.name, visible_line(call.name)[:_LINE]),
        "input": call.input,
        "tool_use_id": call.id,
        "permission_suggestions": _suggestions(request),
        "blocked_path": _outside(request, roots),
        "title": f"Allow {visible_line(request.summary)[:_LINE]}?",
    }
    if reason := "; ".join(dict.fromkeys(visible_line(reason.text) for reason in request.reasons)):
        frame["decision_reason"] = reason
        frame["decision_reason_type"] = _KINDS.get(request.reasons[-1].kind, "other")
    if request.effects:
        frame["description"] = "; ".join(visible_line(f"{each.kind} {each.what}") for each in request.effects)[:_LINE]
    if request.agent != "main":
        frame["agent_id"] = request.agent
    if any(reason.kind == "safety" for reason in request.reasons) or request.confirm:
        frame["classifier_approvable"] = False
    if request.confirm:  # it cannot be undone: no single key, and nothing for the next time
        frame |= {"default_to_no": True, "suppress_always_allow_rule": True}
    if call.name == _PLAN:
        frame["requires_user_interaction"] = True
    return frame


def question(asked: Question) -> Json:
    return {
        "subtype": "can_use_tool",
        "tool_name": ASKS,
        "display_name": "Answer questions",
        "input": {"questions": list(asked.questions)},
        "tool_use_id": asked.call or "question",
        "permission_suggestions": [],
        "blocked_path": None,
        "title": "coder has a question",
        "requires_user_interaction": True,
    }


def _suggestions(request: PermissionRequest) -> list[Json]:
    """What would spare the question the next time: one way, since many hosts give back all that they are offered."""
    if request.confirm:
        return []
    if request.accept_edits and not request.command:
        return [updates.mode_set("acceptEdits")]
    return [updates.rules_added(request.suggestions)] if request.suggestions else []


def _outside(request: PermissionRequest, roots: Sequence[Path]) -> str | None:
    """The first file of it that lies outside the folders that coder works in."""
    paths = (*request.opens, *(effect.path for effect in request.effects if effect.path is not None))
    return next((str(path) for path in paths if not any(path.is_relative_to(root) for root in roots)), None)
