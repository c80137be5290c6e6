"""The facts of a shell command, part by part. Must not know the order in which they are weighed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from coder.core.messages import ToolUse
from coder.core.requests import Reason
from coder.core.tools import Mode
from coder.permissions import filewrites, readonly
from coder.permissions.facts import Facts, Need
from coder.permissions.files import judge_place, protected
from coder.permissions.folders import Route, route
from coder.permissions.grammar import Effects
from coder.permissions.irreversible import irreversible
from coder.permissions.lexer import Command, Word
from coder.permissions.matching import blocking_path_rule, rule_for_call, rule_for_words, rule_keeping_unread
from coder.permissions.paths import is_inside
from coder.permissions.patterns import CommandPattern, cook
from coder.permissions.rules import Rule, Rules
from coder.permissions.shell import Shell, understand
from coder.permissions.suggest import command_rule, exact_rule
from coder.permissions.touched import FREE, Touch, places, touched
from coder.permissions.wording import by_rule, shown
from coder.permissions.world import World
from coder.permissions.wrappers import every_start, has_safe_environment, program, unwrapped

_NEVER_BY_PREFIX = frozenset({"watch", "setsid", "ionice", "flock"})
_ACTING_FIND = ("-exec", "-ok", "-delete", "-fprint", "-fls")
_MOST_STARTS = 64


def command_facts(call: ToolUse, command: str, rules: Rules, mode: Mode, world: World) -> Facts:
    """What the command would do and which rules speak about it. Total: any text gets an answer."""
    shell = understand(command)
    way = route(shell, world)
    starts: list[_Start] = []
    for part, folders in zip(shell.commands, way.folders, strict=True):
        found = list(islice(every_start(part), _MOST_STARTS + 1))
        starts += (_Start(start, folders) for start in found)
        if len(found) > _MOST_STARTS and shell.understood:
            shell = replace(shell, problem=f"more than {_MOST_STARTS} commands inside one another")
    objections = _Objections(call, shell, starts, world)
    unclear = _unclear(shell, call.name)
    weighed = _Weighing(call, rules, mode, world)
    if shell.understood:
        weighed.weigh(shell, way)
    return Facts(
        denied=objections.from_rules(rules.deny),
        asked=objections.from_rules(rules.ask),
        irreversible=objections.irreversible(),
        read_only=weighed.read_only,
        concurrent=weighed.read_only and not way.moved,
        unclear=unclear,
        veiled=unclear is not None and any(rule.names(call.name) for rule in rules.deny),
        waived=_waived(shell, call, rules),
        protected=objections.protected(),
        needs=tuple(weighed.needs),
        allowed=tuple(weighed.allowed),
    )


def _unclear(shell: Shell, tool: str) -> Need | None:
    if shell.understood:
        return None
    text = f"the command is not fully understood: it has {shell.problem}"
    rule = exact_rule(shell.source, tool)
    return Need(Reason("shell", text, shell.problem), (rule,) if rule else ())


def _waived(shell: Shell, call: ToolUse, rules: Rules) -> Reason | None:
    """An allow rule for this exact text, or for every command of the tool."""
    text = shell.source.strip()
    for rule in rules.allow:
        pattern = rule.specifier
        if isinstance(pattern, CommandPattern) and rule.names(call.name) and pattern.source == text:
            return by_rule(rule, "this exact command")
    bare = rule_for_call(rules.allow, call)
    return by_rule(bare, "every command") if bare else None


@dataclass(frozen=True, slots=True)
class _Start:
    """A command, or one that begins inside it, and the folders it may run in."""

    command: Command
    folders: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class _Objections:
    """Everything that can speak against a command, looked for in all its parts, understood or not."""

    call: ToolUse
    shell: Shell
    starts: list[_Start]
    world: World

    def from_rules(self, group: tuple[Rule, ...]) -> Reason | None:
        """The rule of a deny or ask group that speaks about the call, a part of the command, or a path it touches."""
        if not group:
            return None
        tool = self.call.name
        if rule := rule_for_call(group, self.call):
            return by_rule(rule, tool)
        whole = cook(self.shell.source)
        for rule in group:
            pattern = rule.specifier
            if isinstance(pattern, CommandPattern) and rule.names(tool) and pattern.matches_cooked(whole):
                return by_rule(rule, shown(self.shell.source))
        for start in self.starts:
            for words in _spellings(start.command, self.world.ignores_case):
                if found := rule_for_words(group, tool, words):
                    return by_rule(found, shown(start.command.text))
            for touch, place in touched(start.command, start.folders, self.world):
                if found := blocking_path_rule(group, touch, place, self.world):
                    return by_rule(found, f"{place}, which {shown(start.command.text)} touches")
        return None

    def irreversible(self) -> Reason | None:
        for start in self.starts:
            if why := irreversible(start.command, start.folders, self.world):
                return Reason("safety", why, shown(start.command.text))
        return None

    def protected(self) -> Reason | None:
        for start in self.starts:
            for touch, place in touched(start.command, start.folders, self.world):
                if touch == "write" and (reason := protected(place, self.world)):
                    return reason
        return None


@dataclass(slots=True)
class _Weighing:
    """What allows each part of an understood command, and what is still needed."""

    call: ToolUse
    rules: Rules
    mode: Mode
    world: World
    read_only: bool = False
    needs: list[Need] = field(default_factory=list)
    allowed: list[Reason] = field(default_factory=list)

    def weigh(self, shell: Shell, way: Route) -> None:
        self.read_only = True
        for command, folders in zip(shell.commands, way.folders, strict=True):
            words = unwrapped(command.words)
            known = readonly.effects_of(words)
            if known and known.moves and words is not command.words:
                known = None  # `timeout 5 cd x` runs some other cd, or none
            harmless = has_safe_environment(command)
            self._weigh_words(command, words, folders, known if harmless else None)
            if known and known.content:
                self._weigh_unnamed(command, words, known)
            self._weigh_redirects(command, folders, moved=way.moved)
            if known is None or not harmless:
                self.read_only = False
        if way.problem:
            self.needs.append(Need(Reason("shell", way.problem, "cd")))
        if way.moved and any(program(unwrapped(c.words)[0].text) == "git" for c in shell.commands):
            text = (
                "git does what the settings of its folder say, so it needs a yes when cd goes to another folder first"
            )
            self.needs.append(Need(Reason("safety", text, "cd … git")))

    def _weigh_words(
        self, command: Command, words: tuple[Word, ...], folders: tuple[Path, ...], known: Effects | None
    ) -> None:
        harmless = has_safe_environment(command)
        if rule := self._allow_rule(command, words, harmless):
            self.allowed.append(by_rule(rule, shown(command.text)))
        elif known and (runs := self._git_runs(command, words, folders)):
            self.needs.append(runs)
        elif known:
            before = len(self.needs)
            self._weigh_places("read", (*known.reads, *((known.moves,) if known.moves else ())), folders)
            if len(self.needs) == before:
                self.allowed.append(Reason("readonly", f"{shown(command.text)} only reads", shown(command.text)))
        elif not harmless:
            self.needs.append(self._variables(command))
        elif self.mode == "acceptEdits" and (written := filewrites.effects_of(words)):
            self._weigh_places("write", written.writes, folders)
        else:
            self.needs.append(self._unknown(command, words, folders))

    def _git_runs(self, command: Command, words: tuple[Word, ...], folders: tuple[Path, ...]) -> Need | None:
        """Even a git command that only reads runs the programs that the settings of its repository name."""
        if program(words[0].text) != "git":
            return None
        setting = next(filter(None, map(self.world.git_runs, folders)), "")
        if not setting:
            return None
        text = f"git runs programs that the repository itself names: {setting}"
        rule = exact_rule(command.text, self.call.name)
        return Need(Reason("safety", text, "git"), (rule,) if rule else ())

    def _weigh_unnamed(self, command: Command, words: tuple[Word, ...], known: Effects) -> None:
        """Files a wildcard or a whole folder stands for may be ones that a rule keeps from being read."""
        wild = [word for word in words if word.glob]
        if not (known.sweeps or wild):
            return
        hidden = (known.sweeps and known.hidden) or any(_names_hidden(word.text) for word in (*wild, *known.reads))
        rule = rule_keeping_unread((*self.rules.deny, *self.rules.ask), hidden=hidden)
        if rule:
            text = f"{shown(command.text)} may read files that {by_rule(rule, 'reading').text}; name them one by one"
            self.needs.append(Need(Reason("rule", text, rule.text)))

    def _weigh_redirects(self, command: Command, folders: tuple[Path, ...], *, moved: bool) -> None:
        for redirect in command.redirects:
            if redirect.copies or redirect.target.text == "/dev/null":
                continue
            if redirect.operator == "<":
                self._weigh_places("read", (redirect.target,), folders)
                continue
            self.read_only = False
            self._weigh_places("write", (redirect.target,), folders)
            if moved:
                text = f"the folder that {redirect.target.raw} lies in depends on cd; write it in a command of its own"
                self.needs.append(Need(Reason("safety", text, redirect.target.raw)))

    def _weigh_places(self, touch: Touch, words: tuple[Word, ...], folders: tuple[Path, ...]) -> None:
        if touch == "read":
            words = tuple(word for word in words if word.text not in FREE)
        for place in places(words, folders, self.world):
            verdict = judge_place(place, touch, self.rules, self.mode, self.world)
            if isinstance(verdict, Need):
                self.needs.append(verdict)
            elif touch == "write" or verdict.kind == "rule":
                self.allowed.append(verdict)

    def _variables(self, command: Command) -> Need:
        names = ", ".join(word.text.partition("=")[0] for word in command.assignments)
        reason = Reason("default", f"{shown(command.text)} sets {names}, which can change what runs", names)
        rule = exact_rule(command.text, self.call.name)
        return Need(reason, (rule,) if rule else ())

    def _unknown(self, command: Command, words: tuple[Word, ...], folders: tuple[Path, ...]) -> Need:
        reason = Reason("default", f"no rule allows {shown(command.text)}", shown(command.text))
        rule = command_rule(command, self.call.name)
        written = filewrites.effects_of(words)
        edits = written is not None and all(
            is_inside(place, self.world.roots, self.world) for place in places(written.writes, folders, self.world)
        )
        return Need(reason, (rule,) if rule else (), accept_edits=edits)

    def _allow_rule(self, command: Command, words: tuple[Word, ...], harmless: bool) -> Rule | None:
        """The allow rule for one part. What is set in front of it must be harmless, or written in the rule."""
        if bare := rule_for_call(self.rules.allow, self.call):
            return bare
        spellings = [tuple(word.text for word in (*command.assignments, *command.words))]
        if harmless:
            spellings += [tuple(word.text for word in command.words), tuple(word.text for word in words)]
        rules = self.rules.allow
        if _acts_for_others(words) or _acts_for_others(command.words):
            rules = tuple(r for r in rules if isinstance(r.specifier, CommandPattern) and r.specifier.is_exact)
        found = (rule_for_words(rules, self.call.name, spelling) for spelling in spellings)
        return next((rule for rule in found if rule), None)


def _spellings(command: Command, ignores_case: bool) -> Iterator[tuple[str, ...]]:
    """The ways a rule may have written this command: as it is, without its variables, without the program's folder."""
    words = tuple(word.text for word in command.words)
    yield words
    if command.assignments:
        yield (*(word.text for word in command.assignments), *words)
    bare = program(words[0])
    if bare != words[0]:
        yield (bare, *words[1:])
    if ignores_case and bare != bare.lower():
        yield (bare.lower(), *words[1:])


def _names_hidden(text: str) -> bool:
    return any(part.startswith(".") and part not in (".", "..") for part in text.split("/"))


def _acts_for_others(words: tuple[Word, ...]) -> bool:
    """Programs that run or delete what their later words say: a prefix rule would allow far more than it shows."""
    name = program(words[0].text)
    if name in _NEVER_BY_PREFIX:
        return True
    return name == "find" and any(word.text.startswith(_ACTING_FIND) for word in words[1:])
