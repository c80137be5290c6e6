"""An answer that comes in pieces, given out paragraph by paragraph as lines to be read aloud. Pure."""

from __future__ import annotations

import re

from coder.core.visible import visible

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}\s+")
_STRONG = re.compile(r"(?<![\w`])(\*\*|__)(?=\S)([^*_`\n]+)(?<=\S)\1(?![\w`])")
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_INDENT = 400  # blanks in a row that are still shown: code is indented


class Paragraphs:
    """A paragraph ends with an empty line; a fenced piece of code is one, empty lines and all."""

    def __init__(self) -> None:
        self._line = ""
        self._lines: list[str] = []
        self._fence = ""

    def feed(self, text: str) -> list[list[str]]:
        """The paragraphs that are finished now, each as its lines."""
        *whole, self._line = (self._line + text).split("\n")
        found: list[list[str]] = []
        for line in whole:
            self._add(line, found)
        return found

    def end(self) -> list[list[str]]:
        """What is left."""
        found: list[list[str]] = []
        self._add(self._line, found)
        self._line = self._fence = ""
        self._give(found)
        return found

    def _add(self, line: str, found: list[list[str]]) -> None:
        fence = _FENCE.match(line)
        if self._fence:
            closes = fence is not None and fence[1].startswith(self._fence) and not line[fence.end() :].strip()
            if closes:
                found.append(["End of code."] if not self._lines else [*self._code(), "End of code."])
                self._lines, self._fence = [], ""
            else:
                self._lines.append(line)
        elif fence is not None:
            self._give(found)
            self._fence = fence[1]
            language = visible(line[fence.end() :].strip())
            found.append([f"Code, {language}:" if language else "Code:"])
        elif line.strip():
            self._lines.append(line)
        else:
            self._give(found)

    def _give(self, found: list[list[str]]) -> None:
        if self._lines:
            found.append(self._code() if self._fence else read_aloud(self._lines))
        self._lines = []

    def _code(self) -> list[str]:
        return [visible(line, blanks=_INDENT) for line in self._lines]


def read_aloud(lines: list[str]) -> list[str]:
    """A paragraph of Markdown without what only draws: a table as `Header: value`, headings and bold as words."""
    if len(lines) > 2 and "|" in lines[0] and "-" in lines[1] and _RULE.fullmatch(lines[1]):
        heads = _cells(lines[0])
        rows = [zip(heads, _cells(line), strict=False) for line in lines[2:]]
        return [_text(", ".join(f"{head}: {cell}" if head else cell for head, cell in row)) for row in rows]
    return [_text(line) for line in lines]


def _text(line: str) -> str:
    return visible(_STRONG.sub(r"\2", _HEADING.sub("", line)), blanks=_INDENT)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
