"""The log that git keeps of where a name pointed: read from its file, whole or from a place on. Runs
nothing, but where it says so.

Must not know who made the moves. What is torn or odd is left out.
"""

from __future__ import annotations

import re
from os import SEEK_END
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.ordinary import open_ordinary
from coder.git.call import Git

_LINE = re.compile(
    rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ([^\t\n]*?)> (\d{1,12}) [+-]\d{4}(?:\t([^\n]*))?\n?\Z", re.DOTALL
)
_UNIX = re.compile(r"@\{(\d{1,12})\}\Z")
_MOST_ASKED = 20_000
_MOST = 8_000_000  # bytes of the end that are read
_LONGEST = 500  # characters of a message


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a name, in git's words. `when` is in whole seconds since the epoch."""

    before: str
    after: str
    when: int
    text: str


def steps_of(file: Path, start: int = 0, longest: int = _LONGEST) -> tuple[Step, ...]:
    """The moves that a log tells of from byte `start` on, the oldest first, with at most `longest` characters of each
    text. Never raises."""
    try:
        with open_ordinary(file) as stream:
            end = stream.seek(0, SEEK_END)
            if start > end:  # it was written anew
                return ()
            first = max(start, end - _MOST)
            stream.seek(first)
            lines = stream.read(_MOST).splitlines(keepends=True)
    except (OSError, ValueError):
        return ()
    found = (step(line, longest) for line in lines)
    return tuple(each for each in found if each is not None)


def step(line: bytes, longest: int = _LONGEST) -> Step | None:
    """None for what is no line of such a log."""
    match = _LINE.match(line)
    if match is None:
        return None
    before, after, _, when, text = match.groups(b"")
    said = text.decode("utf-8", "replace")[:longest]
    return Step(before.decode("ascii"), after.decode("ascii"), int(when), said)


def steps_by_git(folder: Path, git: Git, ref: str) -> tuple[Step, ...]:
    """The same by asking git, where logs are no files. `ref` is a whole name."""
    form = ("--date=unix", "--format=%H%x00%gd%x00%gs", "--no-show-signature")
    asked = git.run(folder, "log", "-g", f"-n{_MOST_ASKED}", *form, "--end-of-options", ref, "--") or b""
    lines = [line.decode("utf-8", "replace").split("\0") for line in asked.split(b"\n")]
    told = [(id, _UNIX.search(at), text) for id, at, text in (each for each in lines if len(each) == 3)]
    found: list[Step] = []
    before = "0" * 40
    for id, at, text in reversed(told):
        found.append(Step(before, id, int(at[1]) if at else 0, text[:_LONGEST]))
        before = id
    return tuple(found)


def log_size(file: Path) -> tuple[int, int]:
    """Which file it is, and how long; (0, 0) when there is none."""
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_ino, status.st_size
