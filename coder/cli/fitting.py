"""Lines for people, broken at words where a terminal shows them; for a pipe each stays one line. Must not know them."""

from __future__ import annotations

import os
from typing import TextIO

from coder.frontends.wrapping import wrapped

_NARROWEST = 40


def fitting(line: str, stream: TextIO, hang: int = 2) -> str:
    """The line as `stream` is to be given it; what does not fit goes on `hang` cells further in than it began."""
    try:
        width = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # no terminal
        return line
    indent = len(line) - len(line.lstrip(" "))
    return "\n".join(wrapped(line.lstrip(" "), max(width, _NARROWEST), " " * indent, " " * (indent + hang)))
