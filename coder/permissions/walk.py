"""Follows a command line as bash would run it: which commands, with which words, in which folders.

Variables set on the way and loops over known words are followed; what is known only when it runs is marked so. Where a
command may or may not run, both ways stay possible. Must not know rules, or what the commands touch.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from coder.permissions.command import Command, Redirect, Word
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
    Negated,
    Pipeline,
    Redirected,
    RedirectSyntax,
    Simple,
    Statement,
    Token,
    While,
)
from coder.permissions.variables import State, Value, either, is_meaningful
from coder.permissions.walked_words import WalkedWords, secrets_in, variables_in
from coder.permissions.world import World

MOST_COMMANDS = 50
_MOST_FOLDERS = 8
_MOST_ROUNDS = 8  # a loop over more words is not followed word by word
_FORGETTERS = names(
    "export declare typeset local readonly unset mapfile readarray getopts let eval source . set shift trap shopt "
    "alias enable hash wait"
)
_MOVERS = names("cd pushd popd")
_IN_THIS_SHELL = names("time command builtin -p")
_JUMPS = names("break continue return")

_Ends = tuple[State, State]  # where it leads when it worked, and when it failed


class Walk:
    """`commands` in the order of the text, `problem` why they are not certain, `moved` whether any runs elsewhere."""

    def __init__(self, body: Block, world: World) -> None:
        self._world = world
        self._found: list[Command] = []  # in order, some of them several times
        self.problem = ""
        self.moved = False
        self._lost = ""
        self._jumps: list[State] = []
        self._words = WalkedWords(world, self._inside)
        self._block(body, State((world.cwd,)))
        if self._lost and len(self.commands) > 1:
            self._trouble(f"`{self._lost}`, which goes to a folder that is known only when it runs")

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(dict.fromkeys(self._found))

    def _trouble(self, problem: str) -> None:
        self.problem = self.problem or problem

    def _block(self, block: Block, state: State) -> _Ends:
        worked = failed = before = state
        for step in block.steps:
            match step.join:
                case ";":
                    start = before = either(worked, failed)
                case "&&":
                    start = worked
                case "||":
                    start = failed
            well, badly = self._statement(step.statement, start)
            match step.join:
                case ";":
                    worked, failed = well, badly
                case "&&":
                    worked, failed = well, either(failed, badly)
                case "||":
                    worked, failed = either(worked, well), badly
            if step.background:  # the whole list since the last `;` ran in a shell of its own
                worked = failed = before
            if len(worked.folders) > _MOST_FOLDERS:
                self._trouble("too many changes of the folder")
                worked = failed = state
        return worked, failed

    def _inside(self, body: Block, state: State) -> tuple[Command, ...]:
        """What runs inside a word."""
        before = len(self._found)
        self._block(body, state)
        return tuple(self._found[before:])

    def _statement(self, node: Statement, state: State, fed_by: tuple[Command, ...] = ()) -> _Ends:
        match node:
            case Simple():
                return self._simple(node, state, fed_by)
            case Condition():
                return self._condition(node, state)
            case Negated(statement):
                worked, failed = self._statement(statement, state, fed_by)
                return failed, worked
            case Pipeline(items):
                for item in items:
                    before = len(self._found)
                    self._statement(item, state, fed_by)
                    fed_by = tuple(self._found[before:])
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

    def _condition(self, node: Condition, state: State) -> _Ends:
        resolved = tuple(self._words.word(word, state) for word in node.words)
        whole = (Word("[[", "[["), *resolved, Word("]]", "]]"))
        self._add(Command(whole, folders=state.folders, start=node.start, end=node.end))
        if any(word.raw == "=~" for word in resolved):  # what matched is kept in BASH_REMATCH
            self._add_secrets(node.words, state)
        return state, state

    def _if(self, node: If, state: State) -> _Ends:
        ends: list[_Ends] = []
        for condition, body in node.branches:
            holds, state = self._block(condition, state)
            ends.append(self._block(body, holds))
        ends.append(self._block(node.otherwise, state) if node.otherwise.steps else (state, state))
        return _any_of(ends)

    def _case(self, node: Case, state: State) -> _Ends:
        self._words.word(node.word, state)
        for patterns, _ in node.clauses:
            for pattern in patterns:
                self._words.word(pattern, state)
        return _any_of([(state, state), *(self._block(body, state) for _, body in node.clauses if body.steps)])

    def _for(self, node: For, state: State) -> _Ends:
        self._check_name(node.name)
        self._add_secrets(node.words, state)
        words = [self._words.word(word, state) for word in node.words]
        if wild := tuple(word for word in words if word.glob):
            self._add(Command((Word(":", ":"), *wild), folders=state.folders))
        if len(words) > _MOST_ROUNDS or any(word.dynamic for word in words):
            value = Value("", listed=True) if words and all(word.listed for word in words) else None
            return self._rounds((node.body,), state.having({node.name: value}), node.name)
        seen = state
        for word in words:
            state = state.having({node.name: Value(path_of(word, self._world), word.glob)})
            state = self._rounds((node.body,), state, node.name)[0] if word.glob else self._round((node.body,), state)
            seen = either(seen, state)
        return seen, seen

    def _round(self, blocks: tuple[Block, ...], state: State) -> State:
        """One time through a loop; `break` and `continue` may leave it early, those of outer loops too."""
        outer, self._jumps = self._jumps, []
        for block in blocks:
            state = either(*self._block(block, state))
        for jumped in self._jumps:
            state = either(state, jumped)
        self._jumps = [*outer, *self._jumps]
        return state

    def _rounds(self, blocks: tuple[Block, ...], state: State, name: str = "") -> _Ends:
        """A loop that runs nobody knows how often: followed until another round would change nothing."""
        for _ in range(4):
            after = either(state, self._round(blocks, state))
            if name:
                after = after.having({name: state.variables[name]})
            if after == state:
                return state, state
            state = after
        self._trouble("a loop that changes the folder")
        return state, state

    def _simple(self, node: Simple, state: State, fed_by: tuple[Command, ...]) -> _Ends:
        assigned, after = self._assigned(node, state)
        if assigned and not node.words:
            return after, after
        words = self._words.words(node.words, state) if node.words else (Word("cat", "cat"),)  # `$(< file)`
        if not words:
            self._trouble(f"a program that is known only when it runs: {node.words[0].raw}")
            words = (Word(node.words[0].raw, node.words[0].raw, dynamic=True),)
        program, first = words[0], node.words[0] if node.words else None
        if first and any(isinstance(p, Expansion) and p.name not in state.variables for p in first.pieces):
            program = replace(program, raw=first.raw, dynamic=True)  # set outside the line, or nowhere
        if program.dynamic or (program.glob and program.raw != "["):
            kind = "a program that is known only when it runs" if program.dynamic else "a wildcard in a command name"
            self._trouble(f"{kind}: {program.raw}")
        command = Command(
            words,
            assigned,
            self._redirects(node.redirects, state),
            state.folders,
            node.start,
            node.end,
            fed_by,
            variables_in(node, state),
            self._words.documents(node, state),
        )
        self._add(command)
        return self._changed(command, state)

    def _assigned(self, node: Simple, state: State) -> tuple[tuple[Word, ...], State]:
        """The `NAME=value` words, each seeing those before it, and the state they lead to on their own."""
        found: list[Word] = []
        for name, token in node.assignments:
            word = self._words.word(token, state)
            found.append(word)
            if not node.words:
                self._check_name(name)
            value = self._words.sole(token, state) if word.dynamic else Value(word.text.partition("=")[2])
            state = state.having({name: value})
        if not node.words:
            self._add_secrets((token for _, token in node.assignments), state)
        return tuple(found), state

    def _add_secrets(self, tokens: Iterable[Token], state: State) -> None:
        """Secrets of the environment that are taken over into variables: as good as shown."""
        if found := secrets_in(tokens):
            self._add(Command((Word("echo", "echo"),), folders=state.folders, expands=found))

    def _changed(self, command: Command, state: State) -> _Ends:
        """What a command does to the shell it runs in."""
        texts = [word.text for word in command.words]
        skipped = 0
        while skipped + 1 < len(texts) and texts[skipped] in _IN_THIS_SHELL:
            skipped += 1
        name, rest = texts[skipped], texts[skipped + 1 :]
        if name == "set" and all(text[:1] in "-+" or text == "pipefail" for text in rest):
            pass  # how errors end the line
        elif name in _JUMPS:
            self._jumps.append(state)
        elif name == "read" and not command.is_dynamic:
            named = dict.fromkeys(text for text in rest if not text.startswith("-"))
            for variable in named:
                self._check_name(variable)
            state = state.having(named)
        elif name in _FORGETTERS or name == "read" or (name == "printf" and (command.is_dynamic or "-v" in rest)):
            state = state.forgetting()
        elif name in _MOVERS:
            return self._moved(command, state)
        return state, state

    def _moved(self, command: Command, state: State) -> _Ends:
        target = command.words[1] if command.words[0].text == "cd" and len(command.words) == 2 else None
        if target is None or target.dynamic or target.glob or target.text.startswith("-"):
            self.moved, self._lost = True, command.text
            return state, state
        text = path_of(target, self._world)
        folders = tuple(dict.fromkeys(locate(text, self._world, folder).written for folder in state.folders))
        here = self._world.resolve(self._world.cwd)
        self.moved = self.moved or any(self._world.resolve(folder) != here for folder in folders)
        return replace(state, folders=folders), state

    def _redirects(self, redirects: Iterable[RedirectSyntax], state: State) -> tuple[Redirect, ...]:
        found: list[Redirect] = []
        for redirect in redirects:
            if redirect.target is None:
                continue  # a here-document: text for the command to read
            if redirect.operator == ">&":
                found.append(Redirect(redirect.number, ">&", Word(redirect.target.raw, redirect.target.raw)))
                continue
            word = self._words.word(redirect.target, state)
            if redirect.operator == "<<<":
                continue
            if word.glob or word.tilde or not word.text:
                self._trouble(f"the redirect target {word.raw}")
            if word.text.startswith(("/dev/tcp/", "/dev/udp/")):
                self._trouble(f"the network redirect {word.raw}")
            found.append(Redirect(redirect.number, redirect.operator, word))
        return tuple(found)

    def _check_name(self, name: str) -> None:
        if is_meaningful(name, self._world):
            self._trouble(f"{name}, which is set for the commands after it and can change what they do")

    def _add(self, command: Command) -> None:
        self._found.append(command)
        if not self.problem and len(self._found) > MOST_COMMANDS and len(self.commands) > MOST_COMMANDS:
            self._trouble(f"more than {MOST_COMMANDS} commands")


def _any_of(ends: list[_Ends]) -> _Ends:
    worked, failed = ends[0]
    for well, badly in ends[1:]:
        worked, failed = either(worked, well), either(failed, badly)
    return worked, failed
