"""Cuts Markdown that is still arriving into blocks that can be printed for good. Pure; must not know how they look.

A block is the source of a paragraph, heading, list item, table, quote or rule, or of a piece of fenced code, which is
handed on with fences of its own so that long code need not wait for its end. A block that begins with a line end stands
apart from the one before it by one blank row. The same text gives the same blocks in whatever chunks it comes.
"""

from __future__ import annotations

import re
from dataclasses import field

from coder.core.dataclass import dataclass

FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*\Z)|~{3,})(.*)\Z")
HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|\Z)")
ITEM = re.compile(r"([ \t]*)([-*+]|\d{1,9}[.)])(?:[ \t]+|\Z)")
QUOTE = re.compile(r"[ \t]*>")
RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})\Z")
UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*\Z")
_DELIMITER = re.compile(r"[ \t]*:?-+:?[ \t]*\Z")
INDENTED = re.compile(r"(?: {4}| {0,3}\t)")

_LONG_PARAGRAPH = 20  # lines; what is longer is a list without marks, or verse, and is not held back
_PIECE = 12  # lines of code that are worth printing
_LONG_PIECE = 60  # lines after which a piece ends even within a string or comment
_SPANNING = ('"""', "'''", "/*", "*/")


@dataclass(slots=True)
class _Fence:
    """Open fenced code: what closes it, what opened it, and the lines that wait."""

    indent: int
    mark: str
    info: str
    lines: list[str] = field(default_factory=list)
    spanning: dict[str, int] = field(default_factory=dict)
    has_printed: bool = False

    def is_closed_by(self, line: str) -> bool:
        text = line.strip(" \t")
        if len(line) - len(line.lstrip(" \t")) > self.indent + 3:
            return False
        return len(text) >= len(self.mark) and not text.strip(self.mark[0])

    def add(self, line: str) -> None:
        bare = line.lstrip(" ")
        self.lines.append(line[min(self.indent, len(line) - len(bare)) :])
        for text in _SPANNING:
            if text in line:
                self.spanning[text] = self.spanning.get(text, 0) + line.count(text)

    @property
    def has_piece(self) -> bool:
        """Whether the waiting lines can be coloured without those to come."""
        count = len(self.lines)
        if count < _PIECE:
            return False
        whole = all(self.spanning.get(text, 0) % 2 == 0 for text in _SPANNING[:2])
        return count >= _LONG_PIECE or (whole and self.spanning.get("/*", 0) <= self.spanning.get("*/", 0))

    def take(self) -> str:
        self.has_printed = True
        text = "\n".join([f"{self.mark}{self.info}", *self.lines, self.mark])
        self.lines, self.spanning = [], {}
        return text


