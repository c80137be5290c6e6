"""What a query of ToolSearch asks for: names, a pattern or words. Must not know any tool."""

from __future__ import annotations

import re
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError

_LONGEST = 200  # characters of a pattern
_LONGEST_WORDS = 2_000
_MOST_REPEATS = 2  # so that no pattern takes long over any text it is held against
_FORM = re.compile(r"/(.+)/i?", re.DOTALL)
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_SET = re.compile(r"\[\^?\]?[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Names:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Words:
    """`required` are those that were marked with a +; they are in `text` as well."""

    text: str
    required: tuple[str, ...] = ()


Query: TypeAlias = Names | Pattern | Words


def parse(text: str) -> Query:
    """`select:a,b`, `/pattern/`, or words, `+word` for one that must be there. Raises ToolError for a pattern that
    cannot be used."""
    said = text.strip()
    if said[:7].lower() == "select:":
        return Names(
            tuple(dict.fromkeys(re.split(r"[\s,]+", said[7:].strip(" \t\r\n,")))) if said[7:].strip(" ,") else ()
        )
    if form := _FORM.fullmatch(said):
        return Pattern(_compiled(form[1]))
    parts = said[:_LONGEST_WORDS].split()
    required = tuple(part[1:] for part in parts if part.startswith("+") and part[1:])
    return Words(" ".join(part.removeprefix("+") for part in parts).strip(), required)


def _compiled(pattern: str) -> re.Pattern[str]:
    if len(pattern) > _LONGEST:
        raise ToolError(
            f"The pattern has {len(pattern):,} characters; {_LONGEST} are accepted. Search with words instead."
        )
    plain = _SET.sub("x", _ESCAPE.sub("x", pattern))
    if (
        len(re.findall(r"[*+{]", plain)) > _MOST_REPEATS
        or plain.count("?") > _MOST_REPEATS
        or re.search(r"\)[*+?{]", plain)
    ):
        raise ToolError(
            f"The pattern repeats too much: at most {_MOST_REPEATS} of `*`, `+`, `{{`, as many `?`, none behind `)`. "
            "A simpler one works, such as /github.*issue/, or words: github issue."
        )
    try:
        return re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except (re.error, OverflowError, RecursionError, ValueError) as error:
        raise ToolError(f"The pattern cannot be read: {error}. Use words instead, such as: github issue.") from error
