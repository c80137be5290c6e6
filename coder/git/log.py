"""Reads what `git log`, `for-each-ref` and `blame --porcelain` print. Runs nothing; knows no prompts or screens."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from coder.core.dataclass import dataclass

COMMITS = ("--no-color", "--no-show-signature", "--no-mailmap", "--no-notes", "--abbrev=10", "--date=short", "-z")
"""For every `git log`. The form below holds nothing that would verify a signature."""

FORM = "--format=tformat:%H%x1f%P%x1f%an%x1f%ae%x1f%ad%x1f%ct%x1f%D%x1f%s"
WHOLE = f"{FORM}%x1f%cn%x1f%aD%x1f%B"
"""With the committer, the exact time and the whole message."""

_BLAMED = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?\Z")


@dataclass(frozen=True, slots=True)
class Commit:
    """`names` are the branches and tags that stand there. What is after `subject` is only there in a whole one."""

    id: str
    parents: tuple[str, ...]
    author: str
    email: str
    date: str
    time: int
    names: str
    subject: str
    committer: str = ""
    moment: str = ""
    message: str = ""


def commits(printed: bytes, *, is_whole: bool = True) -> tuple[Commit, ...]:
    """The commits, in git's order. Of an answer that is not whole the last one is left out."""
    records = printed.decode("utf-8", "replace").split("\0")
    return tuple(filter(None, map(_commit, records if is_whole else records[:-1])))


def _commit(record: str) -> Commit | None:
    fields = record.removeprefix("\n").split("\x1f", 10)
    if len(fields) not in (8, 11):
        return None
    id, parents, author, email, date, time, names, *rest = fields
    number = int(time) if time.isascii() and time.isdigit() else 0
    return Commit(id, tuple(parents.split()), author, email, date, number, names, *rest)


def touching(printed: bytes) -> Iterator[tuple[Commit, tuple[str, ...]]]:
    """Commits with the paths that `--name-only` lists behind each."""
    commit: Commit | None = None
    paths: list[str] = []
    for record in printed.split(b"\0"):
        text = record.removeprefix(b"\n")
        found = _commit(text.decode("utf-8", "replace")) if text.count(b"\x1f") >= 7 else None
        if found is not None:
            if commit is not None:
                yield commit, tuple(paths)
            commit, paths = found, []
        elif text:
            paths.append(os.fsdecode(text))
    if commit is not None:
        yield commit, tuple(paths)


@dataclass(frozen=True, slots=True)
class Blamed:
    """One line of a file. `commit` is zeros for one that is not committed."""

    number: int
    text: str
    commit: str
    author: str
    time: int
    subject: str

    @property
    def is_committed(self) -> bool:
        return bool(self.commit.strip("0"))


def blamed(printed: bytes) -> tuple[Blamed, ...]:
    """The lines that `git blame --porcelain` tells of; a last one that is cut off is left out."""
    known: dict[bytes, dict[bytes, bytes]] = {}
    found: list[Blamed] = []
    commit, number = b"", 0
    for line in printed.split(b"\n"):
        if line.startswith(b"\t"):
            facts = known.get(commit, {})
            time = facts.get(b"author-time", b"0")
            author, subject = (facts.get(name, b"").decode("utf-8", "replace") for name in (b"author", b"summary"))
            text = line[1:].decode("utf-8", "replace")
            found.append(Blamed(number, text, commit.decode(), author, int(time) if time.isdigit() else 0, subject))
        elif match := _BLAMED.match(line):
            commit, number = match[1], int(match[3])
            known.setdefault(commit, {})
        elif commit:
            name, _, value = line.partition(b" ")
            known[commit][name] = value
    return tuple(found)
