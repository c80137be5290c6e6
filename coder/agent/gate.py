"""The permission gate: decide, then ask if need be. One function stands between every call and its run.

It judges access, never runs anything, and knows no front end: the question goes to whoever answers `ask`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from coder.core import prompts
from coder.core.events import AnyEvent, PermissionAnswered, PermissionAsked, PermissionDenied
from coder.core.messages import Json, ToolUse
from coder.core.requests import Allow, Deny, PermissionRequest, Reply, Request
from coder.core.tools import Access

if TYPE_CHECKING:
    # Judging loads at the first tool call: a run without one does without (docs/adr/0002).
    from coder.permissions.decide import Decision

Judge: TypeAlias = "Callable[[ToolUse, Access], Decision]"
Ask: TypeAlias = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Allowed:
    """Run it. `input` is the person's edited version of the call's input, or None."""

    input: Json | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """Do not run it; `message` is for the model. `nobody`: it would have been asked about. `interrupt`: end the run."""

    message: str
    nobody: bool = False
    interrupt: bool = False


class Gate:
    """`judge` is `permissions.decide` over the session's rules, mode and world as they are at that moment."""

    def __init__(
        self,
        judge: Judge,
        ask: Ask,
        emit: Callable[[AnyEvent], None],
    ) -> None:
        self._judge = judge
        self._ask = ask
        self._emit = emit

    def judge(self, call: ToolUse, access: Access) -> Decision:
        """What the rules and the mode say, without asking anybody. Pure but for the file facts it reads."""
        return self._judge(call, access)

    async def check(self, call: ToolUse, summary: str, decision: Decision) -> Allowed | Denied:
        """Turns a decision into a yes or a no, asking where it says ask. Announces every denial."""
        if decision.verdict == "allow":
            return Allowed()
        if decision.verdict == "deny":
            return self._deny(call, summary, decision, _reason(decision))
        request = PermissionRequest(
            call,
            summary,
            decision.reasons,
            decision.suggestions,
            decision.parts,
            decision.effects,
            decision.confirm,
        )
        self._emit(PermissionAsked(request=request))
        reply = await self._ask(request)
        self._emit(PermissionAnswered(request=request, reply=reply))
        match reply:
            case Allow():
                return Allowed(reply.input)
            case Deny(nobody=True):
                return self._deny(call, summary, decision, _reason(decision), nobody=True)
            case Deny():
                return self._deny(call, summary, decision, reply.message, interrupt=reply.interrupt)
            case _:
                return self._deny(call, summary, decision, "the answer was not a permission")

    def _deny(
        self,
        call: ToolUse,
        summary: str,
        decision: Decision,
        why: str,
        *,
        nobody: bool = False,
        interrupt: bool = False,
    ) -> Denied:
        text = prompts.load("reminders/denied_nobody" if nobody else "reminders/denied", why=why)
        self._emit(
            PermissionDenied(
                call=call,
                summary=summary,
                reasons=decision.reasons,
                message=why,
                nobody=nobody,
                remedy=decision.remedy,
            )
        )
        return Denied(text, nobody, interrupt)


def _reason(decision: Decision) -> str:
    return "; ".join(dict.fromkeys(reason.text for reason in decision.reasons)) or "no rule allows it"
