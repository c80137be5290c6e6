"""Rules about a folder that hold in a copy of it too, such as another work tree of the same repository. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.permissions.pathrules import PathPattern
from coder.permissions.rules import Rule, Rules

_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Copy:
    """`there` is a copy of `here`. `start` is where the session works, which rules without a `/` begin at; `home` is
    the person's."""

    here: Path
    there: Path
    start: Path
    home: Path


def also_in(rules: Rules, copy: Copy) -> Rules:
    """With each rule that denies, or has people asked, said of the copy as well: what it holds is the same. What a rule
    allows is allowed where it says, and nowhere else."""
    deny = tuple(twin for rule in rules.deny for twin in _twins(rule, copy))
    ask = tuple(twin for rule in rules.ask for twin in _twins(rule, copy))
    return replace(rules, deny=(*rules.deny, *deny), ask=(*rules.ask, *ask))


def _twins(rule: Rule, copy: Copy) -> Iterator[Rule]:
    if isinstance(rule.specifier, PathPattern):
        for pattern in _patterns(rule.specifier, copy):
            yield replace(rule, specifier=pattern)


def _patterns(pattern: PathPattern, copy: Copy) -> Iterator[PathPattern]:
    folders = {"disk": Path("/"), "home": copy.home, "base": pattern.base, "start": copy.start}
    folder = folders[pattern.anchor]
    if pattern.anchor == "start":  # whoever works in the copy starts there: what is said of `here` holds of it still
        yield PathPattern("base", pattern.pattern, pattern.loose, copy.start)
    if folder.is_relative_to(copy.here):
        yield PathPattern("base", pattern.pattern, pattern.loose, copy.there / folder.relative_to(copy.here))
    elif copy.here.is_relative_to(folder):
        segments = tuple(pattern.loose.lstrip("/").split("/"))
        for rest in _below(segments, copy.here.relative_to(folder).parts):
            yield PathPattern("base", rest, rest, copy.there)


def _below(segments: tuple[str, ...], parts: tuple[str, ...]) -> Iterator[str]:
    """What of a pattern may be left below these folders: from each place in it that they can lead to."""
    places = {0}
    for part in parts:
        places = {place for at in _open(segments, places) for place in _next(segments, at, part)}
    for at in sorted(places):
        yield "/" + ("/".join(segments[at:]) or "**")  # nothing left: the folder itself is meant, or one above it


def _open(segments: tuple[str, ...], places: set[int]) -> Iterator[int]:
    """The places with those behind a `**`, which may stand for nothing."""
    for at in places:
        yield at
        while at < len(segments) and segments[at] == "**":
            at += 1
            yield at


def _next(segments: tuple[str, ...], at: int, part: str) -> Iterator[int]:
    if at == len(segments) or segments[at] in ("**", ""):
        yield at
    elif fnmatchcase(part, _ESCAPED.sub(_literally, segments[at])):
        yield at + 1


def _literally(match: re.Match[str]) -> str:
    return f"[{match[1]}]" if match[1] in "*?[" else match[1]
