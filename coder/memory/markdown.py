"""What of a Markdown text is words, what is code and what is a comment. Pure, total, linear; must not know files."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

Kind: TypeAlias = Literal["words", "code", "comment"]
Span: TypeAlias = tuple[Kind, int, int]

_FENCE = re.compile(r"[ \t]*(?:>[ \t]*)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(`{3,}(?=[^`\n]*$)|~{3,})", re.MULTILINE)
_MARK = re.compile(r"`+|<!--")
_BLANK = re.compile(r"\n[ \t\r]*(?=\n)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
# A name that an importer would mean: after a blank, up to the next one; a blank in it is written `\ `.
_IMPORT = re.compile(r"(?<!\S)@((?:\\.|[^\s\\@])(?:\\.|[^\s\\])*)")
_UNESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Mention:
    """`@name` in the words of a text, at a line of it (1-based)."""

    name: str
    line: int


def spans(text: str) -> list[Span]:
    """The whole text in order, nothing left out. An open comment is words; an open fence is code to the end."""
    return [(kind, start, end) for kind, start, end in _Scan(text).run() if end > start]


def without_comments(text: str) -> str:
    """The text without `<!-- … -->` outside code. A line that held nothing else goes with it."""
    if "<!--" not in text:
        return text
    kept: list[str] = []
    follows_comment = False
    for kind, start, end in spans(text):
        if kind == "comment":
            follows_comment = True
            continue
        part = text[start:end]
        if follows_comment and (not kept or kept[-1].endswith("\n")):
            part = re.sub(r"\A[ \t]*\r?\n", "", part)
        follows_comment = False
        if part:
            kept.append(part)
    return "".join(kept)


def mentions(text: str, most: int) -> list[Mention]:
    """The first `most` names behind an `@` that stands at the beginning of a word, outside code and comments."""
    if "@" not in text:
        return []
    found: list[Mention] = []
    line, counted = 1, 0
    for kind, start, end in spans(text):
        if kind != "words":
            continue
        for match in _IMPORT.finditer(text, start, end):
            line, counted = line + text.count("\n", counted, match.start()), match.start()
            found.append(Mention(_UNESCAPE.sub(r"\1", match[1]), line))
            if len(found) >= most:
                return found
    return found


class _Scan:
    """One pass over a text. What is looked ahead for is found once for all of it, so that no text takes long."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._marks = [(m.start(), m.group()) for m in _MARK.finditer(text)]
        self._twins = _twins(self._marks)
        self._blanks = [match.start() for match in _BLANK.finditer(text)]
        self._next = 0  # the first mark that was not passed
        self._no_comment_end = len(text) + 1  # from here on no comment is closed

    def run(self) -> Iterator[Span]:
        position, words = 0, 0  # `words` is where the words that were not told yet begin
        after_blank, in_list = True, False
        while position < len(self._text):
            end = self._line_end(position)
            line = self._text[position:end]
            if (fence := _FENCE.match(line)) is not None and "\n" not in fence[0]:
                close = self._fence_end(fence[1], end)
                yield "words", words, position
                yield "code", position, close
                position = words = close
                after_blank = False
                continue
            is_blank = not line.strip()
            is_deep = line.startswith(("    ", "\t")) and not is_blank
            if is_deep and after_blank and not in_list:
                yield "words", words, position
                yield "code", position, end
                position = words = end
                continue
            if not is_blank and not is_deep:
                in_list = _ITEM.match(line) is not None or (in_list and line[:1] in " \t")
            after_blank = is_blank
            for kind, start, stop in self._inline(position, end):
                yield "words", words, start
                yield kind, start, stop
                position = words = stop
                if stop > end:
                    break
            position = max(position, end) if words <= end else words
        yield "words", words, len(self._text)

    def _inline(self, start: int, end: int) -> Iterator[Span]:
        """The code spans and comments that begin in a line. The last one may end behind it."""
        while self._next < len(self._marks):
            at, mark = self._marks[self._next]
            if at >= end:
                return
            index = self._next
            self._next += 1
            if at < start or (mark[0] == "`" and self._text[max(0, at - 1) : at] == "\\"):
                continue
            stop = self._comment_end(at) if mark == "<!--" else self._code_end(index)
            if stop:
                start = stop
                yield ("comment" if mark == "<!--" else "code"), at, stop
                if stop > end:
                    return

    def _comment_end(self, at: int) -> int:
        if at >= self._no_comment_end:
            return 0
        found = self._text.find("-->", at + 4)
        if found < 0:
            self._no_comment_end = at
            return 0
        return found + 3

    def _code_end(self, index: int) -> int:
        """Where the span that begins with this run of backticks ends: behind the next run as long, in one paragraph."""
        twin = self._twins[index]
        if twin is None:
            return 0
        (at, _), (close, run) = self._marks[index], self._marks[twin]
        return 0 if bisect_right(self._blanks, close) > bisect_right(self._blanks, at) else close + len(run)

    def _line_end(self, position: int) -> int:
        found = self._text.find("\n", position)
        return len(self._text) if found < 0 else found + 1

    def _fence_end(self, fence: str, position: int) -> int:
        closing = re.compile(rf"^[ \t>]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(self._text, position)
        return len(self._text) if found is None else self._line_end(found.end())


def _twins(marks: list[tuple[int, str]]) -> list[int | None]:
    """For each run of backticks the next one of its length."""
    following: dict[str, int] = {}
    twins: list[int | None] = [None] * len(marks)
    for index in range(len(marks) - 1, -1, -1):
        _, mark = marks[index]
        if mark[0] == "`":
            twins[index] = following.get(mark)
            following[mark] = index
    return twins
