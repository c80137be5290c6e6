"""What an edit would change, as rows to read before the question. Pure but for the reader it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json, ToolUse
from coder.core.visible import visible
from coder.tools.ipynb import Notebook, source_of
from coder.tools.patch import Patch, patch
from coder.tools.textfile import view_of

Read: TypeAlias = Callable[[Path], "str | None"]
EDITS = ("Edit", "Write", "NotebookEdit")
_SHOWN_WHOLE = 40
_SHOWN = 30
_TAB = "→   "


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a diff. `number` is None when it is not known; a gap stands for the lines between two places."""

    mark: Literal["+", "-", " ", "gap"]
    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """`note` says what is odd about the edit, as far as it can be told before it is made."""

    rows: tuple[Row, ...]
    added: int
    removed: int
    is_new: bool = False
    note: str = ""

    @property
    def counts(self) -> str:
        if self.is_new:
            return f"new, {self.added} line{'' if self.added == 1 else 's'}"
        return f"+{self.added} -{self.removed}"

    @property
    def is_cut(self) -> bool:
        return sum(row.mark != "gap" for row in self.rows) > _SHOWN_WHOLE

    @property
    def shown(self) -> tuple[Row, ...]:
        """All rows, or the first of too many."""
        return self.rows[:_SHOWN] if self.is_cut else self.rows

    @property
    def more(self) -> str:
        """`… 61 more lines in 3 places`; "" when all are shown."""
        if not self.is_cut:
            return ""
        hidden = self.rows[_SHOWN:]
        lines = sum(row.mark != "gap" for row in hidden)
        places = sum(row.mark == "gap" for row in hidden) + (hidden[0].mark != "gap")
        where = "" if self.is_new else f" in {places} place{'' if places == 1 else 's'}"
        return f"… {lines} more line{'' if lines == 1 else 's'}{where}"


def evidence_of(call: ToolUse, path: Path, read: Read) -> Evidence:
    """The change that an Edit, Write or NotebookEdit call asks for. `read` gives a file's text, None without one."""
    given = {key: value for key, value in call.input.items() if isinstance(value, str)}
    before = read(path)
    now = None if before is None else view_of(before)
    if call.name == "Write":
        return _whole(now, given.get("content", ""))
    if call.name == "NotebookEdit":
        return _cell(now, given)
    return _replaced(now, given, everywhere=call.input.get("replace_all") is True)


def _whole(now: str | None, content: str) -> Evidence:
    return _evidence(patch(now or "", view_of(content)), is_new=now is None)


def _replaced(now: str | None, given: Json, *, everywhere: bool) -> Evidence:
    old, new = view_of(given.get("old_string", "")), view_of(given.get("new_string", ""))
    if not old and not (now or "").strip():
        return _whole(now, new)
    count = (now or "").count(old) if old else 0
    if now is not None and (count == 1 or (count and everywhere)):
        return _evidence(patch(now, now.replace(old, new)))
    why = "is not in the file" if not count else f"is in the file {count} times"
    return _evidence(patch(old, new), numbered=False, note=f"The text to replace {why}, so this edit may fail.")


def _cell(now: str | None, given: Json) -> Evidence:
    mode, cell = given.get("edit_mode", "replace"), given.get("cell_id")
    old = "" if mode == "insert" else _source(now, cell)
    if old is None:
        return _evidence(patch("", view_of(given.get("new_source", ""))), note="There is no such cell.")
    where = {"insert": "A new cell", "delete": "Deletes the cell"}.get(mode, "The cell")
    name = f" {'after ' if mode == 'insert' else ''}{visible(cell)}" if cell else " at the top"
    new = "" if mode == "delete" else view_of(given.get("new_source", ""))
    return _evidence(patch(old, new), note=f"{where}{name}.")


def _source(now: str | None, cell: str | None) -> str | None:
    try:
        notebook = Notebook.of(now or "")
        index = None if cell is None else notebook.index_of(cell)
        return None if index is None else view_of(source_of(notebook.cells[index]))
    except (ValueError, RecursionError):
        return None


def _evidence(made: Patch, *, is_new: bool = False, numbered: bool = True, note: str = "") -> Evidence:
    rows: list[Row] = []
    for hunk in made.hunks:
        if rows:
            rows.append(Row("gap", None, ""))
        rows += _rows(hunk, numbered=numbered)
    return Evidence(tuple(rows), made.added, made.removed, is_new, note)


def _rows(hunk: Json, *, numbered: bool) -> Iterator[Row]:
    old, new = int(hunk["oldStart"]), int(hunk["newStart"])
    for line in hunk["lines"]:
        mark, text = line[:1], line[1:]
        if mark == "\\":
            yield Row(" ", None, line)
            continue
        number = old if mark == "-" else new
        yield Row(mark, number if numbered else None, _shown(text))
        old += mark != "+"
        new += mark != "-"


def _shown(text: str) -> str:
    """A line of code: its indentation may be deep, and a tab in it is an arrow, so that it differs from blanks."""
    body = text.lstrip(" \t")
    return text[: len(text) - len(body)].replace("\t", _TAB) + visible(body, blanks=_SHOWN_WHOLE)
