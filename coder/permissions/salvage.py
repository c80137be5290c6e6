"""Every command that might be in a text that was not understood: too many rather than too few, to say no by."""

from __future__ import annotations

import re
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.permissions.command import Command, Redirect, Word
from coder.permissions.lexer import MAX_LENGTH
from coder.permissions.names import names

SHELLS = names("sh bash dash zsh ksh fish source .")  # they run what they are fed
_IFS = re.compile(r"\$\{IFS[^}]*\}|\$IFS\b")
_KEYWORDS = names("! do elif else if in then time until while coproc function")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[[^]]*\])?\+?=")
_PLAIN = re.compile(r"[A-Za-z0-9_./=:,@%+^~*?\[\]-]+")
_BRACES = re.compile(r"([^{}$]*)\{([^{}]*)\}([^{}]*)\Z")
_SPECIFIER = re.compile(r"%[-+ #0-9.]*[A-Za-z]")
_NAME = re.compile(r"\{[A-Za-z0-9_]+\}|\{")


def salvage(source: str) -> tuple[Command, ...]:
    """Every command that might be in the text, substitutions included. Guesses too many rather than too few."""
    text = source[: 4 * MAX_LENGTH].replace("\\\n", "").replace("\r", " ")
    text = _IFS.sub(" ", text)
    found = _Salvage(text).commands()
    if "\\`" in text:  # substitutions inside one another
        found += tuple(command for part in re.split(r"\\*`", text) for command in _Salvage(part).commands())
    if "<<" in text:  # a quote in a here-document is only a quote: no line may hide the ones after it
        found += tuple(command for line in text.split("\n") for command in _Salvage(line).commands())
    if any(program(word.text) in SHELLS for command in found for word in command.words):
        fed = [" ".join(w.text for w in c.words[1:]) for c in found if c.words[0].text in ("echo", "printf")]
        fed += [text for text in map(printed, found) if text]
        fed += [redirect.target.text for command in found for redirect in command.redirects]
        found += tuple(command for text in fed for command in _Salvage(text).commands())
    return found


def printed(command: Command) -> str | None:
    """What `echo` or `printf` prints, where that is plain to see."""
    name, *texts = (word.text for word in command.words)
    if any(word.dynamic or word.glob for word in command.words) or not texts or texts[0].startswith("-"):
        return None
    text = " ".join(texts)
    if name == "printf":
        template, *values = texts
        rounds = [_fill(template, values)]
        while values and _SPECIFIER.search(template):
            rounds.append(_fill(template, values))
        text = "".join(rounds).replace("\\n", "\n")
    return text if name in ("echo", "printf") and "\\" not in text else None


def _fill(template: str, values: list[str]) -> str:
    return _SPECIFIER.sub(lambda _: values.pop(0) if values else "", template)


def program(text: str) -> str:
    """The name of a program without its folder: `/bin/rm` is `rm`."""
    return text.rpartition("/")[2]


@dataclass(slots=True)
class _Fragment:
    """A command being collected. `closer` ends it when it is a substitution; `quoted` is inside double quotes."""

    closer: str = ""
    quoted: bool = False
    words: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    redirect: str = ""  # the next word is the target of this
    text: list[str] = field(default_factory=list)
    start: int = -1
    dynamic: bool = False


class _Salvage:
    def __init__(self, text: str) -> None:
        self.source = text
        self.position = 0
        self.found: list[Command] = []
        self.stack: list[_Fragment] = [_Fragment()]

    def commands(self) -> tuple[Command, ...]:
        while self.position < len(self.source):
            if plain := _PLAIN.match(self.source, self.position):
                self._add(plain[0])
                self.position = plain.end()
            else:
                self.position += 1
                self._step(self.source[self.position - 1])
        while self.stack:
            self._end_command()
            self.stack.pop()
        return tuple(self.found)

    def _step(self, char: str) -> None:
        here = self.stack[-1]
        if char == "\\":
            self._add(self.source[self.position : self.position + 1], self.position - 1)
            self.position += 1
        elif char == "'" and not here.quoted:
            end = self.source.find("'", self.position)
            end = len(self.source) if end < 0 else end
            self._add(self.source[self.position : end], self.position - 1)
            self.position = end + 1
        elif char == '"':
            here.quoted = not here.quoted
            self._add("", self.position - 1)
        elif char == "`":
            if here.closer == "`":
                self._close()
            else:
                self._open("`", "`")
        elif char == "$":
            self._dollar()
        elif here.quoted:
            self._add(char, self.position - 1)
        else:
            self._unquoted(char, here)

    def _unquoted(self, char: str, here: _Fragment) -> None:
        if char in " \t":
            self._end_word()
        elif char in "<>" and self.source.startswith("(", self.position):
            self.position += 1
            self._open("<(", ")")
        elif char in "<>":
            self._end_word()
            here.redirect = char
        elif char == ")" and here.closer == ")":
            self._close()
        elif char in ";&|\n()" or (char in "{}" and not here.words and here.start < 0):
            self._end_command()
        elif char == "#" and self.source[self.position - 2 : self.position - 1] in ("", " ", "\t", "\n", ";"):
            end = self.source.find("\n", self.position)
            self.position = len(self.source) if end < 0 else end
        else:
            self._add(char, self.position - 1)

    def _dollar(self) -> None:
        """What `$name`, `${…}` and `$'…'` stand for is unknown; the text after them is still looked at."""
        if self.source.startswith("(", self.position):
            self.position += 1
            self._open("$(", ")")
            return
        self._add("$", self.position - 1)
        self.stack[-1].dynamic = True
        if name := _NAME.match(self.source, self.position):
            self._add(name[0])
            self.position = name.end()

    def _add(self, text: str, start: int | None = None) -> None:
        here = self.stack[-1]
        if here.start < 0:
            here.start = self.position if start is None else start
        here.text.append(text)

    def _open(self, opener: str, closer: str) -> None:
        self._add("$()", self.position - len(opener))
        self.stack[-1].dynamic = True
        self.stack.append(_Fragment(closer))

    def _close(self) -> None:
        self._end_command()
        if len(self.stack) > 1:
            self.stack.pop()

    def _end_word(self) -> None:
        here = self.stack[-1]
        if here.start < 0:
            return
        text = "".join(here.text)
        raw = self.source[here.start : self.position].rstrip(" \t\n;&|<>" if here.dynamic else " \t\n;&|(){}<>`")
        if alternatives := _BRACES.match(text):
            before, inner, after = alternatives.groups()
            here.words += (Word(raw, f"{before}{choice}{after}") for choice in inner.split(","))
        word = Word(raw, text, glob=not set("*?[").isdisjoint(text), tilde=raw[:1] == "~", dynamic=here.dynamic)
        if here.redirect:
            here.redirects.append(Redirect("", here.redirect, word))
        else:
            here.words.append(word)
        here.start, here.text, here.dynamic, here.redirect = -1, [], False, ""

    def _end_command(self) -> None:
        self._end_word()
        here = self.stack[-1]
        words, assignments = here.words, list[Word]()
        while words and words[0].text in _KEYWORDS:
            words.pop(0)
        while words and _ASSIGNMENT.match(words[0].text):
            assignments.append(words.pop(0))
        if not words and here.redirects:
            words = [Word("", "")]
        if words:
            self.found.append(Command(tuple(words), tuple(assignments), tuple(here.redirects)))
            opened = [index for index, word in enumerate(words[:-1]) if word.text == "{"]
            self.found += (Command(tuple(words[index + 1 :])) for index in opened)
        here.words, here.redirects, here.redirect = [], [], ""
