"""The fingerprint of a prompt: its pieces in the order in which the cache reads them. Pure; knows no request or disk.

A piece is a tool, a system text or a content block, as JSON without cache marks. What the cache can read of a request
ends at the first piece that differs from the request before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

_SHOWN, _LOOKED_AT = 24, 300  # characters of a difference that are told, and bytes around it that are looked at
_RUN = re.compile(r"[\w+=-]+", re.ASCII)
_RUN_AT_END = re.compile(r"[\w+=-]+\Z", re.ASCII)
_HIDDEN = "[hidden]"

Role: TypeAlias = Literal["t", "s", "u", "a"]  # tool, system, user, assistant
Print: TypeAlias = tuple[Role, int, str]  # whose piece, its length in bytes, its hash


@dataclass(frozen=True, slots=True)
class PromptPrint:
    """`shape` is what else the cached messages depend on: thinking and effort. `most` is a bound on each piece's tokens
    ("" and empty for a print that was read back)."""

    model: str
    shape: str
    pieces: tuple[Print, ...]
    most: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(size for _, size, _ in self.pieces)


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a request stops extending the one before: a place such as `messages[3].content[0]`, the offset in bytes
    from the start of the first piece, and a few characters of both from there on ("" where they are not known).
    `exact` is False when only the piece is known: the offset is where it starts."""

    place: str
    offset: int
    was: str = ""
    now: str = ""
    exact: bool = False


def extends(old: PromptPrint, new: PromptPrint) -> bool:
    """Whether the cache may hold all of `old` for `new`."""
    return (old.model, old.shape) == (new.model, new.shape) and new.pieces[: len(old.pieces)] == old.pieces


def shared(old: Sequence[Print], new: Sequence[Print]) -> int:
    """How many pieces both begin with."""
    pairs = zip(old, new, strict=False)
    return next((at for at, (was, now) in enumerate(pairs) if was != now), min(len(old), len(new)))


def place(pieces: Sequence[Print], index: int) -> str:
    """The JSON place of a piece in its request; one past the end is where the next block would be."""
    counts = {"t": 0, "s": 0}
    message, block = -1, -1
    before: str = ""
    for role, _, _ in pieces[: index + 1]:
        if role in counts:
            counts[role] += 1
        elif role != before:
            message, block = message + 1, 0
        else:
            block += 1
        before = role
    if index >= len(pieces):
        return f"messages[{message}].content[{block + 1}]" if message >= 0 else "messages[0].content[0]"
    match before:
        case "t":
            return f"tools[{counts['t'] - 1}]"
        case "s":
            return f"system[{counts['s'] - 1}]"
        case _:
            return f"messages[{message}].content[{block}]"


def offset(pieces: Sequence[Print], index: int) -> int:
    """Bytes before a piece."""
    return sum(size for _, size, _ in pieces[:index])


def byte_difference(was: bytes, now: bytes) -> tuple[int, str, str]:
    """The first byte that differs, and what both say from there on, a few characters each; long strings of letters and
    digits are left out, for one may be a key."""
    at = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    start = at
    while start > 0 and _is_inside(was, start):  # whole characters are shown
        start -= 1
    return at, _excerpt(was, start), _excerpt(now, start)


def _excerpt(data: bytes, at: int) -> str:
    lead = data[max(0, at - _LOOKED_AT) : at].decode("utf-8", "ignore")
    text = data[at : at + _LOOKED_AT].decode("utf-8", "ignore")
    before = _RUN_AT_END.search(lead)
    run = before[0] if before else ""
    hidden = _RUN.sub(lambda found: _HIDDEN if _may_be_a_key(found[0]) else found[0], run + text)
    if run and hidden.startswith(run):
        hidden = hidden[len(run) :]
    return hidden[:_SHOWN]


def _may_be_a_key(run: str) -> bool:
    return len(run) >= 16 and any(c.isdigit() for c in run) and any(c.isalpha() for c in run)


def _is_inside(data: bytes, at: int) -> bool:
    return at < len(data) and data[at] & 0xC0 == 0x80
