"""The places an answer names, `path:line`, that are not there. Looks at files; must not know why it is asked.

Rather passes over a wrong place than doubts a right one: what is no path of this folder is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.ordinary import open_ordinary

_MOST = 500  # places of an answer that are looked up
_MOST_BYTES = 50_000_000  # of a file whose lines are counted
_BLOCK = 1 << 20
_PLACE = re.compile(
    r"(?<![\w/.:@#-])(?P<path>(?:~?/|\.{1,2}/)?(?:[\w@+.()\[\]-]+/){0,20}[\w@+.()\[\]-]*[\w)\]]\.[A-Za-z]\w{0,11})"
    r":(?:L)?(?P<first>\d{1,7})(?:[-–](?:L)?(?P<last>\d{1,7}))?(?!\w)(?!\.\d)"
)
_NO_FILES = frozenset(
    {"com", "org", "net", "io", "dev", "local", "localhost", "internal", "example", "test", "de", "app"}
)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A place that is not there. `lines` are how many the file has; None when there is no such file."""

    place: str
    lines: int | None

    def __str__(self) -> str:
        if self.lines is None:
            return f"{self.place} (no such file)"
        return f"{self.place} (the file has {self.lines} line{'' if self.lines == 1 else 's'})"


def wrong_places(answer: str, folders: tuple[Path, ...]) -> tuple[Wrong, ...]:
    """Those that are in none of the folders; a path may also be the end of one that is. Blocks while it reads."""
    counted: dict[Path, int | None] = {}
    found: dict[str, Wrong] = {}
    for place, path, first, last in _places(answer):
        files = [file for file in _candidates(path, folders) if _is_file(file)]
        lines = [count for file in files if (count := _lines(file, counted)) is not None]
        if files and not lines:
            continue  # it cannot be read: nobody knows
        if not files:
            found[place] = Wrong(place, None)
        elif first < 1 or max(first, last) > max(lines) or last < first:
            found[place] = Wrong(place, max(lines))
    return tuple(found.values())


def _places(answer: str) -> Iterator[tuple[str, str, int, int]]:
    seen: set[str] = set()
    for match in _PLACE.finditer(answer):
        path, first = match["path"], int(match["first"])
        while path[0] in "[(" and {"[": "]", "(": ")"}[path[0]] not in path:
            path = path[1:]  # it belongs to the sentence
        is_host = "/" not in path and path.rpartition(".")[2].lower() in _NO_FILES
        place = path + match[0][len(match["path"]) :]
        if place in seen or is_host or path.startswith("~"):
            continue
        if len(seen) >= _MOST:
            return
        seen.add(place)
        yield place, path, first, int(match["last"] or first)


def _candidates(path: str, folders: tuple[Path, ...]) -> Iterator[Path]:
    if path.startswith("/"):
        yield Path(path)
    else:
        for folder in folders:
            yield folder / path
            if path[:2] in ("a/", "b/"):  # as diffs name them
                yield folder / path[2:]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _lines(path: Path, counted: dict[Path, int | None]) -> int | None:
    """How many lines a file has; None for one that cannot be read, or is too large to count."""
    if path not in counted:
        try:
            counted[path] = _count(path)
        except OSError:
            counted[path] = None
    return counted[path]


def _count(path: Path) -> int | None:
    newlines, size, ends = 0, 0, b"\n"
    with open_ordinary(path) as file:
        while block := file.read(_BLOCK):
            newlines += block.count(b"\n")
            size += len(block)
            ends = block[-1:]
            if size > _MOST_BYTES:
                return None
    return newlines + (ends != b"\n")
