"""Conditions of a workflow: `review.verdict == pass and not review.findings`. Comparisons of values, no calls; total.

Must not know steps: a condition sees values by their paths, and a missing one is null.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from coder.core.dataclass import dataclass
from coder.workflows.naming import NAME
from coder.workflows.workflow import WorkflowError

LONGEST = 2_000
DEPTH = 24
Comparison: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">=", "in"]
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<number>-?\d{{1,15}}(?:\.\d{{1,15}})?(?![\w.]))
    |(?P<text>"(?:[^"\\\n]|\\["\\])*"|'(?:[^'\\\n]|\\['\\])*')
    |(?P<sign>==|!=|<=|>=|<|>|\(|\)|\[|\]|,)
    |(?P<word>{NAME}(?:\.[\w-]+)*)
    )""",
    re.VERBOSE,
)
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}
_SIGNS = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Path:
    path: str


@dataclass(frozen=True, slots=True)
class Value:
    """`word`: it was written without quotes, as in `== pass`."""

    value: Any
    word: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    left: Path | Value
    sign: Comparison
    right: Path | Value


@dataclass(frozen=True, slots=True)
class Not:
    of: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """`and`, or `or`."""

    word: Literal["and", "or"]
    parts: tuple[Condition, ...]


Condition: TypeAlias = Path | Value | Compare | Not | Both


class _Token(NamedTuple):
    kind: str
    text: str


@lru_cache(maxsize=256)
def parse(text: str) -> Condition:
    """Raises WorkflowError that says what was expected."""
    if len(text) > LONGEST:
        raise WorkflowError(f"a condition has at most {LONGEST:,} characters")
    parser = _Parser(_tokens(text))
    found = parser.any_of(0)
    if parser.peek() is not None:
        raise WorkflowError(f"{text[:80]!r}: {parser.next().text!r} is too much")
    return found


def holds(text: str, find: Callable[[str], Any]) -> bool:
    """Whether a condition holds; `find` gives the value at a path, None for none. Raises WorkflowError as `parse`."""
    return _holds(parse(text), find)


def paths_of(condition: Condition) -> tuple[str, ...]:
    match condition:
        case Path(path):
            return (path,)
        case Value():
            return ()
        case Compare():
            return (*paths_of(condition.left), *paths_of(condition.right))
        case Not():
            return paths_of(condition.of)
        case Both():
            return tuple(path for part in condition.parts for path in paths_of(part))


def comparisons_of(condition: Condition) -> tuple[Compare, ...]:
    match condition:
        case Compare():
            return (condition,)
        case Not():
            return comparisons_of(condition.of)
        case Both():
            return tuple(each for part in condition.parts for each in comparisons_of(part))
    return ()


def equal(left: Any, right: Any) -> bool:
    """As JSON has it: true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise WorkflowError(f"{text[:80]!r}: {text[at:].strip()[:20]!r} cannot stand in a condition")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match[kind]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def next(self) -> _Token:
        token = self.peek()
        if token is None:
            raise WorkflowError("the condition ends too early")
        self._at += 1
        return token

    def takes(self, *texts: str) -> str:
        token = self.peek()
        if token is None or token.kind == "text" or token.text not in texts:
            return ""
        self._at += 1
        return token.text

    def any_of(self, depth: int) -> Condition:
        parts = [self._all_of(depth)]
        while self.takes("or"):
            parts.append(self._all_of(depth))
        return parts[0] if len(parts) == 1 else Both("or", tuple(parts))

    def _all_of(self, depth: int) -> Condition:
        parts = [self._one(depth)]
        while self.takes("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Both("and", tuple(parts))

    def _one(self, depth: int) -> Condition:
        if depth > DEPTH:
            raise WorkflowError(f"a condition is nested at most {DEPTH} deep")
        if self.takes("not"):
            return Not(self._one(depth + 1))
        if self.takes("("):
            inner = self.any_of(depth + 1)
            if not self.takes(")"):
                raise WorkflowError("a parenthesis of the condition is never closed")
            return inner
        left = self._operand(depth, is_left=True)
        negated = False
        sign = self.takes(*_SIGNS, "in", "not")
        if sign == "not":
            negated, sign = True, self.takes("in")
            if not sign:
                raise WorkflowError("behind `not` in the middle of a condition stands `in`")
        if not sign:
            return left
        right = self._operand(depth, is_left=False)
        if self.takes(*_SIGNS, "in"):
            raise WorkflowError("comparisons are joined by `and` or `or`")
        found = Compare(left, sign, right)  # type: ignore[arg-type]  # it is one of _SIGNS or `in`
        return Not(found) if negated else found

    def _operand(self, depth: int, *, is_left: bool) -> Path | Value:
        token = self.next()
        match token.kind:
            case "number":
                return Value(float(token.text) if "." in token.text else int(token.text))
            case "text":
                return Value(re.sub(r"\\(.)", r"\1", token.text[1:-1]))
            case "word" if token.text in _WORDS:
                return Value(_WORDS[token.text])
            case "word" if token.text in {"and", "or", "not", "in"}:
                raise WorkflowError(f"`{token.text}` stands where a value should")
            case "word" if "." in token.text or is_left:
                return Path(token.text)
            case "word":
                return Value(token.text, word=True)
        if token.text == "[":
            return self._list(depth)
        raise WorkflowError(f"{token.text!r} stands where a value should")

    def _list(self, depth: int) -> Value:
        items: list[Any] = []
        while not self.takes("]"):
            if items and not self.takes(","):
                raise WorkflowError("the items of a list have commas between them")
            item = self._operand(depth, is_left=False)
            if isinstance(item, Path) or isinstance(item.value, list):
                raise WorkflowError("a list in a condition holds texts, words, numbers, true, false and null")
            items.append(item.value)
        return Value(items)


def _holds(condition: Condition, find: Callable[[str], Any]) -> bool:
    match condition:
        case Path() | Value():
            return bool(_value(condition, find))
        case Not():
            return not _holds(condition.of, find)
        case Both("and", parts):
            return all(_holds(part, find) for part in parts)
        case Both():
            return any(_holds(part, find) for part in condition.parts)
        case Compare():
            return _compared(_value(condition.left, find), condition.sign, _value(condition.right, find))


def _value(operand: Path | Value, find: Callable[[str], Any]) -> Any:
    return find(operand.path) if isinstance(operand, Path) else operand.value


def _compared(left: Any, sign: Comparison, right: Any) -> bool:
    match sign:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "in":
            return _is_in(left, right)
    if not _comparable(left, right):
        return False  # null, and what has no order, is neither less nor more
    match sign:
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
    return bool(left >= right)


def _comparable(left: Any, right: Any) -> bool:
    if isinstance(left, str) or isinstance(right, str):
        return isinstance(left, str) and isinstance(right, str)
    return all(isinstance(each, int | float) and not isinstance(each, bool) for each in (left, right))


def _is_in(left: Any, right: Any) -> bool:
    match right:
        case list():
            return any(equal(left, each) for each in right)
        case str() | dict():
            return isinstance(left, str) and left in right
    return False
