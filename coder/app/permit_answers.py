"""What a program answers to a question about a call, in the form of the SDKs: as a reply. Pure and total: whatever an
answer is, it is a reply, and nothing but a clear yes is a yes. Must not know who answered.
"""

from __future__ import annotations

from coder.app import permit_updates as updates
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.permits import Change
from coder.core.requests import Allow, Answers, Deny, Reply


@dataclass(frozen=True, slots=True)
class Said:
    """What the host answered. `changes` are to be in force before the reply counts; `problem` is what is wrong with an
    answer that is none: then the reply is a no."""

    reply: Reply
    changes: tuple[Change, ...] = ()
    problem: str = ""


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
