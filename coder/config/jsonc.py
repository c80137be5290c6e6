"""JSON as editors write it, with comments and trailing commas, made into JSON. Pure; must not know what it says."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)|\s+|[^"/\s,]+|.', re.DOTALL)


def plain(text: str) -> str:
    """The same without comments and trailing commas. Line ends stay, so that places in it are those of the file."""
    pieces: list[str] = []
    comma = -1  # the place of one that nothing but blanks and comments has followed yet
    for found in _TOKEN.finditer(text):
        token = found[0]
        if token.startswith(("//", "/*")):
            token = "\n" * token.count("\n")
        elif not token.isspace():
            if comma >= 0 and token[0] in "}]":
                pieces[comma] = ""
            comma = len(pieces) if token == "," else -1
        pieces.append(token)
    return "".join(pieces)