class Blocks:
    """`feed` takes the text as it comes and gives each block once; `tail` is what waits; `end` gives the rest."""

    def __init__(self) -> None:
        self._line: list[str] = []  # the chunks of a line that has not ended
        self._held: list[str] = []  # the lines of a block that has not ended
        self._kind = ""  # of the held lines: paragraph, item, table, quote, code
        self._fence: _Fence | None = None
        self._in_list = False
        self._gap = False  # a blank line came before what is held
        self._is_first = True

    @property
    def tail(self) -> str:
        """The source that has come and is in no block yet."""
        held = self._fence.lines if self._fence is not None else self._held
        return "\n".join([*held, "".join(self._line)] if self._line else held)

    def feed(self, text: str) -> list[str]:
        *ended, rest = text.split("\n")
        made: list[str] = []
        for line in ended:
            self._line.append(line)
            whole = "".join(self._line)
            self._line.clear()
            made += self._take(whole.removesuffix("\r"))
        if rest:
            self._line.append(rest)
        return made

    def end(self) -> list[str]:
        """The blocks that were not finished. What is fed afterwards begins a new text."""
        made = self.feed("\n") if self._line else []
        if self._fence is not None:
            made += self._close_fence()
        made += self._flush()
        self._in_list, self._gap, self._is_first = False, False, True
        return made

    def _take(self, line: str) -> list[str]:
        """One whole line."""
        if self._fence is not None:
            return self._code(self._fence, line)
        if not line.strip(" \t"):
            if self._kind == "code":
                self._held.append(line)
                return []
            made = self._flush()
            self._gap = True
            return made
        if (ended := self._goes_on(line)) is not None:
            return ended
        return [*self._flush(), *self._begin(line)]

    def _code(self, fence: _Fence, line: str) -> list[str]:
        if fence.is_closed_by(line):
            return self._close_fence()
        fence.add(line)
        return [self._given(fence.take())] if fence.has_piece else []

    def _close_fence(self) -> list[str]:
        fence, self._fence = self._fence, None
        if fence is None or (fence.has_printed and not fence.lines):
            return []
        return [self._given(fence.take())]

    def _goes_on(self, line: str) -> list[str] | None:
        """What comes of a line that belongs to the held block; None when it begins another."""
        held = self._held
        match self._kind:
            case "code" if INDENTED.match(line):
                held.append(line)
            case "quote" if QUOTE.match(line):
                held.append(line)
            case "table" if "|" in line:
                held.append(line)
            case "paragraph" if len(held) == 1 and UNDERLINE.match(line):
                held.append(line)
                return self._flush()
            case "paragraph" if held and is_table(held[-1], line):
                head = held.pop()
                made = self._flush()
                self._kind, self._held = "table", [head, line]
                return made
            case "paragraph" | "item" | "quote" if not self._interrupts(line):
                held.append(line)
                return self._flush_long()
            case _:
                return None
        return []

    def _begin(self, line: str) -> list[str]:
        if found := FENCE.match(line):
            self._fence = _Fence(len(found[1]), found[2], found[3].strip())
            return []
        if not line.startswith((" ", "\t")) and not ITEM.match(line) and self._gap:
            self._in_list = False
        if HEADING.match(line) or RULE.match(line):
            self._in_list = False
            return [self._given(line)]
        if ITEM.match(line) and (self._in_list or not INDENTED.match(line)):
            self._kind, self._in_list = "item", True
        elif QUOTE.match(line):
            self._kind = "quote"
        elif INDENTED.match(line) and not self._in_list:
            self._kind = "code"
        else:
            self._kind = "paragraph"
        self._held = [line]
        return []

    def _flush_long(self) -> list[str]:
        """What is held, once it is much; what follows goes on without a blank row."""
        if len(self._held) < _LONG_PARAGRAPH:
            return []
        kind = "quote" if self._kind == "quote" else "paragraph"
        made = self._flush()
        self._kind = kind
        return made

    def _flush(self) -> list[str]:
        if not self._held:
            self._kind = ""
            return []
        lines, self._held = self._held, []
        kind, self._kind = self._kind, ""
        if kind != "code":
            return [self._given("\n".join(lines))]
        trailing = len(lines)
        while not lines[-1].strip(" \t"):
            lines.pop()
        block = self._given(_as_fence(lines))
        self._gap = len(lines) < trailing
        return [block]

    def _interrupts(self, line: str) -> bool:
        """Whether a line begins a block of its own right behind the held one."""
        if HEADING.match(line) or RULE.match(line) or QUOTE.match(line) or FENCE.match(line):
            return True
        found = ITEM.match(line)
        if found is None or found.end() == len(line):
            return False
        # A number at the start of a line is seldom a list, unless it is the first.
        return self._in_list or not found[2][0].isdigit() or found[2][:-1] == "1"

    def _given(self, block: str) -> str:
        apart, self._gap = self._gap and not self._is_first, False
        self._is_first = False
        return f"\n{block}" if apart else block


def is_table(head: str, line: str) -> bool:
    """Whether two lines begin a table: a row, and the dashes below it."""
    if "|" not in head or "|" not in line:
        return False
    return all(map(_DELIMITER.match, line.strip().removeprefix("|").removesuffix("|").split("|")))


def _as_fence(lines: list[str]) -> str:
    """Indented code as fenced code."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    mark = "`" * max(3, longest + 1)
    return "\n".join([mark, *(INDENTED.sub("", line, count=1) for line in lines), mark])
