"""Whether a version lies in a range, as manifests write ranges: those of npm, and those of Python. Pure and total."""

from __future__ import annotations

import re
from typing import TypeAlias

Version: TypeAlias = tuple[int, int, int]
_NUMBER = r"(\d{1,9}|[xX*])"
_TERM = re.compile(
    rf"(\^|~=|~>|~|>=|<=|===|==|!=|=|>|<)?\s*v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?(?:\.[*xX])?"
    r"(?:[-+][0-9A-Za-z.+-]+|(?:a|b|rc)\d+)?(?=[\s,]|$)"
)
_BETWEEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")
_FOUND = re.compile(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?")
_MOST = 500


def found_version(text: str) -> str:
    """The version in what a program prints; empty when there is none."""
    match = _FOUND.search(text)
    return match[0] if match else ""


def satisfies(version: str, wanted: str) -> bool | None:
    """Whether the version is in the range; None when either cannot be understood. An empty range is any version."""
    have = _FOUND.match(version)
    if have is None or len(wanted) > _MOST:
        return None
    number = (int(have[1]), int(have[2]), int(have[3] or 0))
    verdicts = [_all(number, part) for part in wanted.split("||")]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _all(version: Version, part: str) -> bool | None:
    if between := _BETWEEN.fullmatch(part):
        part = f">={between[1]} <={between[2]}"
    at, holds = 0, True
    while at < len(part):
        if part[at] in " \t\n,":
            at += 1
            continue
        term = _TERM.match(part, at)
        if term is None:
            return None
        holds = holds and _one(version, term)
        at = term.end()
    return holds


def _one(version: Version, term: re.Match[str]) -> bool:
    given = []
    for number in term.group(2, 3, 4):
        if number is None or not number.isdigit():
            break
        given.append(int(number))
    sign = term[1] or "="
    if not given:
        return sign not in ("<", ">", "!=")
    low = _version(given)
    after = _bumped(given, len(given) - 1)  # the first version that is no longer what was written
    if sign == "^":
        return low <= version < _bumped(given, next((at for at, each in enumerate(given) if each), len(given) - 1))
    if sign in ("~", "~>"):
        return low <= version < _bumped(given, min(1, len(given) - 1))
    if sign == "~=":
        return low <= version < _bumped(given, max(0, len(given) - 2))
    return {
        ">=": version >= low,
        "<": version < low,
        ">": version >= after,
        "<=": version < after,
        "!=": not low <= version < after,
    }.get(sign, low <= version < after)


def _version(given: list[int]) -> Version:
    major, minor, patch = [*given, 0, 0][:3]
    return major, minor, patch


def _bumped(given: list[int], at: int) -> Version:
    return _version([*given[:at], given[at] + 1])
