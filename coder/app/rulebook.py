"""The rules of a running session: those it began with and those the person added. Must not know who asked, or files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from coder.core.config import Behaviour, Config, RuleText
from coder.core.errors import CoderError
from coder.permissions.rules import Rules, parse_rules

SaveRule: TypeAlias = Callable[[Path, Behaviour, str], object]


def rules_of(config: Config, texts: Iterable[RuleText] | None = None) -> tuple[Rules, tuple[str, ...]]:
    """The rules of a configuration (or `texts` in their place), and warnings about those that match nothing."""
    rules, warnings = parse_rules(config.rules if texts is None else texts)
    return replace(rules, confirm_irreversible=config.confirm_irreversible), warnings


class RuleBook:
    """`path` is the settings file new rules go to, `base` the folder that anchors their `/` paths.

    `save` writes one rule into a file; it may block, and raises OSError or CoderError when it cannot. `is_closed`: an
    administrator lets nobody else allow anything.
    """

    def __init__(self, rules: Rules, path: Path, base: Path, save: SaveRule, *, is_closed: bool = False) -> None:
        self._is_closed = is_closed
        self._rules = rules
        self._added: tuple[str, ...] = ()
        self._path = path
        self._base = base
        self._save = save

    @property
    def rules(self) -> Rules:
        return self._rules

    def with_allowed(self, rules: tuple[str, ...]) -> Rules:
        """The rules as they would be with these allow rules too. A malformed one adds nothing."""
        if not rules or self._is_closed:
            return self._rules
        more, _ = parse_rules(RuleText(rule, "allow", "local", str(self._path), self._base) for rule in rules)
        return replace(self._rules, allow=(*self._rules.allow, *more.allow))

    def renew(self, config: Config) -> tuple[str, ...]:
        """Goes by these settings from now on, and by what the person added meanwhile. Returns warnings about rules."""
        self._is_closed = config.managed_rules_only
        self._rules, warnings = rules_of(config)
        self._rules = self.with_allowed(self._added)
        return warnings

    async def allow(self, rules: tuple[str, ...]) -> str:
        """Holds these rules from now on, and saves them. Returns what went wrong with saving, "" when nothing did."""
        self._rules = self.with_allowed(rules)
        self._added += rules
        try:
            for rule in rules:
                await asyncio.to_thread(self._save, self._path, "allow", rule)
        except (OSError, CoderError) as error:
            why = f"{self._path}: {error.strerror}" if isinstance(error, OSError) else str(error)
            held = f"{', '.join(rules)} holds until you leave, but could not be saved: {why.rstrip('.')}."
            return f"{held} Make the file writable, or add it under permissions.allow of your own settings."
        return ""
