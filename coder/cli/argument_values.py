"""What the values of flags are made of: numbers, names, windows. Each raises ArgumentTypeError in words for people."""

from __future__ import annotations

import argparse
import re

from coder.core.choices import Effort

_BETA = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EFFORTS: tuple[Effort, ...] = ("low", "medium", "high", "xhigh", "max")
_NO_AUTO = (
    "coder has no model that judges permissions, so there is no mode auto. Use acceptEdits, or default with "
    "--allowedTools; dontAsk denies what nothing allows"
)
_MODES = ("default", "manual", "acceptEdits", "plan", "dontAsk", "bypassPermissions")


def positive(text: str) -> int:
    value = int(text) if _is_whole(text) else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return value


def from_zero(text: str) -> int:
    if not _is_whole(text):
        raise argparse.ArgumentTypeError(f"expected a whole number from 0, got {text!r}")
    return int(text)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def seconds(text: str) -> float:
    return _number(text, "a number of seconds above 0")


def minutes(text: str) -> float:
    return 60 * _number(text, "a number of minutes above 0")


def path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise argparse.ArgumentTypeError(
            "expected a path, got an empty text" if not text.strip() else "no path has a NUL"
        )
    return text


def dollars(text: str) -> float:
    return _number(text, "an amount in dollars above 0")


def _number(text: str, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value


def window(text: str) -> int | None:
    """Tokens at which to compact: `auto` (None), `500000` or `500k`."""
    if text == "auto":
        return None
    digits = text.lower().removesuffix("k")
    value = int(digits) * (1000 if digits != text.lower() else 1) if _is_whole(digits) else 0
    if not 1_000 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError(f"expected auto or a number of tokens from 1000 such as 150k, got {text!r}")
    return value


def effort(text: str) -> Effort:
    for each in _EFFORTS:
        if text == each:
            return each
    if text == "ultracode":
        raise argparse.ArgumentTypeError("coder has no level ultracode: it hands no work out unasked. Use xhigh or max")
    raise argparse.ArgumentTypeError(f"invalid choice: {text!r}. Choose one of {', '.join(_EFFORTS)}")


def mode(text: str) -> str:
    if text == "auto":
        raise argparse.ArgumentTypeError(_NO_AUTO)
    if text not in _MODES:
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r}. Choose one of {', '.join(_MODES)}")
    return text


def beta(text: str) -> tuple[str, ...]:
    """A comma list of names that go into a header."""
    found = names(text)
    for each in found:
        if not _BETA.fullmatch(each):
            raise argparse.ArgumentTypeError(f"{each!r} is no name of a beta, such as context-1m-2025-08-07")
    return found


def names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def named_tools(values: list[str] | None) -> tuple[str, ...] | None:
    """The built-in tools of `--tools`: None is all of them, () is none."""
    if values is None:
        return None
    found = tuple(dict.fromkeys(name for value in values for name in value.replace(",", " ").split()))
    return None if found == ("default",) else tuple(name for name in found if name != "default")
