"""The lines that say what would change an answer, in steps that work. Must not know how a decision comes about."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from coder.config.paths import local_settings, user_settings
from coder.core.config import RuleText
from coder.frontends.policy.judged import Judged
from coder.frontends.policy.text import LABEL, WIDTH, labelled, visible
from coder.permissions.decide import Verdict
from coder.permissions.wording import NAME_THEM

_THEN: dict[Verdict, str] = {
    "allow": "coder then allows it",
    "ask": "coder then asks each time",
    "deny": "it is then denied all the same",
}


def remedies(judged: Judged) -> Iterator[str]:
    """How to get another answer; nothing where it is allowed, or where nobody should be shown a way."""
    decision = judged.decision
    if decision.verdict == "allow":
        return
    if judged.trusted:
        yield from _way("To allow", "$coder trust add")
        yield from _way("For one session", "$coder --trust-folder")
    elif judged.blocking:
        yield from _unblocked(judged)
    else:
        yield from _allowed(judged)
    if decision.confirm:
        yield from _way("When asked", f"type {visible(decision.confirm)} to say yes")
    if decision.verdict == "ask":
        yield from _way("In coder -p", "denied: nobody is there to ask")


def _unblocked(judged: Judged) -> Iterator[str]:
    """What to do about the rules that speak against it."""
    decision, without = judged.decision, judged.without
    if decision.verdict == "ask" and any(rule.behaviour == "deny" for rule in judged.blocking):
        is_wide = any(reason.text.endswith(NAME_THEM) for reason in decision.reasons)
        yield from _way("To avoid this", NAME_THEM if is_wide else "write out what is known only when it runs")
    elif not (decision.confirm or without.confirm):
        then = _THEN[without.verdict]
        if decision.verdict == without.verdict == "ask":
            then = "coder still asks then, until a rule allows it"
        for rule in judged.blocking:
            yield from _way("To change", *_removal(rule, judged.origin(rule), then))


def _removal(rule: RuleText, origin: str, then: str) -> Iterator[str]:
    """How to be rid of a rule, and what happens then."""
    if rule.scope == "managed":
        yield "only your administrator can change that rule"
    elif rule.scope == "flag" and rule.origin.startswith("--"):
        yield f"leave out {rule.origin}: {then}"
    elif rule.scope == "flag" or Path(rule.origin).parent.name == ".claude":
        yield f"remove {rule.behaviour} rule {visible(rule.text)} from {origin}: {then}"
    else:
        yield f"$coder permissions remove {shlex.quote(rule.text)} --{rule.behaviour} --{rule.scope}"
        yield then


def _allowed(judged: Judged) -> Iterator[str]:
    """What would allow something that nothing allows yet."""
    decision = judged.decision
    reason = decision.reasons[0]
    each_time = "coder asks each time" if decision.verdict == "ask" else ""
    if decision.confirm or " is protected: " in reason.text:
        yield from _way("To allow", f"no rule can: {each_time}" if each_time else "no rule can")
    elif judged.is_enough:
        rules = decision.suggestions
        yield from _way("To allow" if len(rules) == 1 else "To allow, all of:", *_additions(judged))
        if decision.remedy:
            yield from _way("For one session", f"$coder {visible(decision.remedy)}")
    elif decision.remedy:
        yield from _way("To allow", f"$coder {visible(decision.remedy)}")
    elif reason.kind == "shell":
        yield from _way("To allow", "no pattern can, only a rule with exactly this text")
    elif reason.kind == "tool" or decision.verdict == "deny":
        yield from _way("To allow", "no rule can")
    else:
        yield from _way("To allow", f"coder offers no rule for this: it {each_time.removeprefix('coder ')}")


def _additions(judged: Judged) -> Iterator[str]:
    config = judged.standing.config
    file, whom, option = local_settings(config.cwd), "for you, in this folder", ""
    if not judged.standing.would_count(file):
        file, whom, option = user_settings(config.home), "for you, in every folder", " --user"
    only = "; no pattern can allow it" if judged.decision.reasons[0].kind == "shell" else ""
    for rule in judged.decision.suggestions:
        yield f"$coder permissions add{option} {shlex.quote(rule)}"
        yield f"allows {visible(_covered(rule))}{only}"
    yield f"saved in {judged.short(str(file))}, {whom}"


def _covered(rule: str) -> str:
    """What an allow rule that coder offers lets through."""
    tool, _, specifier = rule.removesuffix(")").partition("(")
    match tool:
        case "Bash" | "Monitor" | "PowerShell" if specifier.endswith(" *"):
            return f"`{specifier[:-2]}` with any words after it"
        case "Bash" | "Monitor" | "PowerShell" if specifier:
            return "exactly this command"
        case "Read" | "Edit" if specifier:
            top = "; // is the top of the disk" if specifier.startswith("//") else ""
            return f"{'reading' if tool == 'Read' else 'writing'} that path{top}"
        case "WebFetch" if specifier:
            return f"every page of {specifier.removeprefix('domain:')}"
        case _:
            return f"every call of {tool}"


def _way(label: str, *steps: str) -> Iterator[str]:
    """Sentences, and commands (with a `$`) that are never broken, so that they can be copied."""
    if len(label) >= LABEL:
        yield label
        label = ""
    for step in steps:
        if not step.startswith("$"):
            yield from labelled(label, step)
        elif len(line := labelled(label, step[1:])) == 1 and len(line[0]) < WIDTH:
            yield line[0]
        else:
            yield from (label, f"  {step[1:]}") if label else (f"  {step[1:]}",)
        label = ""
