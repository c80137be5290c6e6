"""A check and what came of it. Must not know how one is run or shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.conformance.ground import Ground

State: TypeAlias = Literal["pass", "fail", "skip"]
SHOWN = 400  # characters of what was seen


class Unmet(Exception):
    """The command does not do what it promised."""

    def __init__(self, expected: str, seen: object) -> None:
        text = seen if isinstance(seen, str) else repr(seen)
        self.expected = expected
        self.seen = text if len(text) <= SHOWN else f"{text[: SHOWN // 2]} … {text[-SHOWN // 2 :]}"
        super().__init__(f"expected {self.expected}; seen: {self.seen}")


class Skipped(Exception):
    """The check cannot be made here; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Check:
    """`section` is that of docs/conformance.md. `run` raises Unmet or Skipped, or comes back."""

    name: str
    section: str
    promise: str
    run: Callable[[Ground], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`expected` and `seen` are of a failure, `reason` of what was left out."""

    check: Check
    state: State
    seconds: float
    expected: str = ""
    seen: str = ""
    reason: str = ""


def expect(holds: bool, expected: str, seen: object) -> None:
    if not holds:
        raise Unmet(expected, seen)


def expect_equal(seen: object, wanted: object, what: str) -> None:
    if seen != wanted:
        raise Unmet(f"{what} {wanted!r}", seen)
