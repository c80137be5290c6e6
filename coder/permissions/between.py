"""What stands between the words of a shell line: blanks, comments, ends of lines with the here-documents that they
begin, keywords. Must not know statements.
"""

from __future__ import annotations

import re

from coder.permissions.lexer import Words
from coder.permissions.syntax import Cursor, NotUnderstood

_BLANKS = " \t"
_KEYWORD = re.compile(r"(?:[a-z]+|[!{}]|\[\[|\]\])(?=[\s;&|<>()]|\Z)")


class Between:
    def __init__(self, cursor: Cursor, words: Words) -> None:
        self._cursor = cursor
        self._words = words

    def keyword(self) -> str:
        """The keyword that stands here, or another plain word of letters; "" when there is none."""
        found = _KEYWORD.match(self._cursor.source, self._cursor.position)
        return found[0] if found else ""

    def take(self, text: str) -> None:
        cursor = self._cursor
        if not cursor.ahead(text):
            raise NotUnderstood(f"a statement without its {text}")
        start = cursor.position
        cursor.position += len(text)
        cursor.mark(text, start)

    def skip_blanks(self) -> None:
        while self._cursor.char and self._cursor.char in _BLANKS:
            self._cursor.position += 1

    def skip(self, *, newlines: bool = False) -> bool:
        """Passes blanks, continued lines, comments and, where asked, ends of lines with the here-documents they
        begin. Always False, so that it can stand in a condition."""
        cursor = self._cursor
        while char := cursor.char:
            if char in _BLANKS:
                cursor.position += 1
            elif cursor.ahead("\\\n"):
                cursor.position += 2
            elif char == "#":
                end = cursor.source.find("\n", cursor.position)
                cursor.position = len(cursor.source) if end < 0 else end
            elif char == "\n" and newlines:
                self._end_line()
            else:
                break
        return False

    def _end_line(self) -> None:
        cursor = self._cursor
        cursor.position += 1
        waiting, cursor.waiting = cursor.waiting, []
        for number, document in enumerate(waiting):
            self._words.here_body(document)
            if number + 1 < len(waiting):
                if cursor.char != "\n":
                    raise NotUnderstood("a here-document that never ends")
                cursor.position += 1
