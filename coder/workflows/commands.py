"""Puts values into a command of a gate so that each stays one word: it can name a file, and begins no command.

Must not run anything. Whether the command may run is for the session's gate.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

from coder.workflows.naming import Place, places, plain
from coder.workflows.scope import Scope
from coder.workflows.workflow import WorkflowError

_ODD = re.compile(r"[`#\\\n]|\$['\"({\[]|\(\(|\[\[|<<|\beval\b|\balias\b")  # from there on words are not followed
_BOUND = re.compile(r"[;&|(){}!]")  # behind it a command may begin
_QUOTED = re.compile(r"'[^']*'|\"[^\"\\]*\"")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*(?:\[[^\]\s]*\])?\+?=")
_REDIRECTS = re.compile(r"\d*(?:<>|>>|<|>)")
_RUNS_NEXT = (
    *("then", "do", "else", "elif", "if", "while", "until", "time", "exec", "command", "env", "builtin", "coproc"),
    *("nohup", "nice", "timeout", "stdbuf", "setsid", "xargs", "sudo", "doas", "eval"),
)  # words behind which the next one names the program
_LONGEST_HEAD = 2_000
_LONGEST = 8_000


def command_of(text: str, scope: Scope) -> str:
    """The command. A text that is nothing but one place is the command that this value holds.

    Raises WorkflowError for a value that cannot be put there.
    """
    found = places(text)
    if problem := next(command_problems(text), ""):
        raise WorkflowError(f"the command {text[:80]!r} is not run: {problem}.")
    if _is_whole(text, found):
        value = scope.find(found[0].path).value
        if not isinstance(value, str) or not value.strip() or "\0" in value or len(value) > _LONGEST:
            raise WorkflowError(f"{{{{{found[0].path}}}}} holds no command, so none is run.")
        return value.strip()
    parts: list[str] = []
    at = 0
    for place in found:
        parts += [plain(text[at : place.start]), _word(text, place, scope.find(place.path).value)]
        at = place.end
    return "".join([*parts, plain(text[at:])]).strip()


def command_problems(text: str) -> Iterator[str]:
    """What is wrong with the places of a command, whatever their values."""
    found = places(text)
    if _is_whole(text, found):
        return
    before, at, state = "", 0, "plain"
    for place in found:
        state = _state(text, at, place.start, state)
        before = _BOUND.split(f"{before}{text[at : place.start]}")[-1]
        named = f"{{{{{place.path}}}}}"
        if _names_program(before):
            yield f"{named} would name the program: write the program there, or the whole command as one place"
        elif state != "plain":
            yield f"{named} must stand outside of quotes, $( ), comments and the like: it is quoted by itself"
        before, at = f"{before[:_LONGEST_HEAD]}word", place.end


def _names_program(before: str) -> bool:
    """Whether a word behind this part of a command would be the program that it runs."""
    if before[-1:].strip():
        return False  # a part of a word: a file to write to, a value that is set, a program in a folder of the file's
    words = _QUOTED.sub("q", before[:_LONGEST_HEAD]).split()
    while words:
        word = words.pop(0)
        if _ASSIGNS.match(word):
            continue
        if redirect := _REDIRECTS.match(word):
            if redirect.end() == len(word):
                if not words:
                    return False  # it is what is written to, or read
                words.pop(0)
            continue
        if word not in _RUNS_NEXT:
            return False
        while words and words[0][0] in "-0123456789":
            words.pop(0)
    return True


def _is_whole(text: str, found: tuple[Place, ...]) -> bool:
    return len(found) == 1 and not (text[: found[0].start] + text[found[0].end :]).strip()


def _word(text: str, place: Place, value: Any) -> str:
    """The value as words of a shell."""
    begins = place.start == 0 or text[place.start - 1] in " \t"
    ends = place.end == len(text) or text[place.end] in " \t;&|)"
    named = f"{{{{{place.path}}}}}"
    values = value if isinstance(value, list) else [value]
    if len(values) > 1 and not (begins and ends):
        raise WorkflowError(f"{named} is a list: in a command it must be a word of its own.")
    words: list[str] = []
    for each in values:
        if each is None:
            raise WorkflowError(f"{named} holds nothing, so the command is not run.")
        word = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
        if "\0" in word or len(word) > _LONGEST:
            raise WorkflowError(f"{named} holds what cannot stand in a command.")
        if begins and word.startswith("-"):
            raise WorkflowError(f"{named} is {word[:40]!r}: a value that begins with a dash would be an option.")
        if begins and ends and not word:
            continue  # an argument that was left out
        words.append(shlex.quote(word))
    return " ".join(words)


def _state(text: str, start: int, end: int, state: str) -> str:
    """How a shell reads what follows `end`, when it read what follows `start` so: plain, in single or double quotes, or
    odd for what is not followed."""
    for at in range(start, end):
        sign = text[at]
        if state == "single":
            state = "plain" if sign == "'" else state
        elif state == "double":
            if sign in "`$\\":
                return "odd"
            state = "plain" if sign == '"' else state
        elif state == "odd" or _ODD.match(text, at):
            return "odd"
        elif sign in {"'", '"'}:
            state = "single" if sign == "'" else "double"
    return state
