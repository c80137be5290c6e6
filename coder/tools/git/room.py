"""How much of an answer of git the model is given. Pure; must not know what the answer is about."""

from __future__ import annotations

MOST = 12_000
"""Characters of one answer, roughly."""

LONGEST_LINE = 1_000


def line_cut(line: str) -> str:
    if len(line) <= LONGEST_LINE:
        return line
    return f"{line[:LONGEST_LINE]} [... line cut: {len(line):,} characters]"


def text_of(data: bytes) -> str:
    """With whole lines of bounded length; LF ends."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return "\n".join(map(line_cut, lines)).rstrip("\n")


def is_binary(data: bytes) -> bool:
    return b"\0" in data[:8000]


def whole_lines(text: str, room: int) -> str:
    """As many whole lines from the beginning as there is room for."""
    if len(text) <= room:
        return text
    return text[: max(0, text.rfind("\n", 0, room))]
