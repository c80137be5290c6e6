"""How reasons are put into words. Must not know what is decided."""

from __future__ import annotations

from coder.core.requests import Reason
from coder.permissions.rules import Rule

_SHOWN = 120
_VERBS = {"deny": "denies", "ask": "asks about", "allow": "allows"}


def by_rule(rule: Rule, what: str) -> Reason:
    """`Bash(rm *) in .coder/settings.json denies rm -rf x`."""
    return Reason("rule", f"{rule.source} {_VERBS[rule.behaviour]} {what}", rule.text)


def shown(text: str) -> str:
    """A command for a sentence: on one line, invisible characters made visible, cut when long."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) > 31 else " " for c in text.strip())
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}…"
