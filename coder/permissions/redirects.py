"""A strict reader of redirects and of where here-documents end. What it does not know it refuses. Must not know
commands.
"""

from __future__ import annotations

import re

from coder.permissions.between import Between
from coder.permissions.lexer import ENDS, Words
from coder.permissions.syntax import Cursor, HereDocument, NotUnderstood, RedirectSyntax, Token

_NUMBERED = re.compile(r"\d+(?=[<>])")
_DUPLICATE = re.compile(r">&[12](?=[ \t\n;&|)`]|\Z)")
_DELIMITER = re.compile(r"""'([A-Za-z0-9_.-]+)'|"([A-Za-z0-9_.-]+)"|([A-Za-z0-9_.-]+)""")


class Redirects:
    def __init__(self, cursor: Cursor, words: Words, between: Between) -> None:
        self._cursor = cursor
        self._words = words
        self._between = between

    def stands_here(self) -> bool:
        cursor = self._cursor
        if cursor.ahead("<(") or cursor.ahead(">("):
            return False
        return cursor.char in ("<", ">") or cursor.ahead("&>") or bool(_NUMBERED.match(cursor.source, cursor.position))

    def read(self) -> RedirectSyntax:
        cursor = self._cursor
        start = cursor.position
        found = _NUMBERED.match(cursor.source, start)
        number = found[0] if found else ""
        cursor.position += len(number)
        if found := _DUPLICATE.match(cursor.source, cursor.position):
            if number not in ("", "1", "2"):
                raise NotUnderstood(f"a redirect of stream {number}")
            cursor.position = found.end()
            cursor.mark("redirect", start)
            place = cursor.position - 1
            return RedirectSyntax(number, ">&", Token(found[0][-1], (), place, cursor.position))
        if cursor.ahead("<<") and not cursor.ahead("<<<"):
            return self._here(number)
        rest = cursor.source[cursor.position : cursor.position + 4]
        operator = next((o for o in ("&>>", "&>", "<<<", ">>", ">", "<") if rest.startswith(o)), "")
        following = rest[len(operator) : len(operator) + 1]
        if not operator or (following and following in "<>&|("):
            raise NotUnderstood(f"the redirect {number}{rest[:2]}")
        if number not in (("", "0") if operator in ("<", "<<<") else ("", "1", "2")):
            raise NotUnderstood(f"a redirect of stream {number}")
        cursor.position += len(operator)
        cursor.mark("redirect", start)
        self._between.skip_blanks()
        if operator == "<" and cursor.ahead("<("):
            return RedirectSyntax(number, operator, self._words.read())
        if not cursor.char or cursor.char in "\n;&|<>()#\\":
            raise NotUnderstood("a redirect without a file")
        return RedirectSyntax(number, operator, self._words.read())

    def _here(self, number: str) -> RedirectSyntax:
        cursor = self._cursor
        start = cursor.position - len(number)
        if number not in ("", "0"):
            raise NotUnderstood(f"a redirect of stream {number}")
        cursor.position += 2
        tabs = cursor.char == "-"
        cursor.position += tabs
        cursor.mark("redirect", start)
        self._between.skip_blanks()
        found = _DELIMITER.match(cursor.source, cursor.position)
        if not found or cursor.source[found.end() : found.end() + 1] not in ("", *ENDS):
            raise NotUnderstood("a here-document whose end is not a plain word")
        cursor.position = found.end()
        document = HereDocument(found[1] or found[2] or found[3], quoted=not found[3], tabs=tabs)
        cursor.waiting.append(document)
        return RedirectSyntax(number, "<<", None, document)
