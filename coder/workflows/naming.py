"""Names of steps, and the places in texts that name values: `{{plan.tasks}}`. Pure; knows no values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    import difflib
else:  # only a mistake needs it
    difflib = LazyModule("difflib")

LONGEST = 48
RESERVED = frozenset({"end", "stop", "next", "else", "args", "true", "false", "null", "and", "or", "not", "in"})
NAME = r"[^\W\d][\w-]*"
PATH = re.compile(rf"{NAME}(?:\.[\w-]+)*\Z")
_PLACE = re.compile(rf"(?P<escape>\\?)\{{\{{[ \t]*(?P<path>{NAME}(?:\.[\w-]+)*)[ \t]*\}}\}}")
_ODD = re.compile(r"(?<!\\)\{\{[^{}\n]{0,80}\}\}")


class Place(NamedTuple):
    """`line` counts from 0 within the text."""

    start: int
    end: int
    path: str
    line: int = 0


def step_name(heading: str) -> str:
    """`Fix the tests` is called `fix-the-tests`; "" for a heading that gives no name."""
    name = re.sub(r"[\s-]+", "-", heading.strip().lower()).strip("-")
    return name if len(name) <= LONGEST and re.fullmatch(NAME, name) else ""


def file_problem(name: str) -> str:
    """Why nobody could type the name of a file behind a slash; "" when they can."""
    if re.fullmatch(r"[^\W_][\w.+-]*|_[\w.+-]+", name) and len(name) <= 64:
        return ""
    return "its name may hold letters, digits, -, _ and . only, at most 64"


def places(text: str) -> tuple[Place, ...]:
    """In order, without those behind a backslash."""
    found: list[Place] = []
    line = at = 0
    for match in _PLACE.finditer(text):
        if match["escape"]:
            continue
        line += text.count("\n", at, match.start())
        at = match.start()
        found.append(Place(match.start(), match.end(), match["path"], line))
    return tuple(found)


def odd_places(text: str) -> tuple[Place, ...]:
    """What looks like a place and names nothing, such as `{{a b}}`."""
    whole = {place.start for place in places(text)}
    return tuple(
        Place(match.start(), match.end(), match[0], text.count("\n", 0, match.start()))
        for match in _ODD.finditer(text)
        if match.start() not in whole
    )


def plain(text: str) -> str:
    """Without the backslashes that keep a place from being one."""
    return text.replace("\\{{", "{{")


def near(name: str, known: Iterable[str]) -> str:
    """The name that was probably meant, or ""."""
    names = sorted(set(known))
    bare = {re.sub(r"[-_ ]", "", each).lower(): each for each in names}
    asked = re.sub(r"[-_ ]", "", name[:64]).lower()
    if asked in bare:
        return bare[asked]
    found = difflib.get_close_matches(asked, bare, n=1, cutoff=0.6)
    return bare[found[0]] if found else ""
