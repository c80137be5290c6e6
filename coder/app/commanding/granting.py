"""What a command or skill may do while a run lasts: the rules of its allowed-tools and disallowed-tools, lent to the
session's rules. Must not know how a text is expanded, or who judges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from coder.app.rulebook import RuleBook
from coder.commands.definition import Definition
from coder.commands.substitution import Given, fill
from coder.config.trust import covers
from coder.core.config import Config, RuleText

_FOLDERS = ("PROJECT_DIR", "SKILL_DIR", "PLUGIN_ROOT")
_SIGNS = frozenset("*?[](){}!\\\n")


class Granting:
    """`base` anchors the `/` paths of rules. `is_trusted` tells whether what a file grants counts; what it forbids does
    in any case."""

    def __init__(self, book: RuleBook, base: Path, is_trusted: Callable[[Definition], bool]) -> None:
        self._book = book
        self._base = base
        self._is_trusted = is_trusted
        self._lent = ExitStack()  # to the run under way, by what the model uses meanwhile

    def during(self, definitions: Iterable[Definition], facts: Mapping[str, str]) -> AbstractContextManager[None]:
        """Entered for as long as the rules of these are to hold."""
        return self._book.lent(tuple(rule for each in definitions for rule in self._rules(each, facts)))

    def lend(self, definition: Definition, facts: Mapping[str, str]) -> None:
        """The rules of it hold until `end`."""
        self._lent.enter_context(self.during((definition,), facts))

    def end(self) -> None:
        """The run is over, or another begins: nothing that was lent holds any longer."""
        self._lent.close()

    def trusts(self, definition: Definition) -> bool:
        return self._is_trusted(definition)

    def gains(self, definition: Definition) -> tuple[str, ...]:
        """What could be done without a question because of it, and was not agreed to by whoever installed coder."""
        if definition.origin in ("built-in", "managed") or not self._is_trusted(definition):
            return ()
        return (*definition.grants, *(("its hooks",) if definition.hooks else ()))

    def _rules(self, definition: Definition, facts: Mapping[str, str]) -> Iterator[RuleText]:
        return rules_of_head(definition, facts, self._base, is_trusted=self._is_trusted(definition))


def rules_of_head(
    definition: Definition, facts: Mapping[str, str], base: Path, *, is_trusted: bool
) -> Iterator[RuleText]:
    """What the head of a command or skill allows, where that counts, and what it forbids."""
    origin = str(definition.file)
    every = {**facts, "SKILL_DIR": str(definition.folder or definition.file.parent)}
    if definition.plugin is not None:
        every["PLUGIN_ROOT"] = str(definition.plugin)
    # Other facts may change after somebody agreed to the rule, and a sign of rules in one would widen it.
    own = Given(facts={name: every[name] for name in _FOLDERS if name in every and not _SIGNS & set(every[name])})
    for text in definition.grants if is_trusted else ():
        yield RuleText(fill(text, own)[0], "allow", "session", origin, base)
    for text in definition.without:
        yield RuleText(text, "deny", "session", origin, base)


def grants_count(config: Config, definition: Definition) -> bool:
    """Whether what the head of a file allows, and its hooks, count: of a repository, only what the person approved."""
    is_of_repository = definition.origin in ("project", "added")
    if not is_of_repository and not (config.plugins is not None and config.plugins.needs_trust(definition.file)):
        return True
    return covers(config.trust, definition.file, definition.digest)
