"""Questions the engine asks of whoever sits in front, and the answers. Values, not callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from coder.core.messages import Json, ToolUse


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the gate decided as it did. `source` names the rule, mode or part; `text` is for people and the model."""

    kind: Literal["rule", "mode", "safety", "readonly", "tool", "shell", "hook", "default"]
    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class PermissionRequest:
    call: ToolUse
    summary: str  # what would happen, one line: "Bash rm -rf logs"
    reasons: tuple[Reason, ...]
    suggestions: tuple[str, ...] = ()  # rules that would allow it, e.g. "Bash(npm test *)"


@dataclass(frozen=True, slots=True)
class Question:
    """`AskUserQuestion`: one to four questions in the tool's own JSON form."""

    questions: tuple[Json, ...]


Request: TypeAlias = PermissionRequest | Question


@dataclass(frozen=True, slots=True)
class Allow:
    """May edit the call (`input`) and teach rules (`remember`)."""

    input: Json | None = None
    remember: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deny:
    """`nobody` is set when there was nobody to ask; `interrupt` ends the run."""

    message: str
    interrupt: bool = False
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Question text to chosen label(s), several joined by ', '."""

    answers: dict[str, str]


Reply: TypeAlias = Allow | Deny | Answers
