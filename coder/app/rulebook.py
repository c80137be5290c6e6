"""The rules of a running session: those it began with, those the person added, those lent to one run. Must not know who
asked, or files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from coder.app.hosted import HOST
from coder.core.config import Behaviour, Config, RuleText
from coder.core.errors import CoderError
from coder.core.permits import Place
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
        self._lent: dict[object, Rules] = {}
        self._held: dict[tuple[Place, Behaviour], tuple[str, ...]] = {}
        self._holding = Rules()
        self._path = path
        self._base = base
        self._save = save

    @property
    def rules(self) -> Rules:
        if not (self._lent or self._held):
            return self._rules
        more = (self._holding, *self._lent.values())
        deny, ask = (rule for each in more for rule in each.deny), (rule for each in more for rule in each.ask)
        allow = () if self._is_closed else tuple(rule for each in more for rule in each.allow)
        held = self._rules
        return replace(held, deny=(*held.deny, *deny), ask=(*held.ask, *ask), allow=(*held.allow, *allow))

    def with_allowed(self, rules: tuple[str, ...]) -> Rules:
        """The rules as they would be with these allow rules too. A malformed one adds nothing."""
        return self._allowing(self.rules, rules)

    def _allowing(self, held: Rules, rules: tuple[str, ...]) -> Rules:
        if not rules or self._is_closed:
            return held
        more, _ = parse_rules(RuleText(rule, "allow", "local", str(self._path), self._base) for rule in rules)
        return replace(held, allow=(*held.allow, *more.allow))

    @contextmanager
    def lent(self, texts: Iterable[RuleText]) -> Iterator[None]:
        """Inside the block these rules hold too. They are never saved, and what forbids goes before what allows as
        ever. A malformed one adds nothing."""
        key = object()
        self._lent[key], _ = parse_rules(texts)
        try:
            yield
        finally:
            del self._lent[key]

    def hold(self, where: Place, behaviour: Behaviour, rules: Iterable[str]) -> None:
        """These rules hold too from now on, until they are dropped by the same name of a place; nothing is saved. A
        malformed one adds nothing."""
        kept = self._held.get((where, behaviour), ())
        self._keep(where, behaviour, tuple(dict.fromkeys((*kept, *rules))))

    def drop(self, where: Place, behaviour: Behaviour, rules: Iterable[str] | None = None) -> None:
        """These of what was held there hold no longer; all of them, when none is named."""
        gone = None if rules is None else set(rules)
        kept = self._held.get((where, behaviour), ())
        self._keep(where, behaviour, tuple(rule for rule in kept if gone is not None and rule not in gone))

    def held(self) -> tuple[tuple[Place, Behaviour, tuple[str, ...]], ...]:
        """What is held, by place and by what it leads to."""
        return tuple((where, behaviour, rules) for (where, behaviour), rules in self._held.items())

    def forget(self, rules: Iterable[str] | None = None) -> None:
        """These of what the person added are added no longer, once the settings are read again; None: all of them."""
        gone = None if rules is None else set(rules)
        self._added = tuple(rule for rule in self._added if gone is not None and rule not in gone)

    def _keep(self, where: Place, behaviour: Behaviour, rules: tuple[str, ...]) -> None:
        self._held.pop((where, behaviour), None)
        if rules:
            self._held[(where, behaviour)] = rules
        self._holding, _ = parse_rules(
            RuleText(rule, kind, "session", HOST, self._base) for (_, kind), held in self._held.items() for rule in held
        )

    def renew(self, config: Config) -> tuple[str, ...]:
        """Goes by these settings from now on, and by what the person added meanwhile. Returns warnings about rules."""
        self._is_closed = config.managed_rules_only
        self._rules, warnings = rules_of(config)
        self._rules = self._allowing(self._rules, self._added)
        return warnings

    async def allow(self, rules: tuple[str, ...]) -> str:
        """Holds these rules from now on, and saves them. Returns what went wrong with saving, "" when nothing did."""
        self._rules = self._allowing(self._rules, rules)
        self._added += rules
        try:
            for rule in rules:
                await asyncio.to_thread(self._save, self._path, "allow", rule)
        except (OSError, CoderError) as error:
            why = f"{self._path}: {error.strerror}" if isinstance(error, OSError) else str(error)
            held = f"{', '.join(rules)} holds until you leave, but could not be saved: {why.rstrip('.')}."
            return f"{held} Make the file writable, or add it under permissions.allow of your own settings."
        return ""
