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
from coder.permissions.grammar import Effects
from coder.permissions.irreversible import irreversible, path_of
from coder.permissions.lexer import Command, Word
from coder.permissions.matching import (
    Touch,
    blocking_path_rule,
    by_rule,
    rule_for_call,
    rule_for_words,
    rule_keeping_unread,
)
from coder.permissions.names import names
from coder.permissions.paths import Place, is_inside, locate
from coder.permissions.patterns import CommandPattern, cook
from coder.permissions.rules import Rule, Rules
from coder.permissions.shell import Shell, understand
from coder.permissions.suggest import command_rule, exact_rule
from coder.permissions.world import World
from coder.permissions.wrappers import every_start, has_safe_environment, program, unwrapped

_READERS = names(
    "cat head tail less more bat batcat nl tac rev grep egrep fgrep rg sed awk gawk mawk cut sort uniq diff cmp "
    "comm od xxd hexdump strings base64 fold fmt paste join jq zcat column view cp mv scp rsync source . tee dd "
    "xargs"
)
_WRITERS = names("rm rmdir unlink mv cp touch tee truncate ln install chmod chown shred patch dd mkdir rsync scp split")
_NEVER_BY_PREFIX = frozenset({"watch", "setsid", "ionice", "flock"})
_ACTING_FIND = ("-exec", "-ok", "-delete", "-fprint", "-fls")
_MOST_STARTS = 64
_MOST_MOVES = 3
_SHOWN = 120


def command_facts(call: ToolUse, command: str, rules: Rules, mode: Mode, world: World) -> Facts:
    """What the command would do and which rules speak about it. Total: any text gets an answer."""
    shell = understand(command)
    starts: list[Command] = []
    for part in shell.commands:
        found = list(islice(every_start(part), _MOST_STARTS + 1))
        starts += found
        if len(found) > _MOST_STARTS and not shell.problem:
            shell = replace(shell, problem=f"more than {_MOST_STARTS} commands inside one another")
    judge = _Judge(call, shell, rules, mode, world)
    unclear = None
    if judge.shell.problem:
        reason = Reason(
            "shell", f"the command is not fully understood: it has {judge.shell.problem}", judge.shell.problem
        )
        rule = exact_rule(command, call.name)
        unclear = Need(reason, (rule,) if rule else ())
    else:
        judge.weigh_parts()
    return Facts(
        denied=judge.blocked(rules.deny, starts),
        asked=judge.blocked(rules.ask, starts),
        irreversible=judge.irreversible(starts),
        read_only=judge.read_only,
        concurrent=judge.read_only and not judge.moved,
        unclear=unclear,
        veiled=unclear is not None and any(rule.names(call.name) for rule in rules.deny),
        waived=judge.waived(),
        protected=judge.protected(starts),
        needs=tuple(judge.needs),
        allowed=tuple(judge.allowed),
    )


