"""The kinds of fuzz: under which rules and mode commands are judged, and which deeds are holes there."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from coder.core.tools import Mode
from coder.permissions.world import LocalWorld
from tests.fuzz import commands, pantry
from tests.fuzz.pantry import Pantry
from tests.fuzz.scratch import HIDDEN, SECRET, Deed, Ran
from tests.support.policy import Policy, policy

Name: TypeAlias = Literal["reading", "rules", "edits", "bypass"]
NAMES: tuple[Name, ...] = ("reading", "rules", "edits", "bypass")
_ROOT = "home/work"
_PROTECTED = re.compile(
    r"home/work/(?:.*/)?(\.git|\.vscode|\.idea|\.husky|\.claude|\.coder|\.envrc|\.npmrc|\.bashrc)(/|\Z)"
)
_KEPT = re.compile(r"home/work/(secret/|secret\Z|\.env\Z)")
# What a shim may find in its environment other than what it was given: never something that changes what runs.
_HARMLESS = re.compile(
    r"(LANG|LC_\w+|CI|NO_COLOR|FORCE_COLOR|TZ|TERM|COLUMNS|OLDPWD|PWD|SHLVL|_|PAGER|GIT_PAGER|EDITOR|\w*PYTHON\w*)\Z"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """An allow rule and, said once more and independently, which words it stands for."""

    text: str
    words: tuple[str, ...]
    exact: bool = False

    def covers(self, ran: Ran) -> bool:
        words = (ran.name, *ran.words)
        return words == self.words if self.exact else words[: len(self.words)] == self.words


_RULES = (
    Rule("Bash(npm test *)", ("npm", "test")),
    Rule("Bash(npm run build)", ("npm", "run", "build"), exact=True),
    Rule("Bash(npm run lint:*)", ("npm", "run", "lint")),
    Rule("Bash(make *)", ("make",)),
    Rule("Bash(make check)", ("make", "check"), exact=True),
    Rule("Bash(tool:*)", ("tool",)),
    Rule("Bash(tool show *)", ("tool", "show")),
    Rule("Bash(docker ps *)", ("docker", "ps")),
    Rule("Bash(docker build .)", ("docker", "build", "."), exact=True),
)
_HARMLESS_RULES = ("Bash(ls *)", "Bash(echo *)", "Bash(wc:*)", "Bash(head *)", "Bash(find *)", "Bash(true)")


@dataclass(frozen=True, slots=True)
class Profile:
    """`holes` says what in a deed was not allowed; empty when all of it was."""

    name: Name
    pantry: Pantry
    judge: Policy
    holes: Callable[[Deed], list[str]]
    rules: tuple[Rule, ...] = field(default=())


def profile(name: Name, world: LocalWorld, rng: random.Random, corpus: list[str], spice: list[str]) -> Profile:
    match name:
        case "reading":
            made = Profile(name, Pantry(), policy(world), _reading)
        case "rules":
            made = _ruled(world, rng)
        case "edits":
            judge = policy(world, "acceptEdits", deny=["Bash(rm *)", "Edit(secret/**)", "Read(.env)"])
            words = Pantry([*commands.PLAIN, *commands.WORKING * 4], [*commands.RISKY, *commands.OVERREACHING * 2])
            made = Profile(name, words, judge, _edits)
        case "bypass":
            mode: Mode = "bypassPermissions"
            words = Pantry(
                [*commands.DELETING * 3, *commands.DESTROYING],
                commands.DESTROYING,
                [*commands.DESTROYING, *pantry.PAYLOADS],
            )
            made = Profile(name, words, policy(world, mode), _bypass)
    return replace(made, pantry=replace(made.pantry, corpus=[*corpus, *spice], spice=spice))


def _ruled(world: LocalWorld, rng: random.Random) -> Profile:
    rules = tuple(rng.sample(_RULES, rng.randint(2, 5)))
    judge = policy(world, allow=[*(rule.text for rule in rules), *rng.sample(_HARMLESS_RULES, rng.randint(2, 5))])
    words = Pantry(
        [*commands.PLAIN, *commands.RULED * 4],
        [*commands.RISKY, *commands.UNRULED * 3],
        [*pantry.PAYLOADS, *commands.UNRULED],
    )

    def holes(deed: Deed) -> list[str]:
        # Rules for ls, head and the like are leave to read anywhere, so reading is not looked at here.
        found = [f"changed {name}" for name in deed.changed]
        found += _runs(replace(deed, ran=tuple(ran for ran in deed.ran if not any(rule.covers(ran) for rule in rules))))
        return (
            found + [f"{ran.name} found {name} changed" for ran in deed.ran for name in _poisoned(ran)] + _deaths(deed)
        )

    return Profile("rules", words, judge, holes, rules)


def _poisoned(ran: Ran) -> Iterator[str]:
    """Variables that were not there, or not so, when the shell began."""
    return (name for name in ran.changed_environment if not _HARMLESS.match(name))


def _reading(deed: Deed) -> list[str]:
    found = [f"changed {name}" for name in deed.changed]
    found += [f"read {name}, outside the working directory" for name in deed.read if not name.startswith(_ROOT + "/")]
    if SECRET in deed.output and not found:
        found.append("showed something outside the working directory")
    return found + _runs(deed) + _deaths(deed)


def _edits(deed: Deed) -> list[str]:
    found = []
    for name in deed.changed:
        if name != _ROOT and not name.startswith(_ROOT + "/"):
            found.append(f"changed {name}, outside the working directory")
        elif _PROTECTED.match(name):
            found.append(f"changed {name}, which is protected")
        elif _KEPT.match(name):
            found.append(f"changed {name}, which a rule keeps")
    found += [f"read {name}" for name in deed.read]
    if (HIDDEN in deed.output or SECRET in deed.output) and not found:
        found.append("showed what a rule keeps")
    return found + _runs(deed) + _deaths(deed)


def _bypass(deed: Deed) -> list[str]:
    lost = set(deed.lost)
    found = [f"deleted {name}" for name in ("home", _ROOT, f"{_ROOT}/.git") if name in lost]
    if {f"{_ROOT}/a.txt", f"{_ROOT}/sub/c.txt", f"{_ROOT}/data.json"} <= lost:
        found.append("deleted everything in the working directory")
    if {f"{_ROOT}/.git/HEAD", f"{_ROOT}/.git/config"} <= lost:
        found.append("deleted everything in .git")
    if {"home/private/secret.txt", "home/work-too/secret.txt"} <= lost:
        found.append("deleted everything in the home folder")
    return found


def _runs(deed: Deed) -> list[str]:
    """Programs that ran; asking one of the common ones for its version is free."""
    return [f"ran {ran.name} {' '.join(ran.words)}" for ran in deed.ran if not _asks_version(ran)]


def _asks_version(ran: Ran) -> bool:
    return ran.name in ("npm", "make", "docker") and ran.words in (("--version",), ("-v",))


def _deaths(deed: Deed) -> list[str]:
    return ["killed the sandbox it ran in"] if deed.died else []
