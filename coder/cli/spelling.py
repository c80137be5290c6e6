"""Spells what the terminal's encoding has no character for, so that no output can fail. Knows the standard streams."""

from __future__ import annotations

import codecs
import io
import sys

_NAME = "coder.spelled"
_MARKS = {
    "…": "...",
    "·": "-",
    "–": "-",
    "✓": "ok",
    "✔": "ok",
    "✘": "x",
    "⏸": "||",
    "✗": "x",
    "❯": ">",
    "▸": ">",
    "“": '"',
    "”": '"',
}


def spell_out() -> None:
    """From now on standard output and error take every text; in UTF-8 it stays as it is."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and codecs.lookup(stream.encoding).name != "utf-8":
            codecs.register_error(_NAME, _spelled)
            stream.reconfigure(errors=_NAME)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    """Our own marks in ASCII, all else by its number: `\\u5bbd`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_MARKS.get(each) or ascii(each)[1:-1] for each in missing), error.end
