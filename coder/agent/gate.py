"""The permission gate: decide, then ask if need be. One function stands between every call and its run.

It judges access, never runs anything, and knows no front end: the question goes to whoever answers `ask`. What an
answer teaches goes to whoever keeps the rules and the mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.agent.ports import NOTHING_SAID, Before, NoOthers, Others
from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent, Notice, PermissionAnswered, PermissionAsked, PermissionDenied
from coder.core.lazy import LazyModule
from coder.core.messages import Json, ToolUse
from coder.core.requests import Allow, Deny, Effect, PermissionRequest, Reason, Reply, Request
from coder.core.tools import Access, Calls, Decides, Mode, Runs

if TYPE_CHECKING:
    # Judging loads at the first tool call: a run without one does without (docs/adr/0002).
    from coder.agent import visits
    from coder.permissions.decide import Decision
else:
    visits = LazyModule("coder.agent.visits")

Judge: TypeAlias = "Callable[[ToolUse, Access, Allow], Decision]"
Ask: TypeAlias = Callable[[Request], Awaitable[Reply]]
Remember: TypeAlias = Callable[[tuple[str, ...]], Awaitable[str]]
BeforeAsking: TypeAlias = Callable[[PermissionRequest], Awaitable[Reply | None]]
_NOTHING_GIVEN = Allow()
_MOST_RULES = 5


@dataclass(frozen=True, slots=True)
class Allowed:
    """Run it, by this decision: what it judged, and the person saw when they were asked, is what may be opened.

    `input` is the edited version of the call's input, or None; the executor has it judged again. `asked`: somebody was
    asked for it.
    """

    decision: Decision
    input: Json | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Denied:
    """Do not run it; `message` is for the model. `nobody`: it would have been asked about. `interrupt`: end the run.
    `stop` is why it ends as one that failed, "" when it goes on."""

    message: str
    nobody: bool = False
    interrupt: bool = False
    stop: str = ""


class Questions:
    """What makes questions to one person come one after another, whoever asks: gates that share it never ask at the
    same time."""

    def __init__(self) -> None:
        self.deciding = asyncio.Lock()  # about one call after another
        self.asking = asyncio.Lock()  # held while a question is put, never while a hook is waited for


class Gate:
    """`judge` is `permissions.decide` over the session's rules, mode and world as they are at that moment, as if the
    given answer had been taken already. `remember` takes allow rules in and tells what went wrong, if anything. `cwd`
    is where the next command would run. `before_asking` may answer in the person's place. `others` know what a person
    should hear of those who work in the same place. `questions` are those of another gate, for who asks the same
    person.
    """

    def __init__(
        self,
        judge: Judge,
        ask: Ask,
        emit: Callable[[AnyEvent], None],
        remember: Remember,
        set_mode: Callable[[Mode], None],
        cwd: Callable[[], Path],
        before_asking: BeforeAsking | None = None,
        others: Others | None = None,
        questions: Questions | None = None,
    ) -> None:
        self._judge = judge
        self._ask = ask
        self._emit = emit
        self._remember = remember
        self._set_mode = set_mode
        self._cwd = cwd
        self._before_asking = before_asking
        self._others = others or NoOthers()
        self.questions = questions or Questions()

    def judge(self, call: ToolUse, access: Access) -> Decision:
        """What the rules and the mode say, without asking anybody. Pure but for the file facts it reads."""
        return self._judge(call, access, _NOTHING_GIVEN)

    async def ask(self, request: Request) -> Reply:
        """Puts a question that is not about leave. There is never more than one question at a time."""
        async with self.questions.asking:
            return await self._ask(request)

    async def check(
        self,
        call: ToolUse,
        access: Access,
        summary: str,
        decision: Decision,
        said: Before = NOTHING_SAID,
        stated: tuple[Effect, ...] = (),
    ) -> Allowed | Denied:
        """Turns a decision into a yes or a no, asking where it says ask. Announces every denial. `said` is what hooks
        say of the call: their no is final, their yes spares a question but overrides no rule. `stated` is what the tool
        says it would do, where it says so."""
        if said.verdict == "deny":
            why = said.reason or "a hook refused it"
            return self._deny(call, summary, replace(decision, reasons=(Reason("hook", why),), remedy=""), why)
        decision = self._swayed(call, access, decision, said)
        if decision.verdict == "ask":
            # What a server asks the model does not wait for a hook that may be waiting for that server.
            asks_model = isinstance(access, Calls) and access.asks_model
            async with asyncio.Lock() if asks_model else self.questions.deciding:
                # Judged again: the answer to the question before this one may cover it.
                decision = self._swayed(call, access, self.judge(call, access), said)
                if decision.verdict == "ask":
                    return await self._put(call, access, summary, decision, stated)
        if decision.verdict == "deny":
            return self._deny(call, summary, decision, _reason(decision))
        return Allowed(decision)

    def _swayed(self, call: ToolUse, access: Access, decision: Decision, said: Before) -> Decision:
        """The decision with what hooks say of it. Deny and ask rules, what cannot be undone, protected places and what
        only a person can decide stay as they are."""
        if said.verdict == "ask" and decision.verdict == "allow":
            return replace(decision, verdict="ask", reasons=(Reason("hook", said.reason or "a hook wants it asked"),))
        if said.verdict != "allow" or not _is_question(decision) or decision.confirm or isinstance(access, Decides):
            return decision
        if any(reason.kind == "safety" for reason in decision.reasons):
            return decision
        if not self._allows(call, access, Allow(mode="bypassPermissions")):
            return decision
        return replace(decision, verdict="allow", reasons=(Reason("hook", said.reason or "a hook allows it"),))

    def check_edited(self, call: ToolUse, access: Access, summary: str, before: Decision) -> Decision | Denied:
        """What is to be said of a call that its answerer edited: their yes covers it, but not what was not asked."""
        decision = self.judge(call, access)
        if decision.verdict == "deny":
            return self._deny(call, summary, decision, _reason(decision))
        if decision.confirm and not before.confirm:
            return self._deny(call, summary, decision, f"as edited it cannot be undone: {_reason(decision)}")
        if decision.verdict == "ask" and (moved := _moved(before, decision)):
            return self._deny(call, summary, decision, f"{moved} leads elsewhere than when it was asked about")
        return decision

    async def _put(
        self, call: ToolUse, access: Access, summary: str, decision: Decision, stated: tuple[Effect, ...]
    ) -> Allowed | Denied:
        request = self._request(call, access, summary, decision, stated)
        more = await self._others.objections(visits.visit_of(call.name, access, decision))
        request = replace(request, reasons=(*request.reasons, *more))
        reply = await self._before_asking(request) if self._before_asking is not None else None
        if reply is None or (isinstance(reply, Allow) and (request.confirm or isinstance(access, Decides))):
            async with self.questions.asking:
                self._emit(PermissionAsked(request=request))
                reply = await self._ask(request)
                self._emit(PermissionAnswered(request=request, reply=reply))
        match reply:
            case Allow():
                await self._take(reply, call, access)
                return Allowed(decision, reply.input, asked=True)
            case Deny(nobody=True):
                return self._deny(call, summary, decision, _reason(decision), nobody=True)
            case Deny(ends=why) if why:
                return replace(self._deny(call, summary, decision, why), stop=why)
            case Deny():
                return self._refuse(call, summary, decision, reply)
            case _:
                return self._deny(call, summary, decision, "the answer was not a permission")

    def _request(
        self, call: ToolUse, access: Access, summary: str, decision: Decision, stated: tuple[Effect, ...]
    ) -> PermissionRequest:
        """The question, which offers only what would be taken."""
        offered = decision.suggestions
        if decision.confirm or self._objection(offered, call, access):
            offered = ()
        return PermissionRequest(
            call,
            summary,
            decision.reasons,
            offered,
            decision.parts,
            stated or decision.effects,
            decision.confirm,
            accept_edits=self._allows(call, access, Allow(mode="acceptEdits")),
            cwd=self._cwd(),
            opens=tuple(place.real for place in decision.places),
            command=access.command if isinstance(access, Runs) else "",
            is_foretold=bool(stated),
        )

    async def _take(self, reply: Allow, call: ToolUse, access: Access) -> None:
        """Takes in what a yes says beyond this call. Only what would have allowed this very call is saved."""
        if rules := tuple(dict.fromkeys(reply.remember)):
            objection = self._objection(rules, call, access)
            if problem := objection or await self._remember(rules):
                self._emit(Notice(level="warning", text=problem))
        if reply.mode == "bypassPermissions":
            self._emit(Notice(level="warning", text="An answer cannot switch to bypassPermissions; the mode stays."))
        elif reply.mode is not None:
            self._set_mode(reply.mode)

    def _objection(self, rules: tuple[str, ...], call: ToolUse, access: Access) -> str:
        """Why these rules are not to be saved; "" when all of them are needed, and enough, to allow the call."""
        named = ", ".join(rules)
        if len(rules) > _MOST_RULES:
            return f"More than {_MOST_RULES} rules at once are not saved: {named}. Add them one by one."
        if not self._allows(call, access, Allow(remember=rules)):
            return f"Not saved, because it would not allow this call: {named}."
        for rule in rules:
            if self._allows(call, access, Allow(remember=tuple(other for other in rules if other != rule))):
                return f"Not saved, because this call does not need it: {rule}."
        return ""

    def _allows(self, call: ToolUse, access: Access, given: Allow) -> bool:
        return self._judge(call, access, given).verdict == "allow"

    def _refuse(self, call: ToolUse, summary: str, decision: Decision, reply: Deny) -> Denied:
        if not reply.message:
            return self._deny(call, summary, decision, "the person said no", interrupt=reply.interrupt)
        said = prompts.load("reminders/refused", words=reply.message)
        return self._deny(call, summary, decision, reply.message, interrupt=reply.interrupt, text=said)

    def _deny(
        self,
        call: ToolUse,
        summary: str,
        decision: Decision,
        why: str,
        *,
        nobody: bool = False,
        interrupt: bool = False,
        text: str = "",
    ) -> Denied:
        text = text or prompts.load("reminders/denied_nobody" if nobody else "reminders/denied", why=_sentence(why))
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


def _is_question(decision: Decision) -> bool:
    """Whether a person would have to be asked, or would be if the mode did not turn each question into a no."""
    return decision.verdict == "ask" or (
        decision.verdict == "deny" and bool(decision.reasons) and decision.reasons[-1].source == "dontAsk"
    )


def _reason(decision: Decision) -> str:
    return "; ".join(dict.fromkeys(reason.text for reason in decision.reasons)) or "no rule allows it"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _moved(before: Decision, now: Decision) -> str:
    """The first path that both name and that no longer leads where it led; "" without one."""
    led = {place.written: place.real for place in before.places}
    return next((str(p.written) for p in now.places if led.get(p.written, p.real) != p.real), "")
