"""What a hook meant by its exit code and what it printed (docs/hooks.md). Pure and total.

Must not know how the hook was run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.hooks.outcome import NOTHING, Decision, Ended, Outcome, Verdict
from coder.hooks.points import Point

BLOCK = 2
_VERDICTS: dict[str, Verdict] = {"allow": "allow", "ask": "ask", "defer": "ask", "deny": "deny"}
_LINE = 300
_ENDS = {"Stop", "SubagentStop"}  # an agent's Stop hooks run at SubagentStop


class Unreadable(Exception):
    """What is wrong with the JSON a hook printed."""


def outcome_of(point: Point, ended: Ended) -> Outcome:
    if ended.background:
        return NOTHING
    if ended.problem:
        return _failed_creation(point, ended) or Outcome(problem=ended.problem)
    try:
        said = _structured(point, ended.stdout)
    except Unreadable as error:
        if ended.code != BLOCK:
            return _failed_creation(point, ended) or Outcome(problem=str(error))
        said = None
    if ended.code == BLOCK:
        return _blocked(point, ended, said)
    if failed := _failed_creation(point, ended):
        return failed
    if said is not None:
        return said
    if ended.code:
        return Outcome(problem=f"exit code {ended.code}{_because(ended)}")
    return _plain(point, ended.stdout)


def _blocked(point: Point, ended: Ended, said: Outcome | None) -> Outcome:
    """Exit code 2. What the JSON beside it says may add, and never takes back."""
    said = said or NOTHING
    text = ended.stderr.strip() or said.reason or said.verdict_reason
    if not text and not ended.stdout.lstrip().startswith("{"):
        text = ended.stdout.strip()
    kept = replace(said, input=None, decision=None if said.decision and said.decision.allow else said.decision)
    match point.blocks:
        case "":
            return replace(kept, lines=(*kept.lines, text) if text else kept.lines)
        case "call":
            return replace(kept, blocked=True, reason=text, verdict="deny", verdict_reason=text)
        case _:
            return replace(kept, blocked=True, reason=text)


def _failed_creation(point: Point, ended: Ended) -> Outcome | None:
    """A worktree that a hook was to make is there or it is not: no failure of it is passed over."""
    if point.name != "WorktreeCreate" or not (ended.code or ended.problem):
        return None
    reason = ended.stderr.strip() or ended.problem or f"exit code {ended.code}"
    return Outcome(blocked=True, reason=reason, problem=ended.problem or f"exit code {ended.code}{_because(ended)}")


def _plain(point: Point, stdout: str) -> Outcome:
    text = stdout.strip()
    if not text:
        return NOTHING
    if point.name == "WorktreeCreate":
        return Outcome(path=text.rpartition("\n")[2].strip())
    return Outcome(notes=(text,)) if point.plain else NOTHING


def _because(ended: Ended) -> str:
    first = next((line for line in ended.stderr.splitlines() if line.strip()), "")
    return f": {visible_line(first)[:_LINE]}" if first else ""


def _structured(point: Point, stdout: str) -> Outcome | None:
    """None when it is no JSON object. Raises Unreadable."""
    text = stdout.strip()
    if not text.startswith("{"):
        return None
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it printed JSON that cannot be read ({visible_line(str(error))[:_LINE]})") from error
    return from_json(point, raw)


def from_json(point: Point, raw: Json) -> Outcome:
    """Raises Unreadable for a key that has another form than it must; unknown keys do not matter."""
    top = _Fields(raw, "")
    specific = top.below("hookSpecificOutput")
    if (named := specific.text("hookEventName")) and not (named == point.name or {named, point.name} <= _ENDS):
        raise Unreadable(f"its hookSpecificOutput is for {visible_line(named)[:80]}, and this is {point.name}")
    stop = top.text("stopReason") if top.switch("continue") is False else None
    decision = top.one_of("decision", ("approve", "block"))
    message = top.text("systemMessage")
    verdict, why = _verdict(point, decision, top.text("reason"), specific)
    blocked = (decision == "block" and bool(point.blocks)) or verdict == "deny"
    if blocked:  # many say why to the person alone
        why = why or top.text("reason") or message.strip()
    replaces = point.name == "PostToolUse" and any(specific.has(key) for key in ("updatedToolOutput", _MCP_OUTPUT))
    note = specific.text("additionalContext")
    return Outcome(
        blocked=blocked,
        reason=why if blocked else "",
        verdict=verdict,
        verdict_reason=why if verdict else "",
        input=specific.object("updatedInput") if point.name == "PreToolUse" and verdict != "deny" else None,
        notes=(note,) if note.strip() else (),
        messages=(message,) if message.strip() else (),
        stop=stop,
        decision=_decision(specific) if point.name == "PermissionRequest" else None,
        replaces=replaces,
        output=_output(specific) if replaces else None,
        title=specific.text("sessionTitle"),
        first_prompt=specific.text("initialUserMessage"),
        hides_prompt=bool(specific.switch("suppressOriginalPrompt")),
        retry=bool(specific.switch("retry")),
        reload_skills=bool(specific.switch("reloadSkills")),
        watch=specific.texts("watchPaths"),
        shown=specific.text("displayContent") if specific.has("displayContent") else None,
        answer=_answer(specific) if point.name.startswith("Elicitation") else None,
        path=specific.text("worktreePath"),
    )


_MCP_OUTPUT = "updatedMCPToolOutput"


def _verdict(point: Point, decision: str, reason: str, specific: _Fields) -> tuple[Verdict, str]:
    """Of PreToolUse: the newer key counts before the older one, and the stronger word before the weaker."""
    if point.name != "PreToolUse":
        return "", ""
    if word := specific.one_of("permissionDecision", tuple(_VERDICTS)):
        verdict = _VERDICTS[word]
        if decision != "block" or verdict == "deny":
            return verdict, specific.text("permissionDecisionReason") or reason
    match decision:
        case "block":
            return "deny", reason or specific.text("permissionDecisionReason")
        case "approve":
            return "allow", reason
        case _:
            return "", ""


def _decision(specific: _Fields) -> Decision | None:
    if not specific.has("decision"):
        return None
    said = specific.below("decision")
    behaviour = said.one_of("behavior", ("allow", "deny"))
    if not behaviour:
        raise Unreadable("its decision has no behavior")
    if behaviour == "deny":
        return Decision(False, message=said.text("message"), interrupt=bool(said.switch("interrupt")))
    return Decision(True, input=said.object("updatedInput"), permissions=said.objects("updatedPermissions"))


def _output(specific: _Fields) -> Any:
    return specific.raw.get("updatedToolOutput", specific.raw.get(_MCP_OUTPUT))


def _answer(specific: _Fields) -> Json | None:
    action = specific.one_of("action", ("accept", "decline", "cancel"))
    return {"action": action, "content": specific.object("content")} if action else None


class _Fields:
    """An object, key by key. Null is as good as missing."""

    def __init__(self, raw: Mapping[str, Any], path: str) -> None:
        self.raw = raw
        self._path = path

    def has(self, key: str) -> bool:
        return self.raw.get(key) is not None

    def text(self, key: str) -> str:
        return self._typed(key, str, "a text") or ""

    def switch(self, key: str) -> bool | None:
        value: bool | None = self._typed(key, bool, "true or false")
        return value

    def object(self, key: str) -> Json | None:
        value: Json | None = self._typed(key, dict, "an object")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(self._each(key, str, "texts"))

    def objects(self, key: str) -> tuple[Json, ...]:
        return tuple(self._each(key, dict, "objects"))

    def below(self, key: str) -> _Fields:
        return _Fields(self.object(key) or {}, f"{self._path}{key}.")

    def one_of(self, key: str, known: tuple[str, ...]) -> str:
        value = self.text(key)
        if value and value not in known:
            raise Unreadable(f"its {self._path}{key} is none of {', '.join(known)}")
        return value

    def _each(self, key: str, kind: type, name: str) -> list[Any]:
        value = self._typed(key, list, "a list") or []
        if not all(isinstance(item, kind) for item in value):
            raise Unreadable(f"its {self._path}{key} must be a list of {name}")
        return list(value)

    def _typed(self, key: str, kind: type, name: str) -> Any:
        value = self.raw.get(key)
        if value is not None and not isinstance(value, kind):
            raise Unreadable(f"its {self._path}{key} must be {name}")
        return value
