"""Simple commands as they would run: words with their text, redirects, the folders they may run in. Must not judge."""

from __future__ import annotations

from pathlib import Path

from coder.core.dataclass import dataclass

PIPE = "/dev/fd/63"  # stands for `<(…)`


@dataclass(frozen=True, slots=True)
class Word:
    """`raw` as written, `text` as the program gets it (but for `~`, which stays).

    `dynamic`: a part of it is known only when it runs; `text` then holds that part as written. `single`: it is exactly
    one word all the same; `listed`: it is the name of a file that a command has listed, or a piece of one.
    `written` is the text with its variables as written, where that differs.
    """

    raw: str
    text: str
    glob: bool = False
    tilde: bool = False
    dynamic: bool = False
    single: bool = True
    listed: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    number: str
    operator: str
    target: Word

    @property
    def copies(self) -> bool:
        """`2>&1`: one stream joins another, no file is touched."""
        return self.operator == ">&"


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. `assignments` are the `NAME=value` before its words; `start` and `end` its place in the text.

    It may run in any of `folders`. `fed_by` are the commands whose output it reads, `expands` the variables it uses
    that are set outside the line, or nowhere, `documents` the texts of its here-documents and here-strings.
    """

    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    folders: tuple[Path, ...] = ()
    start: int = -1
    end: int = -1
    fed_by: tuple[Command, ...] = ()
    expands: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command as written but for blanks, without its redirects."""
        return " ".join(word.raw for word in (*self.assignments, *self.words))

    @property
    def is_dynamic(self) -> bool:
        return any(word.dynamic for word in (*self.words, *self.assignments))
