"""What a hook said, as a value: alone, and several together. Must not know how it was run, nor who acts on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias, TypeVar

from coder.core.dataclass import dataclass
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
    ends everything and says why (None: go on). A reason may be "": the hook gave none. `output` replaces a tool's
    output when `replaces` is set. `lines` are what a hook would have blocked with where nothing can be blocked.
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
    """How a hook ended. `code` is the exit code of a command, None for the rest and for what did not end by itself.
    `problem` is why it told nothing: a line for people, without the name of the hook. `background`: it still runs."""

    code: int | None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    problem: str = ""
    cancelled: bool = False
    timed_out: bool = False
    background: bool = False


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
    said = [outcome for outcome in outcomes if outcome is not NOTHING]
    if not said:
        return NOTHING
    verdict = max((each.verdict for each in said), key=_STRENGTH.__getitem__)
    stops = [each.stop for each in said if each.stop is not None]
    decisions = [each.decision for each in said if each.decision is not None]
    replacing = [each for each in said if each.replaces]
    return Outcome(
        blocked=any(each.blocked for each in said),
        reason=_joined(each.reason for each in said if each.blocked),
        verdict=verdict,
        verdict_reason=_joined(each.verdict_reason for each in said if each.verdict == verdict),
        input=None if verdict == "deny" else _last(each.input for each in said),
        notes=tuple(note for each in said for note in each.notes),
        messages=tuple(text for each in said for text in each.messages),
        lines=tuple(line for each in said for line in each.lines),
        stop=_joined(stops) if stops else None,
        decision=next((each for each in decisions if not each.allow), decisions[-1] if decisions else None),
        replaces=bool(replacing),
        output=replacing[-1].output if replacing else None,
        title=_last(each.title or None for each in said) or "",
        first_prompt=_joined(each.first_prompt for each in said),
        hides_prompt=any(each.hides_prompt for each in said),
        retry=any(each.retry for each in said),
        reload_skills=any(each.reload_skills for each in said),
        watch=tuple(dict.fromkeys(path for each in said for path in each.watch)),
        shown=_last(each.shown for each in said),
        answer=_last(each.answer for each in said),
        path=_last(each.path or None for each in said) or "",
        problem=_joined(each.problem for each in said),
    )


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))


T = TypeVar("T")


def _last(values: Iterable[T | None]) -> T | None:
    return next((value for value in reversed(list(values)) if value is not None), None)
