"""What the search worker is asked and what it answers, as JSON. Must not know tools or processes."""

from __future__ import annotations

import json
from dataclasses import asdict, field
from typing import Any, Literal, TypeAlias

from coder.core.dataclass import dataclass

Want: TypeAlias = Literal["newest", "files", "lines", "parts"]
"""File names by age; files that match, by path; matching lines; or the matching parts of lines."""

Problem: TypeAlias = Literal["", "missing", "special", "file", "binary", "unreadable", "moved"]


@dataclass(frozen=True, slots=True)
class Query:
    """A search below `root`, or of the file `root`. Paths in patterns are relative to it, with `/`.

    `real` is where `root` led when it was judged: that place is searched, and no link in it is followed.
    A file is searched when all of `include` and none of `exclude` match its path; `names` may narrow what ripgrep
    opens, no more. Without a repository, ignore files are looked for up to the nearest of `tops`. `reserved` folders
    are never entered, and what `denied` (folder, gitignore pattern) covers is not read.
    """

    root: str
    want: Want
    real: str = ""
    tops: list[str] = field(default_factory=list)
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    reserved: list[str] = field(default_factory=list)
    denied: list[tuple[str, str]] = field(default_factory=list)
    rust: str = ""
    clean: str = ""
    escaped: str = ""
    required: str = ""
    multiline: bool = False
    before: int = 0
    after: int = 0
    offset: int = 0
    limit: int = 100
    characters: int = 50_000
    ripgrep: str = ""
    seconds: float = 20.0
    hidden_seconds: float = 0.4


@dataclass(frozen=True, slots=True)
class Hit:
    """A file, and how many lines (multiline: matches) match in it."""

    path: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    path: str
    number: int
    text: str
    is_match: bool


@dataclass(frozen=True, slots=True)
class Hidden:
    """Matching files that ignore files hide; `places` are what hides most of them: (path, files)."""

    files: int = 0
    is_complete: bool = True
    places: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Findings:
    """One page of results and the totals. `unreadable`, `oversized`, `kept_back` (denied) count what was left out."""

    problem: Problem = ""
    files: list[Hit] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    total_files: int = 0
    total_count: int = 0
    has_more: bool = False
    is_partial: bool = False
    unreadable: int = 0
    oversized: int = 0
    kept_back: int = 0
    hidden: Hidden = field(default_factory=Hidden)


def dump(value: Query | Findings) -> bytes:
    return json.dumps(asdict(value)).encode()


def load_query(data: bytes) -> Query:
    return Query(**json.loads(data))


def load_findings(data: bytes) -> Findings:
    """Raises ValueError for anything that is not a worker's answer."""
    raw: dict[str, Any] = json.loads(data)
    hidden = raw["hidden"]
    places = [(path, count) for path, count in hidden["places"]]
    made = {
        "files": [Hit(**hit) for hit in raw["files"]],
        "lines": [Line(**line) for line in raw["lines"]],
        "hidden": Hidden(hidden["files"], hidden["is_complete"], places),
    }
    return Findings(**{**raw, **made})
