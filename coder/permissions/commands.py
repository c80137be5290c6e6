"""The facts of a shell command, part by part. Must not know the order in which they are weighed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from coder.core.messages import ToolUse
from coder.core.requests import Part, Reason
from coder.core.tools import Mode
from coder.permissions.command import Command
from coder.permissions.effects import effects_of
from coder.permissions.facts import Facts, Need
from coder.permissions.gitdrops import dropped
from coder.permissions.gitstashes import foreign_stash
from coder.permissions.irreversible import Stop
from coder.permissions.matching import rule_for_call
from coder.permissions.objections import Objection, Objections
from coder.permissions.patterns import CommandPattern
from coder.permissions.rules import Rule, Rules
from coder.permissions.shell import Shell, understand
from coder.permissions.suggest import exact_rule
from coder.permissions.texts import salvaged, texts_of
from coder.permissions.weighing import Weighing
from coder.permissions.wording import by_rule, shown
from coder.permissions.world import World
from coder.permissions.wrappers import every_start

_MOST_STARTS = 64


def command_facts(call: ToolUse, command: str, rules: Rules, mode: Mode, world: World) -> Facts:
    """What the command would do and which rules speak about it. Total: any text gets an answer."""
    shell = understand(command, world)
    starts: list[Command] = []
    for part in shell.commands:
        found = list(islice(every_start(part, world), _MOST_STARTS + 1))
        starts += found
        if len(found) > _MOST_STARTS and shell.understood:
            shell = replace(shell, problem=f"more than {_MOST_STARTS} commands inside one another")
    starts += _printed(shell, starts, world)
    objections = Objections(call, shell.source, tuple(starts), world)
    unclear = _unclear(shell, call.name)
    weighing = Weighing(call, rules, mode, world)
    if shell.understood:
        weighing.weigh(shell)
    exact = _exact(shell, call, rules)
    denied = objections.from_rules(rules.deny)
    refused = mode == "plan" and not weighing.read_only  # a deny rule must not make a question of what is refused
    hiding = rules.ask if refused else (*rules.deny, *rules.ask)
    asked = objections.from_rules(rules.ask) or objections.hidden_from(hiding)
    stopped = objections.irreversible() if rules.confirm_irreversible else None
    foreign = foreign_stash(starts, world)
    irreversible = Reason("safety", stopped.why, shown(stopped.command.text)) if stopped else None
    if irreversible and foreign:
        irreversible = replace(irreversible, text=f"{irreversible.text}; {foreign.text}")
    return Facts(
        denied=denied.reason if denied else None,
        asked=asked.reason if asked else None,
        irreversible=irreversible,
        confirm=stopped.word if stopped else "",
        read_only=weighing.read_only,
        concurrent=weighing.read_only and not shell.moved,
        unclear=unclear,
        veiled=unclear is not None and any(_may_speak(rule, call) for rule in (*rules.deny, *rules.ask)),
        waived=exact or (_bare(call, rules) if unclear else None),
        protected=objections.protected() or foreign,
        needs=() if exact else tuple(weighing.needs),
        allowed=tuple(weighing.allowed),
        parts=_marked(weighing.parts or _whole(shell, unclear), denied or asked, stopped),
        effects=tuple(dict.fromkeys(effect for part in shell.commands for effect in effects_of(part, world))),
        drop=dropped(starts, world),
    )


def _printed(shell: Shell, starts: list[Command], world: World) -> Iterator[Command]:
    """The commands in what the line prints, where a shell of it runs what it reads."""
    if any(start.words[0].dynamic and start.words[0].raw in ("…", start.text) for start in starts):
        for part in shell.commands:
            for inner in salvaged(texts_of(part)):
                placed = replace(inner, folders=part.folders, start=part.start, end=part.end)
                yield from islice(every_start(placed, world), _MOST_STARTS)


def _unclear(shell: Shell, tool: str) -> Need | None:
    if shell.understood:
        return None
    verb = "defines" if shell.problem == "a function" else "has"
    text = f"coder cannot be sure what this runs: it {verb} {shell.problem}"
    rule = exact_rule(shell.source, tool)
    return Need(Reason("shell", text, shell.problem), (rule,) if rule else ())


def _may_speak(rule: Rule, call: ToolUse) -> bool:
    """Whether a deny or ask rule might be about what is not understood: a command, or a file it touches."""
    return rule.names(call.name) or rule.tool in ("Read", "Edit")


def _whole(shell: Shell, unclear: Need | None) -> tuple[Part, ...]:
    if unclear is None:
        return ()
    return (Part(shell.source.strip(), 0, len(shell.source), True, (unclear.reason,), unclear.rules),)


def _marked(parts: tuple[Part, ...], objection: Objection | None, stopped: Stop | None) -> tuple[Part, ...]:
    """The parts, those that something speaks against marked with it: no rule helps them."""
    against = [(objection.command, objection.reason)] if objection else []
    if stopped:
        against.append((stopped.command, Reason("safety", stopped.why, shown(stopped.command.text))))
    return tuple(_against(part, [reason for command, reason in against if _is_about(command, part)]) for part in parts)


def _is_about(command: Command | None, part: Part) -> bool:
    return command is not None and command.start >= 0 and (part.start, part.end) == (command.start, command.end)


def _against(part: Part, reasons: list[Reason]) -> Part:
    return replace(part, needed=True, reasons=tuple(reasons), rules=()) if reasons else part


def _exact(shell: Shell, call: ToolUse, rules: Rules) -> Reason | None:
    """An allow rule for this text and no other."""
    text = shell.source.strip()
    for rule in rules.allow:
        pattern = rule.specifier
        if isinstance(pattern, CommandPattern) and rule.names(call.name) and pattern.source == text:
            return by_rule(rule, "exactly this command") if pattern.is_exact else None
    return None


def _bare(call: ToolUse, rules: Rules) -> Reason | None:
    """An allow rule for every command, when no other rule could speak about what is not understood."""
    bare = rule_for_call(rules.allow, call)
    if bare is None or any(rule.names(call.name) for rule in (*rules.deny, *rules.ask)):
        return None
    return by_rule(bare, "every command")
