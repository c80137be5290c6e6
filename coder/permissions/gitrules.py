"""Calls of the Git tool before the policy: what changes something is judged as the same command of a shell. Pure.

So every rule about commands counts for it, and rules that name the tool itself besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from coder.core.messages import ToolUse
from coder.core.tools import Access, Runs
from coder.permissions.patterns import CommandPattern
from coder.permissions.rules import Everything, Parameter, Rule, Rules


def as_shell(call: ToolUse, access: Access, rules: Rules) -> tuple[ToolUse, Rules]:
    """The call to judge, and by which rules: `Git`, `Git(commit *)` and `Git(action:commit)` speak for a command as
    `Bash`, `Bash(git commit *)` and `Bash` would. A call that only reads stays what it is."""
    tool = "Bash" if isinstance(access, Runs) else call.name
    judged = replace(call, name=tool, input={"command": access.command}) if isinstance(access, Runs) else call
    deny, ask, allow = (
        tuple(_about(group, call, tool, runs=isinstance(access, Runs)))
        for group in (rules.deny, rules.ask, rules.allow)
    )
    return judged, replace(rules, deny=deny, ask=ask, allow=allow)


def _about(group: Iterable[Rule], call: ToolUse, tool: str, *, runs: bool) -> Iterable[Rule]:
    for rule in group:
        if rule.tool != "Git":
            # `*` and the like stand for both names; a rule that is about the tool Git by it is one about the command.
            named = "*" in rule.tool and rule.names(call.name) and not rule.names(tool)
            yield replace(rule, tool=tool) if named and isinstance(rule.specifier, Everything) else rule
            continue
        match rule.specifier:
            case Parameter() as parameter if parameter.matches(call.input):
                yield replace(rule, tool=tool, specifier=Everything())
            case Parameter():
                continue
            case CommandPattern() as pattern if not runs:
                if pattern.matches(("git", str(call.input.get("action", "")))):
                    yield replace(rule, specifier=Everything())
            case _:
                yield replace(rule, tool=tool)
