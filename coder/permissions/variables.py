"""What the variables of a command line hold, as far as that can be told, and where it may be. Knows no command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.permissions.names import names
from coder.permissions.world import World

_SPLITS = re.compile(r"[\s*?\[]")
# Names that mean something to bash or to programs; a variable of the session's environment is one as well.
_MEANINGFUL = re.compile(
    r"(BASH|COMP_|DYLD_|GIT_|HIST|LC_|LD_|LESS|MAIL|NODE_|NPM_|OPT|PERL|PIP_|PROMPT|PS\d|PYTHON|READLINE|RUBY|SSH_|XDG_)"
    r"|.*(PAGER|EDITOR|PATH|HOME|OPTIONS|OPTS|FLAGS|CONFIG|PROXY|proxy)\Z|(npm|pip)_",
)
_SPECIAL = names(
    "CDPATH COLUMNS COPROC DIRSTACK EMACS ENV EUID EXECIGNORE FCEDIT FIGNORE FUNCNAME FUNCNEST GLOBIGNORE GROUPS HOST "
    "HOSTFILE HOSTNAME HOSTTYPE IFS IGNOREEOF INPUTRC LANG LANGUAGE LINENO LINES LOGNAME MACHTYPE MAPFILE OLDPWD "
    "OSTYPE PATH PIPESTATUS POSIXLY_CORRECT PPID PWD RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TERM "
    "TIMEFORMAT TMOUT TMPDIR TZ UID USER VISUAL histchars auto_resume"
)
_SECRET = re.compile(r"(?i).*(key|token|secret|passw|passphrase|credential|auth)|.*(_PWD|PASS|_PAT)\Z")
# What bash sets for itself, whatever the environment says.
_OWN = re.compile(r"(BASH|COMP_|EPOCH|HIST|MAPFILE|OPT|READLINE_|PROMPT_|PS\d|coder_command\Z|_\Z)|[^A-Za-z_]")
_KNOWN = {"0": "bash", "BASH_SOURCE[0]": ""}
_NUMBERS = frozenset("?#")
_DEFAULT = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?P<how>:?[-+])(?P<word>[\w./:@%+=,~-]*)\}\Z", re.ASCII)


def is_secret(name: str) -> bool:
    """Whether a variable of this name sounds like one that nobody should see."""
    return bool(_SECRET.match(name))


@dataclass(frozen=True, slots=True)
class Value:
    """What a variable holds; with `glob` any name that the pattern matches, with `listed` any that a command listed.

    With `revision` a plain word that git has named, or nothing; with `number` some digits.
    """

    text: str
    glob: bool = False
    listed: bool = False
    revision: bool = False
    number: bool = False

    @property
    def is_plain(self) -> bool:
        return not (self.glob or self.listed or self.revision or self.number)

    @property
    def is_whole(self) -> bool:
        """Whether bash leaves it one word, as it is, outside quotes."""
        return self.is_plain and not _SPLITS.search(self.text)


@dataclass(frozen=True, slots=True)
class State:
    """`variables` that are not named are whatever the environment says, or nobody knows when `forgotten`; None too."""

    folders: tuple[Path, ...]
    variables: Mapping[str, Value | None] = field(default_factory=dict)
    forgotten: bool = False

    def having(self, variables: Mapping[str, Value | None]) -> State:
        return replace(self, variables={**self.variables, **variables})

    def forgetting(self) -> State:
        """Some command may have set any variable."""
        return replace(self, variables={}, forgotten=True)


def either(one: State, other: State) -> State:
    """One of the two, it is not known which."""
    if one == other:
        return one
    folders = tuple(dict.fromkeys((*one.folders, *other.folders)))
    keys = {*one.variables, *other.variables}
    same = {key: one.variables[key] if _same(one, other, key) else None for key in keys}
    return State(folders, same, one.forgotten or other.forgotten)


def _same(one: State, other: State, key: str) -> bool:
    return key in one.variables and key in other.variables and one.variables[key] == other.variables[key]


def value_of(name: str, state: State, world: World) -> Value | None:
    """What a variable holds; None when only the run itself will tell, or when nobody should see it."""
    if name in state.variables:
        return state.variables[name]
    if name in _NUMBERS:
        return Value("", number=True)
    if state.forgotten:
        return None
    if name in _KNOWN:
        return Value(_KNOWN[name])
    if name == "PWD":
        return Value(str(state.folders[0])) if len(state.folders) == 1 else None
    if name == "HOME":
        return Value(str(world.home))
    if not name or name in _SPECIAL or _OWN.match(name) or is_secret(name):
        return None
    return Value(world.variable(name) or "")


def defaulted(source: str, state: State, world: World) -> Value | None:
    """`${name:-word}` and its like, when the variable is known; None for every other expansion."""
    found = _DEFAULT.match(source)
    value = value_of(found["name"], state, world) if found else None
    if not found or value is None or not value.is_plain:
        return None
    name, is_colon = found["name"], ":" in found["how"]
    is_set = bool(value.text) or (not is_colon and (name in state.variables or world.variable(name) is not None))
    if "-" in found["how"]:
        return value if is_set else Value(found["word"])
    return Value(found["word"] if is_set else "")


def is_meaningful(name: str, world: World) -> bool:
    """Whether setting it can change what later commands do."""
    return name in _SPECIAL or bool(_MEANINGFUL.match(name)) or world.variable(name) is not None
