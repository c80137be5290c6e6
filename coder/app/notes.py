"""The memory files of a folder, and notes that a person adds to one. Must not know who reads them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from coder.config.paths import MANAGED, user_home
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.workspace.atomic import replace_file

Whose: TypeAlias = Literal["managed", "yours", "project", "only you"]
NAME = "CLAUDE.md"
_LOCAL = "CLAUDE.local.md"
_SHARED = (NAME, f".claude/{NAME}", "AGENTS.md")  # the first that is there counts
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, eq=False)
class MemoryFile:
    """`size` in bytes. A project's is shared with whoever works on it, unless it is for "only you"."""

    path: Path
    whose: Whose
    size: int


def memory_files(cwd: Path, home: Path, env: Mapping[str, str]) -> tuple[MemoryFile, ...]:
    """Those there are, in the order in which they count. `home` is coder's own folder. Never raises."""
    found = [*_there(MANAGED / NAME, "managed"), *_there(home / NAME, "yours")]
    outside = user_home(env).parents
    for folder in (*reversed(cwd.parents), cwd):
        if folder in outside:
            continue  # nobody keeps the memory of a project above people's homes
        shared = (each for name in _SHARED for each in _there(folder / name, "project"))
        found += [each for each in (next(shared, None),) if each is not None]
        found += _there(folder / _LOCAL, "only you")
    return tuple({each.path: each for each in reversed(found)}.values())[::-1]


def note_places(cwd: Path, home: Path) -> tuple[MemoryFile, ...]:
    """Where a note may go, also where no file is yet: the project's, the person's own there, the person's."""
    shared = (each for name in _SHARED for each in _there(cwd / name, "project"))
    return (
        next(shared, MemoryFile(cwd / NAME, "project", 0)),
        MemoryFile(cwd / _LOCAL, "only you", _size(cwd / _LOCAL)),
        MemoryFile(home / NAME, "yours", _size(home / NAME)),
    )


def add_note(path: Path, text: str) -> None:
    """Adds `- text` at the end of a memory file, whole or not at all, with the line ends the file has; makes it where
    it is missing. Further lines of the text are indented. Blocks. Raises ConfigError with nothing changed."""
    name = visible_line(str(path))
    words = [line.rstrip() for line in text.strip().splitlines()]
    if not words:
        raise ConfigError("There is no note to keep. Type it behind the #: # run the tests with make")
    target = Path(os.path.realpath(path))
    if target != path and target.suffix != ".md" and path.is_symlink():
        raise ConfigError(f"{name} is a link to {visible_line(str(target))}, which is no .md file. No note was added.")
    try:
        old = _read(target)
        replace_file(target, old + _note(old, words))
    except OSError as error:
        raise ConfigError(f"No note could be added to {name}: {error.strerror or error}.") from error


def _note(old: bytes, words: list[str]) -> bytes:
    if old.startswith(_UTF16):
        raise OSError("it is not in UTF-8")
    end = "\r\n" if b"\r\n" in old else "\n"
    lines = [f"- {words[0]}", *(f"  {line}".rstrip() for line in words[1:])]
    lead = end if old and not old.endswith(b"\n") else ""
    return (lead + "".join(line + end for line in lines)).encode("utf-8", "replace")


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return b""
    if len(data) > _MOST_BYTES:
        raise OSError("it is too large")
    return data


def _there(path: Path, whose: Whose) -> Iterator[MemoryFile]:
    try:
        if path.is_file():
            yield MemoryFile(path, whose, path.stat().st_size)
    except OSError:
        return


def _size(path: Path) -> int:
    return next((each.size for each in _there(path, "only you")), 0)