@dataclass(slots=True)
class _Judge:
    call: ToolUse
    shell: Shell
    rules: Rules
    mode: Mode
    world: World
    cwds: tuple[Path, ...] = ()
    moved: bool = False
    read_only: bool = False
    needs: list[Need] = field(default_factory=list)
    allowed: list[Reason] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cwds = (self.world.cwd,)

    def weigh_parts(self) -> None:
        """Judges every part of an understood command, in order: a `cd` adds a folder later parts may be in."""
        self.read_only = True
        for command in self.shell.commands:
            words = unwrapped(command.words)
            known = readonly.effects_of(words)
            if known and known.moves and words is not command.words:
                known = None  # `timeout 5 cd x` runs some other cd, or none
            harmless = has_safe_environment(command)
            self._weigh_words(command, words, known, harmless)
            self._weigh_redirects(command)
            if known is None or not harmless:
                self.read_only = False
            if known and known.moves:
                self._move(known.moves, command)
        if self.moved:
            self._weigh_moved()

    def blocked(self, group: tuple[Rule, ...], starts: list[Command]) -> Reason | None:
        """The rule of a deny or ask group that speaks about the call, a part of the command, or a path it touches."""
        if not group:
            return None
        if rule := rule_for_call(group, self.call):
            return by_rule(rule, self.call.name)
        whole = cook(self.shell.source)
        for rule in group:
            pattern = rule.specifier
            if isinstance(pattern, CommandPattern) and rule.names(self.call.name) and pattern.matches_cooked(whole):
                return by_rule(rule, _shown(self.shell.source))
        for start in starts:
            for words in _spellings(start, self.world.ignores_case):
                if rule := rule_for_words(group, self.call.name, words):
                    return by_rule(rule, _shown(start.text))
            for touch, place in self._touched(start):
                if rule := blocking_path_rule(group, touch, place, self.world):
                    return by_rule(rule, f"{place}, which {_shown(start.text)} touches")
        return None

    def irreversible(self, starts: list[Command]) -> Reason | None:
        for start in starts:
            if why := irreversible(start, self.cwds, self.world):
                return Reason("safety", why, _shown(start.text))
        return None

    def protected(self, starts: list[Command]) -> Reason | None:
        for start in starts:
            for touch, place in self._touched(start):
                if touch == "write" and (reason := protected(place, self.world)):
                    return reason
        return None

    def waived(self) -> Reason | None:
        """An allow rule for this exact text, or for every command of the tool."""
        text = self.shell.source.strip()
        for rule in self.rules.allow:
            if (
                isinstance(rule.specifier, CommandPattern)
                and rule.names(self.call.name)
                and rule.specifier.source == text
            ):
                return by_rule(rule, "this exact command")
        bare = rule_for_call(self.rules.allow, self.call)
        return by_rule(bare, "every command") if bare else None

    def _weigh_words(self, command: Command, words: tuple[Word, ...], known: Effects | None, harmless: bool) -> None:
        rule = self._allow_rule(command, words, harmless)
        if rule:
            self.allowed.append(by_rule(rule, _shown(command.text)))
        elif known and harmless:
            self._weigh_effects(command, known)
        elif self.mode == "acceptEdits" and harmless and (writes := filewrites.effects_of(words)):
            self._weigh_places("write", writes.writes)
        else:
            self.needs.append(self._unknown(command, words, harmless))
        if known and known.content:
            self._weigh_unnamed(command, words, known)

    def _weigh_unnamed(self, command: Command, words: tuple[Word, ...], known: Effects) -> None:
        """Files a wildcard or a whole folder stands for may be ones that a rule keeps from being read."""
        wild = [word for word in words if word.glob]
        if not (known.sweeps or wild):
            return
        hidden = (known.sweeps and known.hidden) or any(_names_hidden(word.text) for word in (*wild, *known.reads))
        rule = rule_keeping_unread((*self.rules.deny, *self.rules.ask), hidden=hidden)
        if rule:
            text = f"{_shown(command.text)} may read files that {by_rule(rule, 'reading').text}; name them one by one"
            self.needs.append(Need(Reason("rule", text, rule.text)))

    def _unknown(self, command: Command, words: tuple[Word, ...], harmless: bool) -> Need:
        shown = _shown(command.text)
        if not harmless:
            names = ", ".join(word.text.partition("=")[0] for word in command.assignments)
            reason = Reason("default", f"{shown} sets {names}, which can change what runs", shown)
            rule = exact_rule(command.text, self.call.name)
        else:
            reason = Reason("default", f"no rule allows {shown}", shown)
            rule = command_rule(command, self.call.name)
        writes = filewrites.effects_of(words) if harmless else None
        edits = bool(writes) and all(
            is_inside(place, self.world.roots, self.world) for place in self._places(writes.writes if writes else ())
        )
        return Need(reason, (rule,) if rule else (), accept_edits=edits)

    def _weigh_effects(self, command: Command, known: Effects) -> None:
        before = len(self.needs)
        self._weigh_places("read", (*known.reads, *((known.moves,) if known.moves else ())))
        if len(self.needs) == before:
            self.allowed.append(Reason("readonly", f"{_shown(command.text)} only reads", _shown(command.text)))

    def _weigh_redirects(self, command: Command) -> None:
        for redirect in command.redirects:
            if redirect.copies or redirect.target.text == "/dev/null":
                continue
            touch: Touch = "read" if redirect.operator == "<" else "write"
            if touch == "write":
                self.read_only = False
            self._weigh_places(touch, (redirect.target,))
            if touch == "write" and self.moved:
                text = f"the folder that {redirect.target.raw} lies in depends on cd; write it in a command of its own"
                self.needs.append(Need(Reason("safety", text, redirect.target.raw)))

    def _weigh_places(self, touch: Touch, words: tuple[Word, ...]) -> None:
        for place in self._places(words):
            verdict = judge_place(place, touch, self.rules, self.mode, self.world)
            if isinstance(verdict, Need):
                self.needs.append(verdict)
            elif touch == "write" or verdict.kind == "rule":
                self.allowed.append(verdict)

    def _allow_rule(self, command: Command, words: tuple[Word, ...], harmless: bool) -> Rule | None:
        """The allow rule for one part. What is set in front of it must be harmless, or written in the rule."""
        name = self.call.name
        if bare := rule_for_call(self.rules.allow, self.call):
            return bare
        full = tuple(word.text for word in (*command.assignments, *command.words))
        spellings = [full]
        if harmless:
            spellings += [tuple(w.text for w in command.words), tuple(w.text for w in words)]
        exact_only = _acts_for_others(words) or _acts_for_others(command.words)
        for rule in self.rules.allow:
            pattern = rule.specifier
            if not isinstance(pattern, CommandPattern) or not rule.names(name) or (exact_only and not pattern.is_exact):
                continue
            if any(pattern.matches(spelling) for spelling in spellings):
                return rule
        return None

    def _move(self, target: Word, command: Command) -> None:
        folder = path_of(target, self.world)
        new = tuple(Path(locate(folder, self.world, cwd).written) for cwd in self.cwds)
        self.moved = self.moved or any(self.world.resolve(cwd) != self.world.resolve(self.world.cwd) for cwd in new)
        if len(self.cwds) >= 2**_MOST_MOVES:
            text = f"more than {_MOST_MOVES} changes of folder in one command"
            self.needs.append(Need(Reason("shell", text, _shown(command.text))))
            return
        # A cd may fail, or run in a subshell of its own; only in a chain do later parts prove that it did not.
        self.cwds = new if self.shell.is_chain else tuple(dict.fromkeys((*self.cwds, *new)))

    def _weigh_moved(self) -> None:
        if any(program(unwrapped(command.words)[0].text) == "git" for command in self.shell.commands):
            text = (
                "git runs what the folder's own settings say, so a cd to another folder and git together are a question"
            )
            self.needs.append(Need(Reason("safety", text, "cd … git")))

    def _touched(self, command: Command) -> Iterator[tuple[Touch, Place]]:
        """Every path the command is known or likely to read or write: enough for rules that say no."""
        words = unwrapped(command.words)
        known, writes = readonly.effects_of(words), filewrites.effects_of(words)
        name = program(words[0].text)
        operands = tuple(word for word in words[1:] if not word.text.startswith("-"))
        reads = known.reads if known else operands if name in _READERS else ()
        changes = writes.writes if writes else operands if name in _WRITERS or _edits_in_place(words) else ()
        if known is None or known.content:
            yield from (("read", place) for place in self._places(reads))
        yield from (("write", place) for place in self._places(changes))
        for redirect in command.redirects:
            if not redirect.copies:
                touch: Touch = "read" if redirect.operator == "<" else "write"
                yield from ((touch, place) for place in self._places((redirect.target,)))

    def _places(self, words: tuple[Word, ...]) -> Iterator[Place]:
        for word in words:
            text = path_of(word, self.world)
            if word.glob:
                text = _glob_stem(text)
            for cwd in self.cwds:
                yield locate(text, self.world, cwd)


def _glob_stem(text: str) -> str:
    """The folder a wildcard is looked up in; a `..` after it could lead anywhere, so then the top of the disk."""
    first = min(text.find(c) for c in "*?[" if c in text)
    if "/.." in text[first:]:
        return "/"
    return text[: text.rfind("/", 0, first) + 1] or "."


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


def _edits_in_place(words: tuple[Word, ...]) -> bool:
    return program(words[0].text) == "sed" and any(word.text.startswith(("-i", "--in-place")) for word in words[1:])


def _shown(text: str) -> str:
    """A command for a sentence: on one line, invisible characters made visible, cut when long."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) > 31 else " " for c in text.strip())
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}…"
