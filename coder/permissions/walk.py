"""Follows a command line as bash would run it: which commands, with which words, in which folders.

Variables set on the way and loops over known words are followed; what is known only when it runs is marked so. Where a
command may or may not run, both ways stay possible. Must not know rules, or what the commands touch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import assert_never

from coder.permissions import outputs
from coder.permissions.command import PIPE, Command, Redirect, Word
from coder.permissions.names import names
from coder.permissions.paths import locate, path_of
from coder.permissions.syntax import (
    Block,
    Case,
    Condition,
    Expansion,
    For,
    Group,
    If,
    Piece,
    Pipeline,
    Redirected,
    RedirectSyntax,
    Simple,
    Statement,
    Substitution,
    Token,
    Verbatim,
    While,
)
from coder.permissions.world import World

MOST_COMMANDS = 50
_MOST_FOLDERS = 8
_MOST_ROUNDS = 8  # a loop over more words is not followed word by word
_SPLITS = re.compile(r"[\s*?\[]")
# Names that mean something to bash or to programs; a variable of the session's environment is one as well.
_MEANINGFUL = re.compile(
    r"(BASH|COMP_|DYLD_|GIT_|HIST|LC_|LD_|LESS|MAIL|NODE_|NPM_|OPT|PERL|PIP_|PROMPT|PS\d|PYTHON|READLINE|RUBY|SSH_|XDG_)"
    r"|.*(PAGER|EDITOR|PATH|HOME|OPTIONS|OPTS|FLAGS|CONFIG|PROXY|proxy)\Z|(npm|pip)_",
)
_SPECIAL = names(
    "CDPATH COLUMNS COPROC DIRSTACK EMACS ENV EUID EXECIGNORE FCEDIT FIGNORE FUNCNAME FUNCNEST GLOBIGNORE GROUPS HOST "
    "HOSTFILE HOSTNAME HOSTTYPE IFS IGNOREEOF INPUTRC LANG LANGUAGE LINENO LINES LOGNAME MACHTYPE MAPFILE OLDPWD "
    "OSTYPE PIPESTATUS POSIXLY_CORRECT PPID PWD RANDOM REPLY SECONDS SHELL SHELLOPTS SHLVL SRANDOM TERM TIMEFORMAT "
    "TMOUT TMPDIR TZ UID USER VISUAL histchars auto_resume _"
)
_FORGETTERS = names(
    "export declare typeset local readonly unset mapfile readarray getopts let eval source . set shift trap builtin "
    "command"
)
_MOVERS = names("cd pushd popd")
_VARIABLE = re.compile(r"\$\{?#?([A-Za-z_]\w*)", re.ASCII)
_KNOWN = {"?": "0", "#": "0", "0": "bash", "BASH_SOURCE[0]": ""}
_SECRET = re.compile(r"(?i).*(key|token|secret|passw|credential|auth)")
_DEFAULT = re.compile(r"\$\{(?P<name>[A-Za-z_]\w*)(?P<how>:?[-+])(?P<word>[\w./:@%+=,~-]*)\}\Z", re.ASCII)
_OWN = re.compile(r"(BASH|COMP_|EPOCH|HIST|MAPFILE|OPT|READLINE_|PROMPT_|coder_command\Z)|[^A-Za-z_]")


@dataclass(frozen=True, slots=True)
class _Value:
    """What a variable holds; with `glob` any name that the pattern matches, with `listed` any that a command listed."""

    text: str
    glob: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    """`variables` that are not named are whatever the environment says; None is unknown."""

    folders: tuple[Path, ...]
    variables: Mapping[str, _Value | None] = field(default_factory=dict)


def _either(one: _State, other: _State) -> _State:
    """One of the two, it is not known which."""
    if one == other:
        return one
    folders = tuple(dict.fromkeys((*one.folders, *other.folders)))
    keys = {*one.variables, *other.variables}
    same = {key: one.variables.get(key) if one.variables.get(key) == other.variables.get(key) else None for key in keys}
    return _State(folders, same)


_Ends = tuple[_State, _State]  # where it leads when it worked, and when it failed


class Walk:
    """`commands` in the order of the text, `problem` why they are not certain, `moved` whether any runs elsewhere."""

    def __init__(self, body: Block, world: World) -> None:
        self._world = world
        self._found: dict[Command, None] = {}
        self.problem = ""
        self.moved = False
        self._lost = ""
        self._block(body, _State((world.cwd,)))
        if self._lost and len(self._found) > 1:
            self._trouble(f"`{self._lost}`, which goes to a folder that is known only when it runs")

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(self._found)

    def _trouble(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _block(self, block: Block, state: _State) -> _Ends:
        worked = failed = state
        for step in block.steps:
            match step.join:
                case ";":
                    start = _either(worked, failed)
                case "&&":
                    start = worked
                case "||":
                    start = failed
            well, badly = self._statement(step.statement, start)
            if step.background:
                well = badly = start
            match step.join:
                case ";":
                    worked, failed = well, badly
                case "&&":
                    worked, failed = well, _either(failed, badly)
                case "||":
                    worked, failed = _either(worked, well), badly
            if len(worked.folders) > _MOST_FOLDERS:
                self._trouble("too many changes of the folder")
                worked = failed = state
        return worked, failed

    def _statement(self, node: Statement, state: _State, fed_by: tuple[Command, ...] = ()) -> _Ends:
        match node:
            case Simple():
                return self._simple(node, state, fed_by)
            case Condition(words, begin, end):
                resolved = tuple(self._word(word, state) for word in words)
                whole = (Word("[[", "[["), *resolved, Word("]]", "]]"))
                self._add(Command(whole, folders=state.folders, start=begin, end=end))
                return state, state
            case Pipeline(items):
                for item in items:
                    before = len(self._found)
                    self._statement(item, state, fed_by)
                    fed_by = tuple(self._found)[before:]
                return state, state
            case Group(body, subshell):
                ends = self._block(body, state)
                return (state, state) if subshell else ends
            case Redirected(statement, redirects):
                self._add(Command((Word(":", ":"),), (), self._redirects(redirects, state), state.folders))
                return self._statement(statement, state, fed_by)
            case If():
                return self._if(node, state)
            case While(condition, body):
                return self._rounds((condition, body), state)
            case For():
                return self._for(node, state)
            case Case():
                return self._case(node, state)
            case _:
                assert_never(node)

    def _if(self, node: If, state: _State) -> _Ends:
        ends: list[_Ends] = []
        for condition, body in node.branches:
            holds, state = self._block(condition, state)
            ends.append(self._block(body, holds))
        ends.append(self._block(node.otherwise, state) if node.otherwise.steps else (state, state))
        return _any_of(ends)

    def _case(self, node: Case, state: _State) -> _Ends:
        self._word(node.word, state)
        for patterns, _ in node.clauses:
            for pattern in patterns:
                self._word(pattern, state)
        return _any_of([(state, state), *(self._block(body, state) for _, body in node.clauses if body.steps)])

    def _for(self, node: For, state: _State) -> _Ends:
        self._check_name(node.name)
        words = [self._word(word, state) for word in node.words]
        if wild := tuple(word for word in words if word.glob):
            self._add(Command((Word(":", ":"), *wild), folders=state.folders))
        if len(words) > _MOST_ROUNDS or any(word.dynamic for word in words):
            value = _Value("", listed=True) if words and all(word.listed for word in words) else None
            return self._rounds((node.body,), _with(state, {node.name: value}), node.name)
        seen = state
        for word in words:
            value = _Value(path_of(word, self._world), word.glob)
            state = _either(*self._block(node.body, _with(state, {node.name: value})))
            seen = _either(seen, state)
        return seen, seen

    def _rounds(self, blocks: tuple[Block, ...], state: _State, name: str = "") -> _Ends:
        """A loop that runs nobody knows how often: followed until another round would change nothing."""
        for _ in range(3):
            after = state
            for block in blocks:
                after = _either(*self._block(block, after))
            after = _either(state, after)
            if name:
                after = _with(after, {name: state.variables[name]})
            if after == state:
                return state, state
            state = after
        self._trouble("a loop that changes the folder")
        return state, state

    def _simple(self, node: Simple, state: _State, fed_by: tuple[Command, ...]) -> _Ends:
        assigned = tuple((name, self._word(token, state)) for name, token in node.assignments)
        if assigned and not node.words:
            for name, word in assigned:
                self._check_name(name)
                known = None if word.dynamic else _Value(word.text.partition("=")[2])
                state = _with(state, {name: known})
            return state, state
        words = tuple(word for token in node.words if (word := self._word(token, state)).text or not _vanishes(token))
        if not node.words:
            words = (Word("cat", "cat"),)  # `$(< file)`
        if not words:
            self._trouble(f"a program that is known only when it runs: {node.words[0].raw}")
            return state, state
        program = words[0]
        first = node.words[0] if node.words else None
        if first and any(isinstance(p, Expansion) and p.name not in state.variables for p in first.pieces):
            program = replace(program, raw=first.raw, dynamic=True)  # set outside the line, or nowhere
        if program.dynamic or (program.glob and program.raw != "["):
            kind = "a program that is known only when it runs" if program.dynamic else "a wildcard in a command name"
            self._trouble(f"{kind}: {program.raw}")
        redirects = self._redirects(node.redirects, state)
        command = Command(
            words,
            tuple(word for _, word in assigned),
            redirects,
            state.folders,
            node.start,
            node.end,
            fed_by,
            self._expanded(node, state),
            self._documents(node, state),
        )
        self._add(command)
        return self._changed(command, state)

    def _documents(self, node: Simple, state: _State) -> tuple[str, ...]:
        texts = ["".join(_text(piece) for piece in r.document.pieces) for r in node.redirects if r.document]
        strings = (r.target for r in node.redirects if r.operator == "<<<" and r.target)
        return (*texts, *(self._word(token, state).text for token in strings))

    def _expanded(self, node: Simple, state: _State) -> tuple[str, ...]:
        """The variables a command uses that are set outside the line, or nowhere."""
        tokens = [*node.words, *(token for _, token in node.assignments)]
        tokens += [redirect.target for redirect in node.redirects if redirect.target]
        sources = [piece.source for token in tokens for piece in token.pieces if isinstance(piece, Expansion)]
        documents = (redirect.document for redirect in node.redirects if redirect.document)
        sources += [p.text for d in documents if not d.quoted for p in d.pieces if isinstance(p, Verbatim)]
        found = dict.fromkeys(name for source in sources for name in _VARIABLE.findall(source))
        return tuple(name for name in found if name not in state.variables and name not in ("HOME", "PWD"))

    def _changed(self, command: Command, state: _State) -> _Ends:
        """What a command does to the shell it runs in."""
        name, *rest = (word.text for word in command.words)
        if name == "read":
            named = {text: None for text in rest if not text.startswith("-")}
            for variable in named:
                self._check_name(variable)
            return _with(state, named), _with(state, named)
        if name in _FORGETTERS:
            state = _with(state, {**dict.fromkeys(state.variables), "HOME": None, "PWD": None})
        if not {name, *rest[: name in ("command", "builtin")]} & _MOVERS:
            return state, state
        target = command.words[1] if name == "cd" and len(rest) == 1 else None
        if target is None or target.dynamic or target.glob or target.text.startswith("-"):
            self.moved, self._lost = True, command.text
            return state, state
        text = path_of(target, self._world)
        folders = tuple(dict.fromkeys(locate(text, self._world, folder).written for folder in state.folders))
        here = self._world.resolve(self._world.cwd)
        self.moved = self.moved or any(self._world.resolve(folder) != here for folder in folders)
        return replace(state, folders=folders), state

    def _redirects(self, redirects: Iterable[RedirectSyntax], state: _State) -> tuple[Redirect, ...]:
        found: list[Redirect] = []
        for redirect in redirects:
            if redirect.target is None:
                continue  # a here-document: text for the command to read
            if redirect.operator == ">&":
                found.append(Redirect(redirect.number, ">&", Word(redirect.target.raw, redirect.target.raw)))
                continue
            word = self._word(redirect.target, state)
            if redirect.operator == "<<<":
                continue
            if word.glob or word.tilde or not word.text:
                self._trouble(f"the redirect target {word.raw}")
            if word.text.startswith(("/dev/tcp/", "/dev/udp/")):
                self._trouble(f"the network redirect {word.raw}")
            found.append(Redirect(redirect.number, redirect.operator, word))
        return tuple(found)

    def _word(self, token: Token, state: _State) -> Word:
        """The word bash would make of it; what runs inside it is added to the commands."""
        if not token.pieces:
            return Word(token.raw, token.raw)
        text, written = "", ""
        glob = dynamic = False
        single = listed = True
        for piece in token.pieces:
            match piece:
                case Verbatim():
                    text, written, glob = text + piece.text, written + piece.text, glob or piece.glob
                    continue
                case Expansion():
                    value = self._value(piece.name, state) if piece.name else self._defaulted(piece.source, state)
                case Substitution():
                    value = self._output(piece, state)
                case _:
                    assert_never(piece)
            written += piece.source
            if value is not None and not value.listed and (piece.quoted or _is_whole(value)):
                text, glob = text + value.text, glob or value.glob
                continue
            dynamic, single, text = True, single and piece.quoted, text + piece.source
            listed = listed and value is not None and (value.listed or value.glob)
        source = written if written != text else ""
        return Word(token.raw, text, glob, token.tilde, dynamic, single, dynamic and listed, source)

    def _value(self, name: str, state: _State) -> _Value | None:
        """What a variable holds; None when only the run itself will tell, or when nobody should see it."""
        if name in state.variables:
            return state.variables[name]
        if name in _KNOWN:
            return _Value(_KNOWN[name])
        if name == "PWD":
            return _Value(str(state.folders[0])) if len(state.folders) == 1 else None
        if name == "HOME":
            return _Value(str(self._world.home))
        if not name or name in _SPECIAL or _OWN.match(name) or _SECRET.match(name):
            return None
        return _Value(self._world.variable(name) or "")

    def _defaulted(self, source: str, state: _State) -> _Value | None:
        """`${name:-word}` and its like, when the variable is known; None for every other expansion."""
        found = _DEFAULT.match(source)
        value = self._value(found["name"], state) if found else None
        if not found or value is None or value.listed or value.glob:
            return None
        is_set = bool(value.text) or (":" not in found["how"] and self._world.variable(found["name"]) is not None)
        if "-" in found["how"]:
            return value if is_set else _Value(found["word"])
        return _Value(found["word"] if is_set else "")

    def _output(self, piece: Substitution, state: _State) -> _Value | None:
        """What a substitution stands for, where that can be told."""
        before = len(self._found)
        self._block(piece.body, state)
        if piece.is_pipe:
            return _Value(PIPE)
        if piece.source.startswith("${"):
            return None
        added = tuple(self._found)[before:]
        if not _is_pipeline(piece.body) or not added or not all(_prints_only(command) for command in added):
            return None
        alone = isinstance(piece.body.steps[0].statement, Simple)
        if alone and (known := outputs.text_of(added[-1])) is not None:
            return _Value(known)
        return _Value("", listed=True) if outputs.lists_files(added[-1:]) else None

    def _check_name(self, name: str) -> None:
        if name in _SPECIAL or _MEANINGFUL.match(name) or self._world.variable(name) is not None:
            self._trouble(f"the variable {name}, which is set for the commands after it and can change what they do")

    def _add(self, command: Command) -> None:
        self._found[command] = None
        if len(self._found) > MOST_COMMANDS:
            self._trouble(f"more than {MOST_COMMANDS} commands")


def _with(state: _State, variables: Mapping[str, _Value | None]) -> _State:
    return replace(state, variables={**state.variables, **variables})


def _any_of(ends: list[_Ends]) -> _Ends:
    worked, failed = ends[0]
    for well, badly in ends[1:]:
        worked, failed = _either(worked, well), _either(failed, badly)
    return worked, failed


def _is_whole(value: _Value) -> bool:
    """Whether bash leaves it one word, as it is, outside quotes."""
    return not value.glob and not _SPLITS.search(value.text)


def _is_pipeline(body: Block) -> bool:
    statement = body.steps[0].statement
    items = statement.items if isinstance(statement, Pipeline) else (statement,)
    return len(body.steps) == 1 and all(isinstance(item, Simple) for item in items)


def _prints_only(command: Command) -> bool:
    """Whether all it prints is its own output: no redirect but that of its errors into nothing."""
    return all(r.number == "2" and r.target.text == "/dev/null" and not r.copies for r in command.redirects)


def _text(piece: Piece) -> str:
    return piece.text if isinstance(piece, Verbatim) else piece.source


def _vanishes(token: Token) -> bool:
    """Whether a word that comes to nothing is no word at all: it has no quotes."""
    return not any(piece.quoted for piece in token.pieces)
