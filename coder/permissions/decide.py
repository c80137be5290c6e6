"""One answer for one call: allow, ask or deny, and why. Pure and total; the order of evaluation lives here alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import ToolUse
from coder.core.requests import Effect, Part, Reason
from coder.core.tools import Access, Mode, Reads, Runs, Writes
from coder.permissions.commands import command_facts
from coder.permissions.facts import Facts, Need
from coder.permissions.files import call_facts
from coder.permissions.gitdrops import Drop
from coder.permissions.gitrules import as_shell
from coder.permissions.paths import Place, locate
from coder.permissions.rules import Rules
from coder.permissions.suggest import remedy, suggestions
from coder.permissions.wording import quoted
from coder.permissions.world import Remembered, World

Verdict: TypeAlias = Literal["allow", "ask", "deny"]


@dataclass(frozen=True, slots=True)
class Decision:
    """`read_only`: the call changes nothing a neighbour could see, so neighbours may run beside it.

    `suggestions` are rules for "don't ask again"; `remedy` the flags that would have allowed it, for headless runs.
    `parts` are the simple commands of a command line, `effects` what the call would do, as far as it can be told.
    `confirm` is the word a person has to type, when what would happen cannot be undone.
    `places` are the paths of a call that names them, as they were judged: whoever opens one opens its `real`.
    `changes`: it may change something; `drop`: git may drop work by it.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    read_only: bool
    suggestions: tuple[str, ...] = ()
    remedy: str = ""
    parts: tuple[Part, ...] = ()
    effects: tuple[Effect, ...] = ()
    confirm: str = ""
    places: tuple[Place, ...] = ()
    changes: bool = True
    drop: Drop | None = None


def decide(call: ToolUse, access: Access, rules: Rules, mode: Mode, world: World) -> Decision:
    """Judges a call. Never raises and never asks; touches the disk only through `world.resolve`."""
    world = Remembered(world)
    if call.name == "Task":
        call = replace(call, name="Agent")  # its other name
    if call.name == "Git":
        call, rules = as_shell(call, access, rules)
    if isinstance(access, Runs):
        facts = command_facts(call, access.command, rules, mode, world)
    else:
        facts = call_facts(call, access, rules, mode, world)
    decision = _in_order(facts, mode)
    if isinstance(access, Reads | Writes):
        decision = replace(decision, places=tuple(locate(path, world) for path in access.paths))
    if decision.verdict == "ask" and mode == "dontAsk":
        nobody = Reason("mode", "dontAsk mode turns every question into a no", mode)
        return replace(decision, verdict="deny", reasons=(*decision.reasons, nobody))
    return decision


def _in_order(facts: Facts, mode: Mode) -> Decision:
    """Deny, ask, irreversible, plan, bypass, unclear, protected, then whatever nothing allows."""
    if facts.denied:
        return _answer("deny", facts, facts.denied)
    if facts.asked:
        return _answer("ask", facts, facts.asked)
    if facts.irreversible:
        return _answer("ask", facts, facts.irreversible)
    if mode == "plan" and not facts.read_only:
        return _refuse_in_plan(facts)
    if mode == "bypassPermissions" and not facts.veiled:
        return _answer("allow", facts, Reason("mode", "bypassPermissions allows everything else", mode))
    if facts.unclear and not facts.waived:
        return _need(facts, (facts.unclear,))
    if facts.protected:
        return _answer("ask", facts, facts.protected)
    if facts.needs:
        return _need(facts, facts.needs)
    return _answer("allow", facts, *(facts.allowed or ((facts.waived,) if facts.waived else ())))


def _answer(verdict: Verdict, facts: Facts, *reasons: Reason) -> Decision:
    return _decision(verdict, reasons, facts)


def _need(facts: Facts, needs: tuple[Need, ...]) -> Decision:
    reasons = tuple(dict.fromkeys(need.reason for need in needs))
    return _decision("ask", reasons, facts, suggestions(needs), remedy(needs))


def _refuse_in_plan(facts: Facts) -> Decision:
    unsure = (facts.unclear,) if facts.unclear and not facts.waived else ()
    what = quoted(facts.parts[0].text) if len(facts.parts) == 1 else "this"
    more = unsure[0].reason.text if unsure else f"{what} does more"
    plan = Reason("mode", f"plan mode only reads, and {more}", "plan")
    flags = "" if facts.protected else remedy(unsure or facts.needs, leave_plan=True)
    return _decision("deny", (plan,), facts, (), flags)


def _decision(
    verdict: Verdict, reasons: tuple[Reason, ...], facts: Facts, rules: tuple[str, ...] = (), flags: str = ""
) -> Decision:
    # What cannot be undone is confirmed by its word, whatever else made it a question.
    confirm = facts.confirm if verdict == "ask" else ""
    return Decision(
        verdict,
        reasons,
        facts.concurrent,
        rules,
        flags,
        facts.parts,
        facts.effects,
        confirm,
        changes=not facts.read_only,
        drop=facts.drop,
    )
