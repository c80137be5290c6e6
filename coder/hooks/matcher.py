"""What a `matcher` matches (docs/hooks.md): all, names, or a regular expression. Must not know events or handlers.

Matchers are written for JavaScript's expressions and compared by Python's, which differ in what hardly anybody uses.
One that could take exponential time is refused: Python has no other bound.
"""

from __future__ import annotations

import re
import warnings

from coder.core.dataclass import dataclass

LONGEST_SUBJECT = 256
_MOST_REPEATS = 3  # in one alternative: each multiplies the steps by the length of the subject
_MOST_OPTIONAL = 8
_NAMES = re.compile(r"[A-Za-z0-9_\- ,|]*")
_NARROW = re.compile(r"[A-Za-z0-9_|]*")
_GROUP_NAME = re.compile(r"\(\?<(?![=!])")
# An escaped character, a class, or one character: whatever may stand before a quantifier; then the quantifier.
_PIECE = re.compile(r"(\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[:=!]|<[=!]|P?<\w+>)|.)([*+?]|\{\d*,?\d*\})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Matcher:
    """`names` None and `pattern` None: everything."""

    names: frozenset[str] | None = None
    pattern: re.Pattern[str] | None = None

    def matches(self, subject: str) -> bool:
        if self.names is not None:
            return subject in self.names
        if self.pattern is not None:
            return self.pattern.search(subject[:LONGEST_SUBJECT]) is not None
        return True


EVERYTHING = Matcher()


def matcher(text: str, *, narrow: bool = False) -> Matcher | str:
    """Or why it can match nothing. `narrow`: a list of names is of letters, digits and `|` alone."""
    if text in ("", "*"):
        return EVERYTHING
    if (_NARROW if narrow else _NAMES).fullmatch(text):
        return Matcher(frozenset(name for part in re.split(r"[|,]", text) if (name := part.strip())))
    if objection := _too_slow(text):
        return objection
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            return Matcher(pattern=re.compile(_GROUP_NAME.sub("(?P<", text), re.ASCII))
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression ({error})"


@dataclass(slots=True)
class _Group:
    """One that is open: what its alternative holds so far, and the most an alternative before it held."""

    repeats: int = 0
    optional: int = 0
    most_repeats: int = 0
    most_optional: int = 0
    branches: bool = False

    def branch(self) -> None:
        self.most_repeats = max(self.most_repeats, self.repeats)
        self.most_optional = max(self.most_optional, self.optional)
        self.repeats = self.optional = 0


def _too_slow(text: str) -> str:
    """Why comparing could take too long, or "". An estimate from above, from the text alone."""
    if len(text) > 2000:
        return "is longer than 2,000 characters"
    stack = [_Group()]
    for piece, quantifier in _PIECE.findall(text):
        if piece == "|":
            stack[-1].branch()
            stack[-1].branches = True
        if piece.startswith("("):
            stack.append(_Group())
        elif piece == ")" and len(stack) > 1:
            inner = stack.pop()
            inner.branch()
            if quantifier not in ("", "?") and (inner.most_repeats or inner.most_optional or inner.branches):
                return "repeats a group that itself repeats or chooses, which may take for ever"
            stack[-1].repeats += inner.most_repeats
            stack[-1].optional += inner.most_optional
        if quantifier == "?":
            stack[-1].optional += 1
        elif quantifier and ("," in quantifier or quantifier in "*+"):
            stack[-1].repeats += 1
    outer = stack[0]
    outer.branch()
    if outer.most_repeats > _MOST_REPEATS or outer.most_optional > _MOST_OPTIONAL:
        return f"repeats more than {_MOST_REPEATS} times in one alternative, which may take for ever"
    return ""
