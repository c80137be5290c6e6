"""What allows each part of an understood command, and what is still needed. Must not know deny or ask rules."""

from __future__ import annotations

import re
from dataclasses import field, replace
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.messages import ToolUse
from coder.core.requests import Part, Reason
from coder.core.tools import Mode
from coder.permissions import filewrites, readonly
from coder.permissions.command import Command, Word
from coder.permissions.facts import Need
from coder.permissions.files import judge_place, protected
from coder.permissions.grammar import Effects
from coder.permissions.guides import guide_of
from coder.permissions.matching import blocking_path_rule, rule_for_call, rule_for_words
from coder.permissions.outputs import fed_effects
from coder.permissions.paths import Place, is_inside
from coder.permissions.patterns import CommandPattern
from coder.permissions.rules import Rule, Rules
from coder.permissions.shell import Shell
from coder.permissions.suggest import command_rule, exact_rule, printed_by
from coder.permissions.touched import FREE, Touch, places, too_wide, written
from coder.permissions.variables import is_secret
from coder.permissions.wording import by_rule, quoted, shown
from coder.permissions.world import World
from coder.permissions.wrappers import every_start, has_safe_environment, program, unwrapped

_NEVER_BY_PREFIX = frozenset({"watch", "setsid", "ionice", "flock", "coder"})
_ACTING_FIND = ("-exec", "-ok", "-delete", "-fprint", "-fls")
_LOADED = re.compile(r"(LD|DYLD)_\w+\Z")
_COMES_APART = re.compile(r"[\s'\"\\]")
_TOUCHES: tuple[Touch, ...] = ("write", "read")


