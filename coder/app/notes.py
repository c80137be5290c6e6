"""Notes that a person adds to a memory file, and where they may go. Must not know who reads them."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.memory.files import Whose
from coder.memory.looking import is_file
from coder.memory.places import LOCAL, NAME, SHARED
from coder.workspace.atomic import replace_file

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, eq=False)
class NotePlace:
    """`is_there`: there is a file already."""

    path: Path
    whose: Whose
    is_there: bool


def note_places(cwd: Path, home: Path) -> tuple[NotePlace, ...]:
    """Where a note may go, also where no file is yet: the project's, the person's own there, the person's. `home` is
    coder's own folder. Never raises."""
    shared = (cwd / name for name in SHARED if is_file(cwd / name))
    places: tuple[tuple[Path, Whose], ...] = (
        (next(shared, cwd / NAME), "project"),
        (cwd / LOCAL, "only you"),
        (home / NAME, "yours"),
    )
    return tuple(NotePlace(path, whose, is_file(path)) for path, whose in places)


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
