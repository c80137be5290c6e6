"""A strict reader of simple commands: assignments, words, redirects. Must not know any command."""

from __future__ import annotations

import re

from coder.permissions.between import Between
from coder.permissions.lexer import ENDS, Words
from coder.permissions.names import names
from coder.permissions.redirects import Redirects
from coder.permissions.syntax import Cursor, NotUnderstood, RedirectSyntax, Simple, Token

RESERVED = names("! { } [[ ]] case coproc do done elif else esac fi for function if in select then until while")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=")
_ODD_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\[|\+=)")


class SimpleCommands:
    def __init__(self, cursor: Cursor, words: Words, between: Between, redirects: Redirects) -> None:
        self._cursor = cursor
        self._words = words
        self._between = between
        self._redirects = redirects

    def read(self) -> Simple:
        start = self._cursor.position
        assignments: list[tuple[str, Token]] = []
        words: list[Token] = []
        redirects: list[RedirectSyntax] = []
        end = start
        while True:
            self._between.skip()
            if self._redirects.stands_here():
                redirects.append(self._redirects.read())
            elif self._cursor.ahead("<(") and words:
                words.append(self._words.read())
            elif not self._cursor.char or self._cursor.char in ENDS:
                break
            else:
                self._word(assignments, words)
            end = self._cursor.position
        if self._cursor.char and self._cursor.char in "<>(":
            self._refuse_bracket()
        if not words and not assignments and [r.operator for r in redirects] == ["<"]:
            return Simple((), (), tuple(redirects), start, end)
        if not words and not assignments:
            raise NotUnderstood(
                "a redirect without a command" if redirects else "an operator without a command beside it"
            )
        if not words and redirects:
            raise NotUnderstood("a redirect without a command")
        first = min(token.start for token in (*words, *(token for _, token in assignments)))
        self._cursor.marks.add(("command", first, first))
        return Simple(tuple(assignments), tuple(words), tuple(redirects), start, end)

    def _refuse_bracket(self) -> None:
        text = self._cursor.source[self._cursor.position :][:2]
        if text[:1] == "(":
            raise NotUnderstood("a function" if text == "()" else "a bracket where a word should be")
        raise NotUnderstood(f"the redirect {text}")

    def _word(self, assignments: list[tuple[str, Token]], words: list[Token]) -> None:
        token = self._words.read()
        if words:
            words.append(token)
        elif _ODD_ASSIGNMENT.match(token.raw):
            raise NotUnderstood(f"the assignment {token.raw}")
        elif found := _ASSIGNMENT.match(token.raw):
            assignments.append((found[1], token))
        elif token.raw in RESERVED:
            raise NotUnderstood(f"the shell keyword {token.raw}")
        else:
            words.append(token)
