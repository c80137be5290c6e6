"""What a hook said, as a value: alone, and several together. Must not know how it was run, nor who acts on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from coder.core.messages import Json
from coder.hooks.handler import Handler

Verdict: TypeAlias = Literal["", "allow", "ask", "deny"]
_STRENGTH: dict[Verdict, int] = {"": 0, "allow": 1, "ask": 2, "deny": 3}


@dataclass(frozen=True, slots=True)
class Decision:
    """Of a PermissionRequest hook, in the person's place. `permissions` are updates in the form of the SDK."""

    allow: bool
    input: Json | None = None
    permissions: tuple[Json, ...] = ()
    message: str = ""
    interrupt: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one hook said, or all of a point together. Everything has a default that says nothing.

    `blocked` holds up what the point is about, for `reason`. `verdict` is what PreToolUse says of a call, with
    `verdict_reason`; `input` replaces the call's input. `notes` are for the model, `messages` for the person. `stop`
    ends everything and says why (None: go on). `output` replaces a tool's output when `replaces` is set. `lines` are
    what is shown to the person of a block that the point does not honour.
    """

    blocked: bool = False
    reason: str = ""
    verdict: Verdict = ""
    verdict_reason: str = ""
    input: Json | None = None
    notes: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    stop: str | None = None
    decision: Decision | None = None
    replaces: bool = False
    output: Any = None
    title: str = ""
    first_prompt: str = ""  # initialUserMessage
    hides_prompt: bool = False
    retry: bool = False
    reload_skills: bool = False
    watch: tuple[str, ...] = ()
    shown: str | None = None  # displayContent
    answer: Json | None = None  # of an Elicitation: {"action": …, "content": …}
    path: str = ""  # worktreePath, or the last line of WorktreeCreate
    problem: str = ""  # why it failed, a line for people; then it said nothing else


NOTHING = Outcome()


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """How a hook ended. `code` is an exit code or HTTP status, None when there is none. `reply` is set when it is not
    an exit code that tells how it went but a structured answer."""

    code: int | None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    problem: str = ""
    cancelled: bool = False
    timed_out: bool = False
    background: bool = False  # it still runs


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One hook of a point: what was run, how it ended and what it said. `wakes`: the model is to be told at once."""

    handler: Handler
    ended: Ended
    outcome: Outcome
    wakes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """All hooks of a point. `said` is what they say together, `parts` what each said, in the order of the settings."""

    said: Outcome = NOTHING
    parts: tuple[Part, ...] = ()


NOBODY = Merged()


def merge(outcomes: Iterable[Outcome]) -> Outcome:
    """Together: who forbids is stronger than who asks, and that stronger than who allows. Which hook ended first plays
    no part; where only one can count, the last in the order of the settings does."""
    raise NotImplementedError
