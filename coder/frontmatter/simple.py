"""Heads that are simple `key: value` lines: read without a YAML parser, as it would read them. Must not know files."""

from __future__ import annotations

import re

from coder.core.dataclass import dataclass
from coder.frontmatter.values import plain

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*):[ ]+(\S.*?)[ ]*\Z")
# A first character that means something to YAML, or a sign within that ends or starts something.
_SPECIAL = re.compile(r"[-?:,\[\]{}#&*!|>'\"%@`=]|.*(?:: | #|:\Z|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe])")
_QUOTED = re.compile(r"""(?:"[^"\\]*"|'[^']*')\Z""")
_TAG = re.compile(r"<(\w{1,30})>")
_KEY = re.compile(r"""(?:"([^"\\]+)"|'([^']+)'|([A-Za-z_][\w.-]*))[ \t]*:(?:[ \t]+|\Z)(.*)\Z""")


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines of one key, from its own to the next. `first` is what stands behind the colon."""

    key: str
    line: int  # 0-based
    first: str
    rest: tuple[str, ...] = ()


def simple(lines: list[str]) -> tuple[dict[str, object], dict[str, int]] | None:
    """The values and their lines, 0-based. None for whatever a parser must see."""
    values: dict[str, object] = {}
    places: dict[str, int] = {}
    for number, line in enumerate(lines):
        if not line.strip(" "):
            continue
        found = _LINE.match(line)
        if found is None or found[1] in values:
            return None
        key, text = found[1], found[2]
        if _QUOTED.match(text) and text.isprintable():
            values[key] = text[1:-1]
        elif _SPECIAL.match(text):
            return None
        else:
            values[key] = plain(text)
        places[key] = number
    if {"", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"} & values.keys():
        return None
    return values, places


def chunks(lines: list[str]) -> tuple[list[Chunk], list[int]]:
    """The head cut into its keys, and the lines that belong to none."""
    found: list[tuple[str, int, str, list[str]]] = []
    stray: list[int] = []
    inside = ""  # the tag of an example that a text quotes: a talk, whose lines look like keys
    for number, line in enumerate(lines):
        key, tag = _KEY.match(line), _TAG.match(line)
        if inside or tag is not None:
            inside = inside or (tag[1] if tag else "")
            inside = "" if f"</{inside}>" in line else inside
            (found[-1][3] if found else []).append(line)
        elif key is not None:
            found.append((key[1] or key[2] or key[3], number, key[4].strip(), []))
        elif not line.strip() or line.startswith("#"):
            continue
        elif found:
            found[-1][3].append(line)
        else:
            stray.append(number)
    return [Chunk(key, number, first, tuple(rest)) for key, number, first, rest in found], stray


def as_text(chunk: Chunk) -> object:
    """The value as somebody who knows no YAML meant it: the text, or the list of what stands behind dashes."""
    rest = [line.strip() for line in chunk.rest]
    if not chunk.first and rest and all(line.startswith("- ") for line in rest):
        return [_unquoted(line[2:].strip()) for line in rest]
    first = "" if chunk.first in {"|", ">", "|-", ">-", "|+", ">+"} else chunk.first
    return _unquoted((" " if first is chunk.first else "\n").join(filter(None, (first, *rest))))


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
