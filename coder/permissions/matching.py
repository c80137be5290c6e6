"""Which rule speaks about a call or a path. Must not know modes, or what follows from the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from coder.core.messages import ToolUse
from coder.permissions.pathrules import PathPattern
from coder.permissions.paths import Place
from coder.permissions.patterns import CommandPattern, matches_host
from coder.permissions.rules import Domain, Everything, Named, Parameter, Rule
from coder.permissions.touched import Touch
from coder.permissions.world import World


def rule_for_call(rules: Iterable[Rule], call: ToolUse) -> Rule | None:
    """The first rule about the call as a whole: the bare tool, one of its parameters, a skill or agent by name."""
    for rule in rules:
        if not rule.covers(call.name):
            continue
        match rule.specifier:
            case Everything():
                return rule
            case Parameter() | Named() as specifier if rule.names(call.name) and specifier.matches(call.input):
                return rule
            case _:
                pass
    return None


def rule_for_host(rules: Iterable[Rule], tool: str, host: str) -> Rule | None:
    for rule in rules:
        if isinstance(rule.specifier, Domain) and rule.names(tool) and matches_host(rule.specifier.pattern, host):
            return rule
    return None


def rule_for_words(rules: Iterable[Rule], tool: str, words: tuple[str, ...]) -> Rule | None:
    for rule in rules:
        if isinstance(rule.specifier, CommandPattern) and rule.names(tool) and rule.specifier.matches(words):
            return rule
    return None


def blocking_path_rule(rules: Iterable[Rule], touch: Touch, place: Place, world: World, tool: str = "") -> Rule | None:
    """The deny or ask rule about this path. What may not be read may not be written either, notebooks excepted."""
    for rule in rules:
        match rule.specifier:
            case Everything() if rule.tool == _tool(touch):
                return rule
            case PathPattern() as pattern if _concerns(rule, touch, tool) and pattern.blocks(place, world):
                return rule
            case _:
                pass
    return None


def allowing_path_rule(rules: Sequence[Rule], touch: Touch, place: Place, world: World) -> Rule | None:
    """The allow rule about this path, for a link the one about its target: its name needs one too. Leave to edit is
    leave to read."""
    found = [_allowing(rules, touch, path, world) for path in place.both]
    return found[-1] if all(found) else None


def _allowing(rules: Sequence[Rule], touch: Touch, path: Path, world: World) -> Rule | None:
    for rule in rules:
        match rule.specifier:
            case Everything() if rule.tool == _tool(touch):
                return rule
            case PathPattern() as pattern if rule.tool in (_tool(touch), "Edit") and pattern.allows(path, world):
                return rule
            case _:
                pass
    return None


def rule_keeping_unread(rules: Iterable[Rule], *, hidden: bool) -> Rule | None:
    """The first rule about reading paths; unless `hidden`, rules that speak only of dotfiles do not count."""
    for rule in rules:
        pattern = rule.specifier
        if rule.tool == "Read" and isinstance(pattern, PathPattern) and (hidden or not pattern.is_hidden):
            return rule
    return None


def _tool(touch: Touch) -> str:
    return "Read" if touch == "read" else "Edit"


def _concerns(rule: Rule, touch: Touch, tool: str) -> bool:
    if rule.tool == _tool(touch):
        return True
    return touch == "write" and rule.tool == "Read" and rule.behaviour == "deny" and tool != "NotebookEdit"
