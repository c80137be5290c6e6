"""Questions of the engine as `can_use_tool` frames, and their answers as replies. Pure and total: whatever an answer is,
it is a reply, and nothing but a clear yes is a yes. Must not know who sends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coder.core.messages import Json
from coder.core.permits import Change
from coder.core.requests import Allow, Answers, Deny, PermissionRequest, Question, Reply
from coder.core.visible import visible_line
from coder.frontends.stream_json.callbacks import updates

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


@dataclass(frozen=True, slots=True)
class Said:
    """What the host answered. `changes` are to be in force before the reply counts; `problem` is what is wrong with an
    answer that is none: then the reply is a no."""

    reply: Reply
    changes: tuple[Change, ...] = ()
    problem: str = ""


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


def permission_said(answer: Json, sent: Json) -> Said:
    """`sent` is the input as it was asked about."""
    try:
        refused, given, changes = _read(answer)
    except updates.Malformed as error:
        return _wrong(error)
    if refused is not None:
        return Said(refused)
    return Said(Allow(None if given is None or given == sent else given), changes)


def question_said(answer: Json) -> Said:
    try:
        refused, given, changes = _read(answer)
        answers = _answers((given or {}).get("answers"))
    except updates.Malformed as error:
        return _wrong(error)
    return Said(refused) if refused is not None else Said(Answers(answers), changes)


def _read(answer: Json) -> tuple[Deny | None, Json | None, tuple[Change, ...]]:
    """The no, or the input and the changes of a yes. Raises Malformed."""
    match answer.get("behavior"):
        case "deny":
            message = answer.get("message")
            return Deny(message if isinstance(message, str) else "", answer.get("interrupt") is True), None, ()
        case "allow":
            given = answer.get("updatedInput")
            if given is not None and not isinstance(given, dict):
                raise updates.Malformed("updatedInput is no object")
            return None, given, updates.changes_of(answer.get("updatedPermissions"))
        case _:
            raise updates.Malformed("behavior is neither allow nor deny")


def _answers(raw: object) -> dict[str, str]:
    """By question; several labels are joined."""
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise updates.Malformed("updatedInput.answers is no object")
    found: dict[str, str] = {}
    for question, answer in raw.items():
        if isinstance(answer, list):
            answer = ", ".join(str(each) for each in answer if isinstance(each, str | int | float))
        if isinstance(answer, str | int | float):
            found[str(question)] = str(answer)
    return found


def _wrong(error: updates.Malformed) -> Said:
    why = f"the answer of the program that was asked cannot be used: {error}"
    return Said(Deny(why), problem=why)


def _suggestions(request: PermissionRequest) -> list[Json]:
    """What would spare the question the next time."""
    found = [updates.rules_added(request.suggestions)] if request.suggestions else []
    if request.accept_edits and not request.confirm:
        found.append(updates.mode_set("acceptEdits"))
    return found


def _outside(request: PermissionRequest, roots: Sequence[Path]) -> str | None:
    """The first file of it that lies outside the folders that coder works in."""
    paths = (*request.opens, *(effect.path for effect in request.effects if effect.path is not None))
    return next((str(path) for path in paths if not any(path.is_relative_to(root) for root in roots)), None)
