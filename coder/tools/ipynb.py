"""A Jupyter notebook's text: its cells, and changes to one of them. Must not know files or tools.

A change rewrites the text of that cell only; everything else keeps its very characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from coder.core.dataclass import dataclass
from coder.core.messages import Json

_SPACE = re.compile(r"[ \t\r\n]*")
_INDENT = re.compile(r"\{\r?\n([ \t]+)\"")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_MOST_OUTPUT = 4_000  # characters of one output
_decoder = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Notebook:
    """`spans` are where the cells stand in `text`; `area` is the inside of the list that holds them."""

    text: str
    raw: Json
    cells: tuple[Json, ...]
    spans: tuple[tuple[int, int], ...]
    area: tuple[int, int]

    @classmethod
    def of(cls, text: str) -> Notebook:
        """Raises ValueError when the text is no notebook."""
        raw = json.loads(text)
        cells = raw.get("cells") if isinstance(raw, dict) else None
        if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
            raise ValueError('it has no list of "cells"')
        start, end = next(span for key, *span in _members(text, _skip(text, 0)) if key == "cells")
        return cls(text, raw, tuple(cells), tuple(_elements(text, start)), (start + 1, end - 1))

    @property
    def language(self) -> str:
        metadata = self.raw.get("metadata") or {}
        for key, name in (("language_info", "name"), ("kernelspec", "language")):
            if isinstance(metadata.get(key), dict) and metadata[key].get(name):
                return str(metadata[key][name])
        return "python"

    @property
    def has_ids(self) -> bool:
        return (self.raw.get("nbformat", 4), self.raw.get("nbformat_minor", 0)) >= (4, 5)

    def id_of(self, index: int) -> str:
        """The cell's id; `cell-0`, `cell-1` ... where the format has none."""
        return str(self.cells[index].get("id") or f"cell-{index}")

    def index_of(self, cell_id: str) -> int | None:
        return next((i for i in range(len(self.cells)) if self.id_of(i) == cell_id), None)

    def source_form(self, source: str, like: Json | None) -> str | list[str]:
        """Source as this notebook writes it: a list of lines, unless `like` has one text."""
        return source if like is not None and isinstance(like.get("source"), str) else _LINES.findall(source)

    def replaced(self, index: int, cell: Json) -> str:
        start, end = self.spans[index]
        return self.text[:start] + self._dump(cell, start) + self.text[end:]

    def deleted(self, index: int) -> str:
        """Takes the comma and space on one side along."""
        start, end = self.spans[index]
        if index + 1 < len(self.spans):
            end = self.spans[index + 1][0]
        elif index > 0:
            start = self.spans[index - 1][1]
        else:
            start, end = self.area
        return self.text[:start] + self.text[end:]

    def inserted(self, index: int, cell: Json) -> str:
        """`cell` becomes number `index`."""
        if not self.spans:
            start, end = self.area
            unit = self._unit
            newline = "\r\n" if "\r\n" in self.text else "\n"
            before, after = (newline + unit * 2, newline + unit) if unit else ("", "")
            return self.text[:start] + before + self._dump(cell, start, unit * 2) + after + self.text[end:]
        if index < len(self.spans):
            start = self.spans[index][0]
            return self.text[:start] + self._dump(cell, start) + self._between(start) + self.text[start:]
        start, end = self.spans[-1]
        return self.text[:end] + self._between(start) + self._dump(cell, start) + self.text[end:]

    @property
    def _unit(self) -> str:
        found = _INDENT.search(self.text[:2_000])
        return found[1] if found else ""

    def _margin(self, start: int) -> str | None:
        """The indentation of what starts here; None when it does not start its line."""
        line = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        return line if not line.strip() and "\n" in self.text[:start] else None

    def _between(self, start: int) -> str:
        margin = self._margin(start)
        if margin is None:
            return ", " if '": ' in self.text else ","
        return ("," + ("\r\n" if "\r\n" in self.text else "\n")) + margin

    def _dump(self, cell: Json, start: int, margin: str | None = None) -> str:
        margin = self._margin(start) if margin is None else margin
        escapes = self.text.isascii() and "\\u" in self.text
        colon = ": " if '": ' in self.text else ":"
        if margin is None or not self._unit:
            comma = ", " if colon == ": " else ","
            return json.dumps(cell, ensure_ascii=escapes, separators=(comma, colon))
        made = json.dumps(cell, ensure_ascii=escapes, indent=cast("Any", self._unit), separators=(",", colon))
        return made.replace("\n", ("\r\n" if "\r\n" in self.text else "\n") + margin)


def source_of(cell: Json) -> str:
    return _joined(cell.get("source", ""))


def outputs_of(cell: Json) -> list[str]:
    """What the cell printed and showed, as bounded texts."""
    return [_output(output) for output in cell.get("outputs") or () if isinstance(output, dict)]


def rendered(cell: Json, cell_id: str) -> str:
    """A cell as the model reads it."""
    kind = cell.get("cell_type", "code")
    parts = [f'<cell id="{cell_id}" type="{kind}">', source_of(cell)]
    for output in outputs_of(cell):
        parts += ["<output>", output, "</output>"]
    return "\n".join((*parts, "</cell>"))


def _output(output: Json) -> str:
    if "text" in output:
        return _bounded(_joined(output["text"]))
    if output.get("output_type") == "error":
        trace = _joined([f"{line}\n" for line in output.get("traceback") or ()])
        return _bounded(f"{output.get('ename')}: {output.get('evalue')}\n{_ANSI.sub('', trace)}".rstrip())
    data = output.get("data") or {}
    notes = [f"[{kind}, {len(_joined(value)):,} characters]" for kind, value in data.items() if kind != "text/plain"]
    return "\n".join(filter(None, (_bounded(_joined(data.get("text/plain", ""))), *notes)))


def _joined(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else value if isinstance(value, str) else str(value)


def _bounded(text: str) -> str:
    if len(text) <= _MOST_OUTPUT:
        return text.rstrip("\n")
    half = _MOST_OUTPUT // 2
    return f"{text[:half]}\n[... {len(text) - _MOST_OUTPUT:,} characters of output cut]\n{text[-half:]}".rstrip("\n")


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Name, start and end of each value of the object that starts at `at`. The text is valid JSON."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decoder.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, end = _decoder.raw_decode(text, start)
        yield key, start, end
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    at = _skip(text, at + 1)
    while text[at] != "]":
        _, end = _decoder.raw_decode(text, at)
        yield at, end
        at = _skip(text, end)
        at = _skip(text, at + 1) if text[at] == "," else at
