"""Code with its syntax marked. Pure; must not know widths or colours. Loads pygments when it is first used."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from coder.core.lazy import LazyModule
from coder.frontends.render.clean import clean_code

_lexers: Any = LazyModule("pygments.lexers")
_util: Any = LazyModule("pygments.util")

_NAME = re.compile(r"[\w.+#-]{1,30}")
_LONGEST_LINE = 1000  # characters; minified code is not read, and slow to colour
_STYLES = (
    (("Comment",), "comment"),
    (("Keyword",), "keyword"),
    (("Operator", "Word"), "keyword"),
    (("Name", "Function"), "name"),
    (("Name", "Class"), "name"),
    (("Name", "Decorator"), "name"),
    (("Name", "Tag"), "name"),
    (("Literal", "String"), "string"),
    (("Literal", "Number"), "number"),
    (("Generic", "Inserted"), "added"),
    (("Generic", "Deleted"), "removed"),
    (("Generic", "Heading"), "bold"),
    (("Generic", "Subheading"), "dim"),
)


def highlighted(code: str, language: str) -> list[list[tuple[str, str]]]:
    """The lines of a code, safe to print, each as pieces with the name of their style."""
    code = clean_code(code)
    lines = code.split("\n")
    lexer = _lexer(language) if max(map(len, lines)) <= _LONGEST_LINE else None
    # Some lexers know a line by its end.
    pieces = [] if lexer is None else list(lexer.get_tokens(f"{code}\n"))
    if "".join(text for _, text in pieces) != f"{code}\n":
        return [[(line, "")] for line in lines]
    made: list[list[tuple[str, str]]] = [[]]
    for kind, text in pieces:
        style = _style(kind)
        for number, part in enumerate(text.split("\n")):
            if number:
                made.append([])
            if part:
                made[-1].append((part, style))
    return made[:-1]


def language_of(path: str) -> str:
    """The language of a file by its name; "" when it is not known."""
    try:
        found = _lexers.find_lexer_class_for_filename(path)
    except (ValueError, OSError):
        return ""
    return str(found.aliases[0]) if found is not None and found.aliases else ""


@lru_cache(maxsize=64)
def _lexer(language: str) -> Any:
    """None for a language that is not known."""
    if not _NAME.fullmatch(language):
        return None
    try:
        return _lexers.get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except _util.ClassNotFound:
        return None


@lru_cache(maxsize=256)
def _style(kind: tuple[str, ...]) -> str:
    return next((style for names, style in _STYLES if kind[: len(names)] == names), "")
