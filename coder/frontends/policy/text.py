"""Text for a terminal of 80 columns, and the table of rules. Plain words, no colour, no marks: readable anywhere.

Must not know how a decision comes about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from unicodedata import bidirectional, category

from rich.cells import cell_len

from coder.core.config import RuleText, Scope
from coder.core.dataclass import dataclass
from coder.core.visible import visible as core_visible
from coder.frontends.wrapping import wrapped as wrapped_to

WIDTH = 80
LABEL = 16
NARROW = 32  # the widest cell that still leaves room for a sentence beside it
_TURNS = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")
WHOSE: dict[Scope, str] = {
    "managed": "the administrator",
    "flag": "this command",
    "local": "you, in this project",
    "project": "this project",
    "user": "you",
    "session": "this session",
}


def visible(text: str) -> str:
    """The text on one line, and nothing in it that a terminal would not show or would obey."""
    return core_visible(text).replace("\n", "\\n")


def wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Lines of at most 80 columns, broken between words; `first` and `rest` are what the lines begin with."""
    return wrapped_to(text, WIDTH, first, rest)


def labelled(label: str, text: str) -> list[str]:
    """A label and a sentence beside it."""
    return wrapped(text, f"{label:<{LABEL}}", " " * LABEL)


def hidden(text: str) -> Iterator[str]:
    """`U+202E (changes the direction of text)` for each character that a terminal would not show as what it is."""
    for char in dict.fromkeys(text):
        if visible(char) != char and char not in "\t\n":
            yield f"U+{ord(char):04X} ({_what(char)})"


def _what(char: str) -> str:
    if bidirectional(char) in _TURNS:
        return "changes the direction of text"
    match category(char):
        case "Cc":
            return "a control character"
        case "Zs":
            return "looks like a blank"
        case _:
            return "cannot be seen"


def short(path: str, cwd: Path, home: Path) -> str:
    """A path as people write it: from the folder they are in, or from their home folder."""
    for folder, sign in ((cwd, ""), (home, "~/")):
        if path.startswith(f"{folder}/"):
            return sign + path[len(str(folder)) + 1 :]
    return "~" if path == str(home) else path


@dataclass(frozen=True, slots=True)
class RuleRow:
    """`note` says why a rule does nothing; empty when it counts."""

    rule: RuleText
    note: str = ""


def rule_table(rows: Sequence[RuleRow], cwd: Path, home: Path) -> Iterator[str]:
    """Behaviour, rule, whose it is, and the file; a row that would be too wide has its file on a line of its own."""
    cells = [(row.rule.behaviour, visible(row.rule.text), WHOSE[row.rule.scope]) for row in rows]
    texts = min(max((cell_len(text) for _, text, _ in cells), default=0), NARROW)
    whose = max((len(owner) for _, _, owner in cells), default=0)
    for row, (behaviour, text, owner) in zip(rows, cells, strict=True):
        file = short(visible(row.rule.origin), cwd, home)
        gap = " " * max(2, texts - cell_len(text) + 2)
        start = f"  {behaviour:<8}{text}{gap}{owner:<{whose}}  "
        if cell_len(start) + cell_len(file) <= WIDTH:
            yield start + file
        else:
            yield from wrapped(text, f"  {behaviour:<8}", " " * 10)
            yield from wrapped(f"{owner}, {file}", " " * 10, " " * 10)
        if row.note:
            yield from wrapped(row.note, " " * 10, " " * 10)
