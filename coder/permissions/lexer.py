"""A strict reader of plain shell commands: it knows few forms, and refuses the rest by name. Must not know any command.

Plain means simple commands with literal words, joined by `&& || ; | |&` and newlines, with redirects to plain files.
What bash would expand, run inside, or read differently from how it looks is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from coder.permissions.names import names

MAX_LENGTH = 10_000
_BLANKS = " \t"
_ENDS = " \t\n;&|<>()"
_RESERVED = names("! { } [[ ]] case coproc do done elif else esac fi for function if in select then until while")
_NUMBERED = re.compile(r"\d+(?=[<>])")
_DUPLICATE = re.compile(r">&[12](?=[ \t\n;&|]|\Z)")
_UNESCAPABLE = {"": "a backslash at the end", "\n": "a line continued inside a word", "`": "an escaped `"}
_OPERATORS = ("&&", "||", "|&", "|")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_ODD_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[|\+=)")
_REFLOG = re.compile(r"[A-Za-z0-9_./-]*@\{[A-Za-z0-9]+\}\Z")


class NotUnderstood(Exception):
    """`part` names what stands in the way, as a noun phrase."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True, slots=True)
class Word:
    """`raw` as written, `text` as the program gets it (but for `~`, which stays). `dynamic` only in salvaged words."""

    raw: str
    text: str
    glob: bool = False
    tilde: bool = False
    dynamic: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    number: str
    operator: str
    target: Word

    @property
    def copies(self) -> bool:
        """`2>&1`: one stream joins another, no file is touched."""
        return self.operator == ">&"


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. `assignments` are the `NAME=value` before its words."""

    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()

    @property
    def text(self) -> str:
        """The command as written but for blanks, without its redirects."""
        return " ".join(word.raw for word in (*self.assignments, *self.words))


@dataclass(frozen=True, slots=True)
class Script:
    """Simple commands in order and the operators met, newlines and `;` left out."""

    commands: tuple[Command, ...]
    operators: tuple[str, ...]

    @property
    def is_chain(self) -> bool:
        """Every command runs only when the one before it has succeeded: `a && b && c`."""
        return self.operators == ("&&",) * (len(self.commands) - 1)


def lex(source: str) -> Script:
    """Reads a whole command line. Raises NotUnderstood at the first thing that is not plain."""
    if len(source) > MAX_LENGTH:
        raise NotUnderstood(f"more than {MAX_LENGTH:,} characters")
    for char in source:
        if not char.isprintable() and char not in "\t\n":
            raise NotUnderstood(f"the invisible character U+{ord(char):04X}")
    return _Reader(source).script()


class _Reader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.commands: list[Command] = []
        self.operators: list[str] = []
        self.words: list[Word] = []
        self.assignments: list[Word] = []
        self.redirects: list[Redirect] = []
        self.pending = False  # an operator waits for its right side

    def script(self) -> Script:
        while self.position < len(self.source):
            self._token()
        self._end_command(required=self.pending)
        if not self.commands:
            raise NotUnderstood("no command")
        return Script(tuple(self.commands), tuple(self.operators))

    def _token(self) -> None:
        rest, char = self.source[self.position : self.position + 3], self.source[self.position]
        if char in _BLANKS:
            self.position += 1
        elif rest.startswith("\\\n"):
            self.position += 2
        elif char == "#":
            end = self.source.find("\n", self.position)
            self.position = len(self.source) if end < 0 else end
        elif char == "\n":
            self._end_command(required=False)
            self.position += 1
        elif char in "<>" or rest.startswith("&>") or _NUMBERED.match(self.source, self.position):
            self._redirect()
        elif char in ";&|":
            self._operator(rest)
        elif char in "()":
            raise NotUnderstood("a subshell, a function or a pattern in parentheses")
        else:
            self._word()

    def _operator(self, rest: str) -> None:
        self._end_command(required=True)
        if rest.startswith((";;", ";&")):
            raise NotUnderstood("a case clause")
        if rest.startswith(";"):
            self.position += 1
            return
        operator = next((o for o in _OPERATORS if rest.startswith(o)), None)
        if operator is None:
            raise NotUnderstood("a command in the background (&)")
        self.operators.append(operator)
        self.pending = True
        self.position += len(operator)

    def _end_command(self, *, required: bool) -> None:
        if self.words:
            self.commands.append(Command(tuple(self.words), tuple(self.assignments), tuple(self.redirects)))
            self.words, self.assignments, self.redirects = [], [], []
            self.pending = False
        elif self.assignments:
            raise NotUnderstood("a variable that is set for later commands")
        elif self.redirects:
            raise NotUnderstood("a redirect without a command")
        elif required:
            raise NotUnderstood("an operator without a command beside it")

    def _redirect(self) -> None:
        found = _NUMBERED.match(self.source, self.position)
        number = found[0] if found else ""
        self.position += len(number)
        if found := _DUPLICATE.match(self.source, self.position):
            if number not in ("", "1", "2"):
                raise NotUnderstood(f"a redirect of stream {number}")
            self.position = found.end()
            self.redirects.append(Redirect(number, ">&", Word(found[0][-1], found[0][-1])))
            return
        rest = self.source[self.position : self.position + 3]
        operator = next((o for o in ("&>>", "&>", ">>", ">", "<") if rest.startswith(o)), "")
        following = rest[len(operator) : len(operator) + 1]
        if not operator or (following and following in "<>&|("):
            raise NotUnderstood("a here-document" if rest.startswith("<<") else f"the redirect {number}{rest[:2]}")
        if number not in (("", "0") if operator == "<" else ("", "1", "2")):
            raise NotUnderstood(f"a redirect of stream {number}")
        self.position += len(operator)
        self._skip_blanks()
        if self.position >= len(self.source) or self.source[self.position] in "\n;&|<>()#\\":
            raise NotUnderstood("a redirect without a file")
        target = self._read_word()
        if target.glob or target.tilde or not target.text:
            raise NotUnderstood(f"the redirect target {target.raw}")
        if target.text.startswith(("/dev/tcp/", "/dev/udp/")):
            raise NotUnderstood(f"the network redirect {target.raw}")
        self.redirects.append(Redirect(number, operator, target))

    def _skip_blanks(self) -> None:
        while self.position < len(self.source) and self.source[self.position] in _BLANKS:
            self.position += 1

    def _word(self) -> None:
        word = self._read_word()
        if self.words:
            self.words.append(word)
        elif _ODD_ASSIGNMENT.match(word.raw):
            raise NotUnderstood(f"the assignment {word.raw}")
        elif _ASSIGNMENT.match(word.raw):
            self.assignments.append(word)
        elif word.raw in _RESERVED:
            raise NotUnderstood(f"the shell keyword {word.raw}")
        elif word.glob and word.raw != "[":
            raise NotUnderstood(f"a wildcard in a command name: {word.raw}")
        else:
            self.words.append(word)

    def _read_word(self) -> Word:
        start = self.position
        text: list[str] = []
        glob = tilde = braces = False
        while self.position < len(self.source) and (char := self.source[self.position]) not in _ENDS:
            self.position += 1
            match char:
                case "'":
                    text.append(self._single_quoted())
                case '"':
                    text.append(self._double_quoted())
                case "\\":
                    text.append(self._escaped())
                case "`":
                    raise NotUnderstood("a command substitution (`…`)")
                case "$":
                    text.append(self._dollar(" \t\n;&|"))
                case "~":
                    tilde = self._tilde(start) or tilde
                    text.append(char)
                case _:
                    glob = glob or char in "*?["
                    braces = braces or char in "{}"
                    text.append(char)
        raw = self.source[start : self.position]
        if braces and not _REFLOG.match(raw):
            raise NotUnderstood(f"the braces in {raw}")
        return Word(raw, "".join(text), glob, tilde)

    def _single_quoted(self) -> str:
        end = self.source.find("'", self.position)
        if end < 0:
            raise NotUnderstood("a quote that never closes")
        inner = self.source[self.position : end]
        self.position = end + 1
        return inner

    def _double_quoted(self) -> str:
        text: list[str] = []
        while self.position < len(self.source):
            char = self.source[self.position]
            self.position += 1
            if char == '"':
                return "".join(text)
            if char == "`":
                raise NotUnderstood("a command substitution (`…`)")
            if char == "$":
                char = self._dollar('" |')
            elif char == "\\":
                following = self.source[self.position : self.position + 1]
                if following in _UNESCAPABLE:
                    raise NotUnderstood(_UNESCAPABLE[following])
                if following and following in '"\\$':
                    char = following
                    self.position += 1
            text.append(char)
        raise NotUnderstood("a quote that never closes")

    def _escaped(self) -> str:
        following = self.source[self.position : self.position + 1]
        if following in _UNESCAPABLE:
            raise NotUnderstood(_UNESCAPABLE[following])
        self.position += 1
        return following

    def _dollar(self, harmless: str) -> str:
        following = self.source[self.position : self.position + 1]
        if following and following not in harmless:
            self._refuse_expansion()
        return "$"

    def _refuse_expansion(self) -> NoReturn:
        rest = self.source[self.position :]
        if rest.startswith("(("):
            raise NotUnderstood("arithmetic ($((…)))")
        if rest.startswith("("):
            raise NotUnderstood("a command substitution ($(…))")
        if rest[0] in "'\"":
            raise NotUnderstood(f"the quoting ${rest[0]}…{rest[0]}")
        name = re.match(r"\{?[A-Za-z0-9_]*\}?", rest)
        raise NotUnderstood(f"the expansion ${name[0] if name and name[0] else rest[0]}")

    def _tilde(self, start: int) -> bool:
        following = self.source[self.position : self.position + 1]
        if self.position - 1 == start:
            if following and following != "/" and following not in _ENDS:
                raise NotUnderstood("a tilde that stands for somebody else's folder (~name)")
            return True
        if self.source[self.position - 2] in "=:":
            raise NotUnderstood("a tilde inside an assignment")
        return False
