"""All checks, and how some of them are chosen by name. Must not know how one is run."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from coder.conformance.check import Check
from coder.conformance.checks import (
    api,
    argv,
    callbacks,
    control,
    messages,
    output,
    processes,
    sessions,
    structured,
    tools,
    turns,
)
from coder.core.errors import ConfigError

CHECKS: tuple[Check, ...] = (
    *argv.CHECKS,
    *output.CHECKS,
    *structured.CHECKS,
    *messages.CHECKS,
    *tools.CHECKS,
    *turns.CHECKS,
    *control.CHECKS,
    *callbacks.CHECKS,
    *sessions.CHECKS,
    *api.CHECKS,
    *processes.CHECKS,
)


def chosen(patterns: Sequence[str], checks: Sequence[Check] = CHECKS) -> list[Check]:
    """Those whose name matches one of `patterns`, all without any. Raises ConfigError for one that matches none."""
    names = [check.name for check in checks]
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            close = get_close_matches(pattern, names, 1)
            advice = f"Did you mean {close[0]}?" if close else "See them all with --list."
            raise ConfigError(f"there is no check {pattern!r}. {advice}")
    return [check for check in checks if not patterns or any(fnmatchcase(check.name, each) for each in patterns)]
