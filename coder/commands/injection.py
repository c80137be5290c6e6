"""Finds the shell commands of a body, `` !`cmd` `` and ```` ```! ````, and puts words into them that stay words.

Must not run anything, nor know who may. A word that was typed can name a file; it can never begin a command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Literal, TypeAlias

from coder.commands.substitution import Given, Slot, slots
from coder.core.dataclass import dataclass

FAILED = 'Shell command failed for pattern "{pattern}"'
REFUSED = 'Shell command permission check failed for pattern "{pattern}"'
DISABLED = "[shell command execution disabled by policy]"

_START = re.compile(r"^[ \t]*```![^\S\n]*\n|(?<!\S)!`(?P<inline>[^`\n]+)`", re.MULTILINE)
_END = re.compile(r"^[ \t]*```[ \t]*$", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")
_ODD = re.compile(r"`|\$['\"{\[]|\(\(|\[\[|<<|#")  # from there on it is not followed what a shell makes of a word
_MOST_SHOWN = 200

State: TypeAlias = Literal["plain", "single", "double", "odd"]


class Unplaceable(Exception):
    """A typed word cannot be put into a command and be sure to stay a word there; `str()` is that word."""


@dataclass(frozen=True, slots=True)
class Words:
    """A piece of a body that is text."""

    text: str


@dataclass(frozen=True, slots=True)
class Shell:
    """A piece that stands for what a command prints. `pattern` is how it is written, in one line for people."""

    command: str
    pattern: str


Piece: TypeAlias = Words | Shell


def pieces(body: str) -> Iterator[Piece]:
    """The body, in order; nothing of it is lost but the marks round commands."""
    at, start = 0, 0
    while (found := _START.search(body, start)) is not None:
        start = end = found.end()
        command = found["inline"]
        if command is None:
            if (closed := _END.search(body, start)) is None:
                break  # what is not closed is text, and so is all that follows
            command, end = body[start : closed.start()], closed.end()
        if found.start() > at:
            yield Words(body[at : found.start()])
        written = " ".join(body[found.start() : end].split())
        yield Shell(command.strip("\n"), written if len(written) <= _MOST_SHOWN else f"{written[:_MOST_SHOWN]}…")
        at = start = end
    if at < len(body):
        yield Words(body[at:])


def placed(command: str, given: Given) -> tuple[str, bool]:
    """The command with its slots filled, each word quoted for where it stands, and whether any took arguments.

    Raises Unplaceable.
    """
    parts: list[str] = []
    at, takes = 0, False
    state: State = "plain"
    for slot in slots(command, given):
        start, end = slot if isinstance(slot, tuple) else (slot.start, slot.end)
        state = _after(command, at, start, state)
        parts.append(command[at:start])
        if isinstance(slot, Slot):
            parts.append(_quoted(slot, state))
            takes = takes or slot.is_arguments
        at = end
    return "".join([*parts, command[at:]]), takes


def _quoted(slot: Slot, state: State) -> str:
    raw = slot.raw.replace("\0", "")
    values = tuple(value.replace("\0", "") for value in slot.values)
    match state:
        case "plain":
            return shlex.join(values)
        case _ if not raw:
            return ""
        case "single":
            return raw.replace("'", "'\\''")
        case "double":
            return re.sub(r'([\\"$`])', r"\\\1", raw)
        case _:
            if any(_PLAIN.match(value) is None for value in values):
                raise Unplaceable(raw)
            return " ".join(values)


def _after(command: str, at: int, end: int, state: State) -> State:
    """How a shell reads what follows `end`, when it read what follows `at` in this way."""
    while at < end and state != "odd":
        char = command[at]
        if state == "single":
            state = "plain" if char == "'" else state
        elif char == "\\":
            at += 1
        elif state == "double":
            state = "plain" if char == '"' else "odd" if char == "`" or command[at : at + 2] in ("$(", "${") else state
        elif _ODD.match(command, at):
            state = "odd"
        elif char in "'\"":
            state = "single" if char == "'" else "double"
        at += 1
    return state
