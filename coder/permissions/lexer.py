"""A strict reader of shell words: quotes, escapes, expansions and here-documents as bash reads them, the rest refused.

Must not know statements (it is handed a reader for what runs inside a word) or any command.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from coder.permissions.syntax import (
    Block,
    Cursor,
    Expansion,
    HereDocument,
    NotUnderstood,
    Piece,
    Substitution,
    Token,
    Verbatim,
)

MAX_LENGTH = 10_000
ENDS = " \t\n;&|<>()"
_UNESCAPABLE = {"": "a backslash at the end", "\n": "a line continued inside a word", "`": "an escaped `"}
_PLAIN = re.compile(r"[^\s;&|<>()'\"\\`$~*?\[{}!#]+")
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9?#!@*$-]", re.ASCII)
_WORD = r"(?:[\w./:@%+=,-]*|[\w./@%+=,-]*\w~[0-9]*)"  # a tilde at its start would stand for a folder
_BRACED = re.compile(
    rf"\{{(?:(?P<name>[A-Za-z_]\w*|[0-9]+|BASH_SOURCE\[0\])|(?:#(?:[A-Za-z_]\w*|[0-9@*])|(?:[A-Za-z_]\w*|[0-9]+|@)"
    rf"(?::?[-+]{_WORD}|(?:%%?|##?)[\w./:@+=,*?-]+|//?[\w./:@+=-]+(?:/{_WORD})?|:[0-9]+(?::[0-9]+)?|\^\^?|,,?)))\}}",
    re.ASCII,
)
_DEFAULT = re.compile(r"\{([A-Za-z_]\w*):?[-+](?=\$\()", re.ASCII)
_ARITHMETIC = re.compile(r"\(\(([0-9 \t+*/%()<>=!&|^~?:-]*)\)\)", re.ASCII)
_ANSI = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"', "r": "\r"}


class Words:
    """`block(closer)` reads the statements of a substitution up to `closer`, and leaves the cursor behind it."""

    def __init__(self, cursor: Cursor, block: Callable[[str], Block]) -> None:
        self._cursor = cursor
        self._block = block

    def read(self) -> Token:
        """The word that begins here. Raises NotUnderstood."""
        cursor = self._cursor
        start = segment = cursor.position
        pieces: list[Piece] = []
        tilde = False
        while (char := cursor.char) and (char not in ENDS or cursor.ahead("<(")):
            if cursor.ahead("<("):
                segment = self._joined_pipe(segment, pieces)
                continue
            if plain := _PLAIN.match(cursor.source, cursor.position):
                pieces.append(Verbatim(plain[0]))
                cursor.position = plain.end()
                continue
            cursor.position += 1
            match char:
                case "'":
                    pieces.append(Verbatim(self._single_quoted(), quoted=True))
                case '"':
                    pieces += self._double_quoted()
                case "\\":
                    pieces.append(Verbatim(self._escaped(), quoted=True))
                case "`":
                    pieces.append(self._backquoted(quoted=False))
                case "$":
                    pieces.append(self._dollar(" \t\n;&|", quoted=False))
                case "~":
                    tilde = self._tilde(start) or tilde
                    pieces.append(Verbatim(char))
                case _:
                    pieces.append(Verbatim(char, glob=char in "*?["))
        if cursor.ahead(">(") or cursor.char == "(":
            raise NotUnderstood("a function" if cursor.ahead("()") else "a bracket joined to a word")
        raw = cursor.source[start : cursor.position]
        _check_braces(raw, pieces)
        if segment < cursor.position or segment == start:
            cursor.mark("word", segment)
        return Token(raw, _joined(pieces), start, cursor.position, tilde)

    def _joined_pipe(self, segment: int, pieces: list[Piece]) -> int:
        """`--file=<(…)`: one word to bash, several to the second reader; where the next of them begins."""
        cursor = self._cursor
        if segment < cursor.position:
            cursor.mark("word", segment)
        pieces += self._pipe().pieces
        return cursor.position

    def _pipe(self) -> Token:
        """`<(…)`, which stands where a file name would."""
        cursor = self._cursor
        start = cursor.position
        cursor.position += 2
        body = self._block(")")
        cursor.mark("word", start)
        cursor.mark("substitution", start)
        source = cursor.source[start : cursor.position]
        return Token(source, (Substitution(source, body, quoted=True, is_pipe=True),), start, cursor.position)

    def here_body(self, document: HereDocument) -> None:
        """Reads the body of a here-document, up to and with its last line."""
        cursor = self._cursor
        start = cursor.position
        pieces: list[Piece] = []
        while True:
            end = cursor.source.find("\n", cursor.position)
            line = cursor.source[cursor.position : end if end >= 0 else len(cursor.source)]
            if (line.lstrip("\t") if document.tabs else line) == document.delimiter:
                if cursor.position > start:
                    cursor.mark("document", start)
                cursor.position += len(line)
                document.pieces = _joined(pieces)
                return
            if end < 0:
                raise NotUnderstood("a here-document that never ends")
            pieces.append(Verbatim(line + "\n", quoted=True))
            if not document.quoted:
                self._check_expanded(line)
            cursor.position = end + 1

    def _check_expanded(self, line: str) -> None:
        """A line that bash expands: plain variables are only text, whatever could run something is refused."""
        index = 0
        while index < len(line):
            char, following = line[index], line[index + 1 : index + 2]
            if char == "\\" and following in ("$", "\\"):
                index += 2
                continue
            if char in "\\`" or (char == "$" and following and following in "({['\""):
                raise NotUnderstood("a here-document with an expansion in it")
            index += 1

    def _single_quoted(self) -> str:
        cursor = self._cursor
        end = cursor.source.find("'", cursor.position)
        if end < 0:
            raise NotUnderstood("a quote that never closes")
        inner = cursor.source[cursor.position : end]
        cursor.position = end + 1
        return inner

    def _double_quoted(self) -> list[Piece]:
        cursor = self._cursor
        pieces: list[Piece] = [Verbatim("", quoted=True)]
        while char := cursor.char:
            cursor.position += 1
            match char:
                case '"':
                    return pieces
                case "`":
                    pieces.append(self._backquoted(quoted=True))
                case "$":
                    pieces.append(self._dollar('" |', quoted=True))
                case "\\":
                    following = cursor.char
                    if following in _UNESCAPABLE:
                        raise NotUnderstood(_UNESCAPABLE[following])
                    cursor.position += following in '"\\$'
                    pieces.append(Verbatim(following if following in '"\\$' else char, quoted=True))
                case _:
                    pieces.append(Verbatim(char, quoted=True))
        raise NotUnderstood("a quote that never closes")

    def _escaped(self) -> str:
        following = self._cursor.char
        if following in _UNESCAPABLE:
            raise NotUnderstood(_UNESCAPABLE[following])
        self._cursor.position += 1
        return following

    def _backquoted(self, *, quoted: bool) -> Piece:
        cursor = self._cursor
        start = cursor.position - 1
        end = cursor.source.find("`", cursor.position)
        inner = cursor.source[cursor.position : end]
        if end < 0 or "\\" in inner or "\n" in inner or "#" in inner or (quoted and '"' in inner):
            raise NotUnderstood("a command substitution (`…`) that is not plain")
        body = self._block("`")
        if cursor.position != end + 1:
            raise NotUnderstood("a command substitution (`…`) that is not plain")
        cursor.mark("substitution", start)
        return Substitution(cursor.source[start : cursor.position], body, quoted)

    def _dollar(self, harmless: str, *, quoted: bool) -> Piece:
        """What a dollar sign begins; a dollar before one of `harmless` is itself."""
        cursor = self._cursor
        start = cursor.position - 1
        source = cursor.source
        following = cursor.char
        if not following or following in harmless:
            return Verbatim("$", quoted=quoted)
        if found := _ARITHMETIC.match(source, cursor.position):
            cursor.position = found.end()
            return Expansion(source[start : found.end()], "", quoted)
        if cursor.ahead("(("):
            raise NotUnderstood("arithmetic ($((…)))")
        if following == "(":
            cursor.position += 1
            body = self._block(")")
            cursor.mark("substitution", start)
            return Substitution(source[start : cursor.position], body, quoted)
        if following == "'" and not quoted:
            cursor.position += 1
            return Verbatim(self._ansi_quoted(), quoted=True)
        if found := _BRACED.match(source, cursor.position):
            cursor.position = found.end()
            cursor.mark("expansion", start)
            return Expansion(source[start : found.end()], found["name"] or "", quoted)
        if found := _DEFAULT.match(source, cursor.position):
            cursor.position = found.end() + 2
            body = self._block(")")
            cursor.mark("substitution", found.end())
            if cursor.char != "}":
                raise NotUnderstood(f"the expansion {source[start : cursor.position]}")
            cursor.position += 1
            cursor.mark("expansion", start)
            return Substitution(source[start : cursor.position], body, quoted)
        if found := _NAME.match(source, cursor.position):
            cursor.position = found.end()
            cursor.mark("expansion", start)
            return Expansion(source[start : found.end()], found[0], quoted)
        raise self._unknown_expansion(following)

    def _ansi_quoted(self) -> str:
        cursor = self._cursor
        text: list[str] = []
        while char := cursor.char:
            cursor.position += 1
            if char == "'":
                return "".join(text)
            if char == "\\":
                following = cursor.char
                cursor.position += 1
                if following not in _ANSI:
                    raise NotUnderstood("the quoting $'…'")
                char = _ANSI[following]
            text.append(char)
        raise NotUnderstood("a quote that never closes")

    def _unknown_expansion(self, following: str) -> NotUnderstood:
        if following in "'\"":
            return NotUnderstood(f"the quoting ${following}…{following}")
        name = re.match(r"\{?[!#]?[A-Za-z0-9_]*\}?", self._cursor.source[self._cursor.position :])
        return NotUnderstood(f"the expansion ${name[0] if name and name[0] else following}")

    def _tilde(self, start: int) -> bool:
        cursor = self._cursor
        following = cursor.char
        if cursor.position - 1 == start:
            if following and following != "/" and following not in ENDS:
                raise NotUnderstood("a tilde that stands for somebody else's folder (~name)")
            return True
        if cursor.source[cursor.position - 2] in "=:" and cursor.position - 2 > start:
            raise NotUnderstood("a tilde inside an assignment")
        return False


def _joined(pieces: list[Piece]) -> tuple[Piece, ...]:
    """Neighbouring literal pieces of one kind made one."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, Verbatim) and isinstance(last, Verbatim) and piece.quoted == last.quoted:
            joined[-1] = Verbatim(last.text + piece.text, last.quoted, last.glob or piece.glob)
        else:
            joined.append(piece)
    return tuple(joined)


def _check_braces(raw: str, pieces: list[Piece]) -> None:
    """Refuses what bash would multiply: `{a,b}`, `{1..3}`. Others are themselves."""
    bare = "".join(piece.text if isinstance(piece, Verbatim) and not piece.quoted else "_" for piece in pieces)
    inner = bare[bare.find("{") + 1 : bare.rfind("}")] if "{" in bare else ""
    if "," in inner or ".." in inner or (bare[:1] == "{" and raw != "{}"):
        raise NotUnderstood(f"the braces in {raw}")
