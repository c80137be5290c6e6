"""What a line that begins with a slash asks for, and how that is told to the model. Pure; must not know which commands
there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import get_args

from coder.core.choices import Effort
from coder.core.dataclass import dataclass

MOST_AT_ONCE = 6
_NAME = re.compile(r"/([A-Za-z0-9_][\w.:-]*(?:/[\w.-]+)*(?::[\w.:-]+)?)(?=\s|\Z)")
_HARDER = re.compile(r"\bultrathink\b", re.IGNORECASE)
_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_HARD: Effort = "high"


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as it was typed: its name without the slash, and all that stands behind it."""

    name: str
    arguments: str = ""


def first_name(line: str) -> str:
    """The name that a line begins with, without its slash; "" when it begins with none."""
    found = _NAME.match(line.lstrip())
    return found[1] if found is not None else ""


def asked(line: str, is_known: Callable[[str], bool]) -> tuple[Asked, ...]:
    """The commands a line begins with, at most six; what follows them belongs to the last. Empty when there is none
    by the first name. A name that is not known is what is said to the one before it."""
    rest = line.lstrip()
    names: list[str] = []
    while len(names) < MOST_AT_ONCE and (found := _NAME.match(rest)) is not None and is_known(found[1]):
        names.append(found[1])
        rest = rest[found.end() :].lstrip()
    return tuple(Asked(name, rest.rstrip() if number == len(names) else "") for number, name in enumerate(names, 1))


def head(name: str, arguments: str) -> str:
    """How the model is told what was typed. `coder.core.messages.said` reads it back."""
    shown = arguments.replace("</command-", "<\\/command-")
    return f"<command-name>/{name}</command-name>\n<command-args>{shown}</command-args>"


def thinks_harder(text: str) -> bool:
    """Whether the word that asks for more thought stands in it."""
    return _HARDER.search(text) is not None


def harder(now: Effort | None) -> Effort | None:
    """The effort that this word raises another one to; None when that is high enough."""
    return _HARD if now is None or _EFFORTS.index(now) < _EFFORTS.index(_HARD) else None
