"""JSON as editors write it, with comments and trailing commas, made into JSON. Pure; must not know what it says."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    "(?:[^"\\]|\\.)*"?          # a text, in which nothing is a comment
    | //[^\n]* | /\*.*?(?:\*/|\Z)
    | ,(?=(?:\s|//[^\n]*(?:\n|\Z)|/\*.*?\*/)*[}\]])
    """,
    re.VERBOSE | re.DOTALL,
)


def plain(text: str) -> str:
    """The same without comments and trailing commas. Line ends stay, so that places in it are those of the file."""
    return _TOKEN.sub(lambda found: found[0] if found[0][0] == '"' else "\n" * found[0].count("\n"), text)
