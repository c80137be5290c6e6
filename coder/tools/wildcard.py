"""File name patterns (`*`, `**`, `?`, `[...]`, `{a,b}`) as regular expressions. Must not know files or ignore rules."""

from __future__ import annotations

import re

NEVER = r"(?!)"
_SPECIAL = re.compile(r"[*?\[{\\]")
_MOST_EXPANSIONS = 256
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \\t",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t-\\r ",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


class Malformed(ValueError):
    """The text says what is wrong with the pattern."""


def translate(pattern: str) -> str:
    """The regular expression (for a full match, DOTALL) of one pattern without braces, read as git reads it.

    `*` and `?` stop at `/`; `**` crosses it where it stands alone between slashes. Raises Malformed.
    """
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            part, at = _stars(pattern, at)
        elif char == "?":
            part, at = "[^/]", at + 1
        elif char == "[":
            part, at = _set(pattern, at)
        else:
            escaped = char == "\\"
            if escaped and at + 1 == len(pattern):
                raise Malformed("it ends in a single backslash")
            part, at = re.escape(pattern[at + escaped]), at + 1 + escaped
        parts.append(part)
    return "".join(parts)


def anywhere(pattern: str) -> str:
    """As `translate`, but a pattern without `/` matches a name at any depth."""
    return translate(pattern.removeprefix("./")) if "/" in pattern else f"(?:.*/)?{translate(pattern)}"


def _stars(pattern: str, start: int) -> tuple[str, int]:
    end = start
    while pattern[end : end + 1] == "*":
        end += 1
    opens = start == 0 or pattern[start - 1] == "/"
    after = pattern[end : end + 1]
    if end - start < 2 or not opens or after not in ("", "/"):
        return "[^/]*", end
    return (".*", end) if not after else ("(?:.*/)?", end + 1)


def _set(pattern: str, start: int) -> tuple[str, int]:
    at = start + 1
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    body: list[str] = []
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        part, at = _set_part(pattern, at)
        body.append(part)
    inside = "".join(body)
    if not inside:
        return ("[^/]" if negated else NEVER), at + 1
    return (f"[^/{inside}]" if negated else f"(?!/)[{inside}]"), at + 1


def _set_part(pattern: str, at: int) -> tuple[str, int]:
    posix = re.compile(r"\[:([^\]]*):\]").match(pattern, at)
    if posix:
        if posix[1] not in _POSIX:
            raise Malformed(f"there is no class `{posix[0]}`")
        return _POSIX[posix[1]], posix.end()
    low, at = _set_char(pattern, at)
    if pattern[at : at + 1] != "-" or pattern[at + 1 : at + 2] in ("]", ""):
        return re.escape(low), at
    high, at = _set_char(pattern, at + 1)
    return (f"{re.escape(low)}-{re.escape(high)}" if low <= high else ""), at


def _set_char(pattern: str, at: int) -> tuple[str, int]:
    escaped = pattern[at : at + 1] == "\\"
    char = pattern[at + escaped : at + escaped + 1]
    if not char:
        raise Malformed("a `[` is never closed; write `[[]` for the character itself")
    return char, at + escaped + 1


def expand(pattern: str) -> list[str]:
    """The patterns that `{a,b}` stands for, in order. Raises Malformed for open braces or far too many patterns."""
    opening = _find(pattern, 0, "{")
    if opening < 0:
        return [pattern]
    options: list[str] = []
    depth, start, at = 0, opening + 1, opening
    while True:
        at = _find(pattern, at, "{,}")
        if at < 0:
            raise Malformed("a `{` is never closed; write `[{]` for the character itself")
        depth += {"{": 1, "}": -1, ",": 0}[pattern[at]]
        if depth == 0 or (depth == 1 and pattern[at] == ","):
            options.append(pattern[start:at])
            start = at + 1
        at += 1
        if depth == 0:
            break
    made = [
        pattern[:opening] + inner + rest
        for rest in expand(pattern[at:])
        for option in options
        for inner in expand(option)
    ]
    if len(made) > _MOST_EXPANSIONS:
        raise Malformed(f"its braces stand for more than {_MOST_EXPANSIONS} patterns")
    return made


def _find(pattern: str, start: int, wanted: str) -> int:
    """The first of the wanted characters that is neither escaped nor inside `[...]`, or -1."""
    at = start
    while at < len(pattern):
        char = pattern[at]
        if char in wanted:
            return at
        if char == "[":
            closing = pattern.find("]", at + 2)
            at = closing if closing > 0 else at
        at += 2 if char == "\\" else 1
    return -1


def split_prefix(pattern: str) -> tuple[str, str]:
    """The leading folders without wildcards, and the rest: `src/lib/*.py` is `src/lib` and `*.py`."""
    special = _SPECIAL.search(pattern)
    slash = pattern.rfind("/", 0, special.start() if special else len(pattern))
    if slash < 0:
        return "", pattern
    return pattern[:slash] or "/", pattern[slash + 1 :]