@dataclass(slots=True)
class Weighing:
    call: ToolUse
    rules: Rules
    mode: Mode
    world: World
    read_only: bool = False
    needs: list[Need] = field(default_factory=list)
    allowed: list[Reason] = field(default_factory=list)
    parts: tuple[Part, ...] = ()
    moved_to: list[Path] = field(default_factory=list)  # where earlier parts of the line put folders or links

    def weigh(self, shell: Shell) -> None:
        self.read_only = True
        with_git = shell.moved and any(program(unwrapped(c.words)[0].text) == "git" for c in shell.commands)
        for command in shell.commands:
            needs, allowed = len(self.needs), len(self.allowed)
            self._weigh_command(command, moved=shell.moved)
            if with_git and program(unwrapped(command.words)[0].text) == "git":
                goal = next((str(folder) for folder in command.folders if folder != self.world.cwd), "another folder")
                text = f"cd goes to {goal}, and git obeys the settings it finds there"
                self.needs.append(Need(Reason("safety", text, "cd … git")))
            self._note(command, self.needs[needs:], self.allowed[allowed:])
        if not self.needs and not self.allowed:
            what = "it only reads" if shell.commands else "it only sets variables that nothing else sees"
            self.allowed.append(Reason("readonly", what, shell.source.strip()))

    def _note(self, command: Command, needs: list[Need], allowed: list[Reason]) -> None:
        if command.start < 0:
            return
        reasons = tuple(dict.fromkeys(need.reason for need in needs)) or tuple(dict.fromkeys(allowed))
        rules = tuple(dict.fromkeys(rule for need in needs for rule in need.rules))
        part = Part(command.text, command.start, command.end, bool(needs), reasons, rules)
        if part not in self.parts:  # a loop says the same of each round
            self.parts += (part,)

    def _weigh_command(self, command: Command, *, moved: bool) -> None:
        words = unwrapped(command.words)
        known = fed_effects(words, command.fed_by) or readonly.effects_of(words)
        if known and known.moves and words is not command.words:
            known = None  # `timeout 5 cd x` runs some other cd, or none
        if known and (guide := guide_of(words, command.folders, self.world)):
            known = None
            text = f"{quoted(command.text)} obeys {guide}, which can make it fetch or run another program"
            self.needs.append(Need(Reason("safety", text, str(guide)), self._exact(command)))
        harmless = has_safe_environment(command)
        self._weigh_words(command, words, known if harmless else None, harmless=harmless)
        self._weigh_redirects(command, moved=moved)
        if known is None or not harmless:
            self.read_only = False

    def _weigh_words(self, command: Command, words: tuple[Word, ...], known: Effects | None, *, harmless: bool) -> None:
        if rule := self._allow_rule(command, words, harmless):
            self.allowed.append(by_rule(rule, quoted(command.text)))
        elif known and (setting := self._git_runs(command, words)):
            text = f"git runs programs, or reads other places, that the repository itself names: {setting}"
            self.needs.append(Need(Reason("safety", text, "git"), self._exact(command)))
        elif known:
            before = len(self.needs)
            named = (*known.reads, *((known.moves,) if known.moves else ()))
            self._weigh_places("read", named, command)
            self._weigh_secrets(command)
            self._weigh_links(command, known)
            if len(self.needs) == before:
                if command.start < 0:
                    return  # nothing a person has written
                does = "stays inside the working directories" if known.moves else "only reads"
                self.allowed.append(Reason("readonly", f"{quoted(command.text)} {does}", shown(command.text)))
        elif not harmless:
            self.needs.append(self._variables(command))
        elif self.mode == "acceptEdits" and (changes := filewrites.effects_of(words)):
            self._weigh_places("write", written(changes, command.folders, self.world), command)
            if changes.sweeps:
                self._weigh_swept(command, changes)
        else:
            self.needs.append(self._unknown(command, words))

    def _weigh_swept(self, command: Command, changes: Effects) -> None:
        """A folder that is copied, moved or removed may hold protected names, files a rule keeps, and links."""
        rules = (*self.rules.deny, *self.rules.ask)
        for place in places(changes.reads, command.folders, self.world):
            inside = self.world.below(place.real)
            if changes.into and (
                inside != () or self.world.resolve(place.written.parent) / place.written.name != place.real
            ):
                self.moved_to += (end.written for end in places(changes.writes[-1:], command.folders, self.world))
            for path in inside or ():
                each = Place(path, path)
                found = (blocking_path_rule(rules, touch, each, self.world) for touch in _TOUCHES)
                kept = next((rule for rule in found if rule), None)
                if reason := by_rule(kept, str(path)) if kept else protected(each, self.world):
                    self.needs.append(Need(reason))
                    return
            text = "touches more files than coder looks at one by one" if inside is None else ""
            if changes.into and self.world.leads_out(place.real):
                text = f"takes a link along that leads out of the working directories, below {place}"
            if text:
                reason = Reason("safety", f"{quoted(command.text)} {text}", str(place.written))
                self.needs.append(Need(reason, self._exact(command)))

    def _git_runs(self, command: Command, words: tuple[Word, ...]) -> str:
        """What makes even a git command that only reads run a program of the repository."""
        if program(words[0].text) != "git":
            return ""
        return next(filter(None, map(self.world.git_runs, command.folders)), "")

    def _weigh_secrets(self, command: Command) -> None:
        """What shows the environment may show a secret: by its name, since nobody should look at the value."""
        names = command.expands
        head, *rest = (word.text for word in unwrapped(command.words))
        head = readonly.known_name(head)
        if head in ("env", "printenv"):
            names = tuple(text for text in rest if not text.startswith("-")) or self.world.variables
        elif head in ("test", "[", "[["):
            return  # nothing of it is shown
        shown_names = (name for name in names if is_secret(name) and self.world.variable(name))
        if secret := next(shown_names, ""):
            text = f"{quoted(command.text)} shows the variable {secret}, which may be a secret"
            self.needs.append(Need(Reason("safety", text, secret), self._exact(command)))

    def _weigh_links(self, command: Command, known: Effects) -> None:
        """A command that goes through the links it finds, or that reads what was listed for it, may end anywhere."""
        listed = bool(known.fed) or any(word.listed for word in known.reads)
        if not (known.follows or listed):
            return
        named = tuple(word for word in known.reads if not word.dynamic)
        below = named if named and not listed else (Word(".", "."),)
        for place in places(below, command.folders, self.world, stems=False):
            trap = self._trap(place, listed=listed, whole=known.fed == "whole")
            if trap:
                text = f"{quoted(command.text)} goes by what lies below {place}, and {trap}"
                self.needs.append(Need(Reason("safety", text, str(place.written)), self._exact(command)))

    def _trap(self, place: Place, *, listed: bool, whole: bool) -> str:
        """What in a folder makes it unsafe to read whatever it holds; "" for nothing."""
        found = self.world.leads_out(place.real)
        if found is not False:
            return "a link there leads out of the working directories" if found else "that is too much to look at"
        for path in self.world.below(place.real) or () if listed else ():
            name = str(path.relative_to(place.real))
            if path.name.startswith("-"):
                return f"{name} there would be taken for a flag"
            if not whole and _COMES_APART.search(name):
                return f"the name {name} there comes apart: use find -print0 and xargs -0"
        return ""

    def _weigh_redirects(self, command: Command, *, moved: bool) -> None:
        for redirect in command.redirects:
            if redirect.copies or redirect.target.text == "/dev/null":
                continue
            if redirect.operator == "<":
                self._weigh_places("read", (redirect.target,), command)
                continue
            self.read_only = False
            self._weigh_places("write", (redirect.target,), command)
            if moved:
                text = f"the folder that {redirect.target.raw} lies in depends on cd; write it in a command of its own"
                self.needs.append(Need(Reason("safety", text, redirect.target.raw)))

    def _weigh_places(self, touch: Touch, words: tuple[Word, ...], command: Command) -> None:
        for word in words:
            if word.dynamic and not (word.listed and touch == "read"):
                verb = "reads" if touch == "read" else "writes"
                text = f"{quoted(command.text)} {verb} a place that is known only when it runs: {word.raw}"
                rules = self._exact(command) if touch == "read" else ()
                self.needs.append(Need(Reason("safety", text, word.raw), rules))
            elif too_wide(word, command, self.world):
                text = f"{word.raw} stands for more files than coder looks at one by one"
                self.needs.append(Need(Reason("safety", text, word.raw), self._exact(command)))
        known = [word for word in words if not word.dynamic and not (touch == "read" and word.text in FREE)]
        found = [(word, place) for word in known for place in places((word,), command.folders, self.world)]
        for word, place in found:
            if any(place.written.is_relative_to(folder) for folder in self.moved_to):
                text = f"what lies at {place.written} is decided by the part before it; run that on its own first"
                self.needs.append(Need(Reason("safety", text, str(place.written))))
                continue
            verdict = judge_place(place, touch, self.rules, self.mode, self.world)
            if isinstance(verdict, Need):
                self.needs.append(replace(verdict, reason=_resolved(verdict.reason, word, place)))
            elif touch == "write" or verdict.kind == "rule":
                self.allowed.append(verdict)

    def _variables(self, command: Command) -> Need:
        names = ", ".join(word.text.partition("=")[0] for word in command.assignments)
        name = program(unwrapped(command.words)[0].text)
        does = f"make {name} run other code" if _LOADED.match(names) else f"change what {name} runs"
        reason = Reason("default", f"{names}, set in front, can {does}", names)
        return Need(reason, self._exact(command))

    def _exact(self, command: Command) -> tuple[str, ...]:
        rule = exact_rule(command.text, self.call.name)
        return (rule,) if rule else ()

    def _unknown(self, command: Command, words: tuple[Word, ...]) -> Need:
        text = f"no rule allows {quoted(command.text)}"
        if source := printed_by(command):
            text = f"{quoted(command.text)} runs what {source} prints"
        reason = Reason("default", text, shown(command.text))
        rule = command_rule(command, self.call.name)
        changes = filewrites.effects_of(words)
        folders: tuple[Path, ...] = command.folders
        edits = changes is not None and all(
            is_inside(place, self.world.roots, self.world)
            for place in places(written(changes, folders, self.world), folders, self.world)
        )
        return Need(reason, (rule,) if rule else (), accept_edits=edits)

    def _allow_rule(self, command: Command, words: tuple[Word, ...], harmless: bool) -> Rule | None:
        """The allow rule for one part. What is set in front of it must be harmless, or written in the rule."""
        if bare := rule_for_call(self.rules.allow, self.call):
            return bare
        every = tuple(word.written or word.text for word in command.words)
        spellings = [(*(word.text for word in command.assignments), *every)]
        if harmless:
            spellings += [every, tuple(word.text for word in command.words), tuple(word.text for word in words)]
            if _is_bare_xargs(words):  # what it reads is added: only a rule that is open at its end covers that
                spellings.append((*(word.text for word in words[1:]), "…"))
        rules = self.rules.allow
        if _never_by_prefix(words, command.words) or any(map(_finds_and_acts, every_start(command, self.world))):
            rules = tuple(r for r in rules if isinstance(r.specifier, CommandPattern) and r.specifier.is_exact)
        found = (rule_for_words(rules, self.call.name, spelling) for spelling in spellings)
        return next((rule for rule in found if rule), None)


def _resolved(reason: Reason, word: Word, place: Place) -> Reason:
    """Says of a relative path where it leads, when the reason is about that."""
    start = f"{place} is "
    if word.glob or word.text.startswith(("/", "~")) or not reason.text.startswith(start):
        return reason
    return replace(reason, text=f"{shown(word.text)} is {place}, {reason.text.removeprefix(start)}")


def _is_bare_xargs(words: tuple[Word, ...]) -> bool:
    return words[0].text == "xargs" and len(words) > 1 and not words[1].text.startswith("-")


def _never_by_prefix(*spellings: tuple[Word, ...]) -> bool:
    """Programs that run what their later words say: a prefix rule would allow far more than it shows."""
    return any(program(words[0].text) in _NEVER_BY_PREFIX for words in spellings)


def _finds_and_acts(start: Command) -> bool:
    """A `find` that may run or delete something, wherever in the command it stands."""
    acting = (word.dynamic or word.glob or word.text.startswith(_ACTING_FIND) for word in start.words[1:])
    return program(start.words[0].text) == "find" and any(acting)
