"""Foreign text made fit for a person to judge: nothing in it is invisible, and nothing is left out silently. Pure."""

from __future__ import annotations

import re

_LIMIT = 240
# Printable for Unicode, invisible on a screen: fillers, joiners, variation selectors, the empty Braille cell.
_UNSEEN = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_BLANKS = re.compile(r" {9,}")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "\x1b": "\\e"}


def shown(text: str, limit: int = _LIMIT) -> str:
    """`text` on one line: start and end of what is longer than `limit`, with how much is hidden between."""
    if len(text) <= limit:
        return _visible(text)
    start, end = text[: limit * 2 // 3], text[-(limit // 3) :]
    return f"{_visible(start)} [{len(text) - len(start) - len(end)} characters hidden] {_visible(end)}"


def _visible(text: str) -> str:
    seen = "".join(c if c.isprintable() and not _UNSEEN.match(c) else _escaped(c) for c in text)
    return _BLANKS.sub(lambda blanks: f" [{len(blanks[0])} blanks] ", seen)


def _escaped(character: str) -> str:
    code = ord(character)
    return _SHORT.get(character) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
