"""Whether the one permission rule that a hook may be bound to speaks of a call. Must not know what hooks do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from coder.app.policy import NotACall, access_of
from coder.core.config import RuleText
from coder.core.messages import Json, ToolUse
from coder.core.tools import Runs
from coder.permissions.decide import decide
from coder.permissions.rules import parse_rules
from coder.permissions.world import LocalWorld


class Fitting:
    """Called with a rule, a tool and its input. A command line that cannot be read may be anything: it fits. So does a
    call that no tool could run, for it may be one of a tool that is not known here."""

    def __init__(self, world: Callable[[], LocalWorld], base: Path) -> None:
        self._world = world
        self._base = base

    def __call__(self, rule: str, tool: str, given: Json) -> bool:
        rules, _ = parse_rules([RuleText(rule, "deny", "session", "", self._base)])
        if not rules.deny:
            return False
        if not rules.deny[0].covers(tool):
            return False
        world = self._world()
        try:
            access = access_of(tool, given, world)
        except NotACall:
            return True
        decision = decide(ToolUse("hook", tool, given), access, rules, "default", world)
        is_unclear = isinstance(access, Runs) and any(reason.kind == "shell" for reason in decision.reasons)
        return decision.verdict == "deny" or is_unclear
