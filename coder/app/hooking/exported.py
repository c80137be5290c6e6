"""The environment variables that a hook leaves for later commands: lines of `export NAME=value` in a file. Parsed and
never run. Must not know who wrote the file, or who is given the variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from coder.core.ordinary import read_ordinary

LARGEST = 256_000  # bytes of the file that are read
_MOST = 500  # variables
_LONGEST = 32_000  # characters of a value: a process is given no more than about four times as many in one
_LINE = re.compile(r"\s*export\s+([A-Za-z_][A-Za-z0-9_]*)=(.*?)\s*")
# One piece of a value: plain, quoted, or the name of a variable that is put in.
_PIECE = re.compile(
    r"(?P<plain>[^\s'\"\\$`;&|<>()]+)"
    r"|'(?P<raw>[^']*)'"
    r'|"(?P<quoted>(?:[^"\\$`]|\\.|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*\})*)"'
    r"|\\(?P<escaped>.)"
    r"|\$(?P<name>[A-Za-z_]\w*)|\$\{(?P<braced>[A-Za-z_]\w*)\}"
)
_IN_QUOTES = re.compile(r"\\(?P<escaped>[\"\\$`])|\$(?P<name>[A-Za-z_]\w*)|\$\{(?P<braced>[A-Za-z_]\w*)\}")


def exported(path: Path, env: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The variables that the file sets, and the lines that are no `export NAME=value` a value can be read from without
    running it. `env` is what `$NAME` stands for. A file that is not there sets none. Never raises."""
    try:
        text = read_ordinary(path, LARGEST).decode("utf-8", "replace")
    except OSError:
        return {}, ()
    found: dict[str, str] = {}
    wrong: list[str] = []
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        value = None if match is None else _value(match[2], {**env, **found})
        if match is None or value is None or len(value) > _LONGEST or "\0" in value or len(found) >= _MOST:
            wrong.append(line)
        else:
            found[match[1]] = value
    return found, tuple(wrong)


def _value(text: str, env: Mapping[str, str]) -> str | None:
    """None when a shell would do more than quoting and putting in variables."""
    value, at = "", 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        at = piece.end()
        if (quoted := piece["quoted"]) is not None:
            value += _IN_QUOTES.sub(lambda found: _put_in(found, env), quoted)
        else:
            value += piece["plain"] or piece["raw"] or _put_in(piece, env)
    return value


def _put_in(piece: re.Match[str], env: Mapping[str, str]) -> str:
    return piece["escaped"] or env.get(piece["name"] or piece["braced"] or "", "")
