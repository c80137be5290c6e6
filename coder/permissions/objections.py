"""Everything that can speak against a command, looked for in all its parts, understood or not. Must not know modes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from coder.core.dataclass import dataclass
from coder.core.messages import ToolUse
from coder.core.requests import Reason
from coder.permissions import readonly
from coder.permissions.command import Command, Word
from coder.permissions.files import protected
from coder.permissions.grammar import Effects
from coder.permissions.irreversible import Stop, irreversible
from coder.permissions.matching import blocking_path_rule, rule_for_call, rule_for_words, rule_keeping_unread
from coder.permissions.moves import loses_folder
from coder.permissions.names import names
from coder.permissions.pathrules import PathPattern
from coder.permissions.paths import Place
from coder.permissions.patterns import SEPARATOR, CommandPattern, cook, matches_glob
from coder.permissions.rules import Rule
from coder.permissions.touched import Touch, named, places, sweeps, touched, touches_paths, unseen
from coder.permissions.wording import NAME_THEM, by_rule, quoted, speaks
from coder.permissions.world import World
from coder.permissions.wrappers import program, unwrapped

_LISTERS = names("read mapfile readarray find fd fdfind locate xargs parallel")
_TOUCHES: dict[Touch, str] = {"read": "reads", "write": "changes"}


@dataclass(frozen=True, slots=True)
class Objection:
    """`command` is the part it is about; None when it is about all of it."""

    reason: Reason
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Objections:
    """`starts` are the commands of `source`, and those that may begin inside them."""

    call: ToolUse
    source: str
    starts: tuple[Command, ...]
    world: World

    def from_rules(self, group: tuple[Rule, ...]) -> Objection | None:
        """The rule of a deny or ask group that speaks about the call, a part of the command, or a path it touches."""
        if not group:
            return None
        tool = self.call.name
        if rule := rule_for_call(group, self.call):
            return Objection(by_rule(rule, tool))
        whole = cook(self.source)
        for rule in group:
            pattern = rule.specifier
            if isinstance(pattern, CommandPattern) and rule.names(tool) and pattern.matches_cooked(whole):
                return Objection(by_rule(rule, quoted(self.source)))
        for start in self.starts:
            for words in _spellings(start, self.world.ignores_case):
                if found := rule_for_words(group, tool, words):
                    front = start.assignments and len(words) == len(start.words)
                    what = quoted(start.text) + (", whatever is set in front" if front else "")
                    return Objection(by_rule(found, what), start)
            guessed: Iterator[tuple[Touch, Place]] = (("read", place) for place in named(start, self.world))
            for touch, place in (*touched(start, self.world), *guessed):
                if found := blocking_path_rule(group, touch, place, self.world):
                    text = f"{quoted(start.text)} {_TOUCHES[touch]} {place}, and {speaks(found)}"
                    return Objection(Reason("rule", text, found.text), start)
        return None

    def hidden_from(self, group: tuple[Rule, ...]) -> Objection | None:
        """A deny or ask rule that may speak about what the command does not spell out: a variable, a wildcard."""
        for start in self.starts if group else ():
            for rule in group:
                pattern = rule.specifier
                if isinstance(pattern, CommandPattern) and rule.names(self.call.name) and _may_match(pattern, start):
                    text = f"a part of {quoted(start.text)} is known only when it runs, and "
                    return Objection(Reason("rule", text + speaks(rule, "such commands"), rule.text), start)
            if unnamed := _unnamed(group, start, self.world):
                text = f"{quoted(start.text)} may read what {speaks(unnamed, '').rstrip()}: {NAME_THEM}"
                return Objection(Reason("rule", text, unnamed.text), start)
        return None

    def irreversible(self) -> Stop | None:
        """The first command that nothing brings back. Who runs what was listed or read may delete any file."""
        lost = loses_folder(self.starts)
        fed = any(program(start.words[0].text) in _LISTERS for start in self.starts)
        stops = (irreversible(start, self.world, lost=lost, fed=fed) for start in self.starts)
        return next(filter(None, stops), None)

    def protected(self) -> Reason | None:
        for start in self.starts:
            for touch, place in touched(start, self.world):
                if touch == "write" and (reason := protected(place, self.world)):
                    return reason
        return None


def _spellings(command: Command, ignores_case: bool) -> Iterator[tuple[str, ...]]:
    """The ways a rule may have written this command: as it is, without its variables, without the program's folder."""
    words = tuple(word.text for word in command.words)
    yield words
    if any(word.written for word in command.words):
        yield tuple(word.written or word.text for word in command.words)
    if command.assignments:
        yield (*(word.text for word in command.assignments), *words)
    bare = program(words[0])
    if bare != words[0]:
        yield (bare, *words[1:])
    if ignores_case and bare != bare.lower():
        yield (bare.lower(), *words[1:])


def _may_match(pattern: CommandPattern, command: Command) -> bool:
    """Whether the pattern would match for some meaning of the words that are not known."""
    if not command.is_dynamic and not any(word.glob for word in command.words):
        return False
    wanted = pattern.first_words
    for index, word in enumerate(command.words):
        if word.dynamic:
            return True
        if index >= len(wanted):
            return command.is_dynamic or _later_may_match(pattern, command.words[index:])
        text = program(word.text) if index == 0 else word.text
        if word.glob:
            fits = (matches_glob(_loose(each), wanted[index]) for each in (text, word.text))
            return pattern.opens_at(index) or any(fits)
        if wanted[index] not in (text, word.text) and not (pattern.opens_at(index) and text.startswith(wanted[index])):
            return False
    return True


def _later_may_match(pattern: CommandPattern, words: tuple[Word, ...]) -> bool:
    """Whether a wildcard among the words may stand for one that the pattern wants behind its own wildcard."""
    wanted = [text for literal in pattern.literals[1:] for text in literal.split(SEPARATOR) if text]
    return any(word.glob and matches_glob(_loose(word.text), text) for word in words for text in wanted)


def _loose(text: str) -> str:
    """A wildcard that matches at least what this one matches."""
    return re.sub(r"\[[^]]*\]|\?", "*", text)


def _unnamed(group: Iterable[Rule], command: Command, world: World) -> Rule | None:
    """A path rule that may speak about a file the command reaches by a wildcard, a variable or a whole folder."""
    words = unwrapped(command.words)
    known = readonly.effects_of(words)
    paths = words[1:] if touches_paths(command) else ()
    if any(word.dynamic for word in (*paths, *(redirect.target for redirect in command.redirects))):
        return next((rule for rule in group if isinstance(rule.specifier, PathPattern)), None)
    if sweeps(command, world):
        return rule_keeping_unread(group, hidden=True)
    wild = [word for word in words if unseen(word, command, world)]
    swept = known is not None and _sweeps(known, command, world)
    shows = known.content if known else touches_paths(command)
    if not shows or not (swept or wild):
        return None
    looked_at = (*wild, *(known.reads if known else ()))
    hidden = bool(known and swept and known.hidden) or any(_names_hidden(word.text) for word in looked_at)
    return rule_keeping_unread(group, hidden=hidden)


def _sweeps(known: Effects, command: Command, world: World) -> bool:
    if not (known.sweeps and known.in_folders):
        return known.sweeps
    named = places(known.reads, command.folders, world, stems=False)
    return any(world.exists(place.real / "..") for place in named)  # only a folder has a `..`


def _names_hidden(text: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in text.split("/"))
