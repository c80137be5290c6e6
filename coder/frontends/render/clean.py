"""Foreign text made fit for the screen, several lines of it. Pure; must not know Markdown, colours or a terminal.

Escape sequences and control characters go, what is invisible or turns the direction is written out (`\\u202e`), tabs
become blanks. What is left can be measured.
"""

from __future__ import annotations

import re

from coder.core.visible import visible
from coder.frontends.plain import printable

_TAB = 4
_SPACES = dict.fromkeys([0xA0, 0x2007, 0x202F, *range(0x2000, 0x200B), 0x205F], " ")
# Emoji are drawn the same without their selector, and wider with it than they are measured.
_SELECTOR = re.compile("(?<=[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff#*0-9])[\ufe0e\ufe0f]")
_JOINER = re.compile("(?<=[\u2600-\u27bf\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
_ALL = 1 << 30


def clean_prose(text: str) -> str:
    """Text for reading: typographic blanks are blanks, joined emoji stay joined."""
    text = printable(text).expandtabs(_TAB)
    if text.isascii():
        return text
    parts = _JOINER.split(_SELECTOR.sub("", text.translate(_SPACES)))
    return "\u200d".join(visible(part, blanks=_ALL) for part in parts)


def clean_code(text: str) -> str:
    """Text whose every character matters: odd blanks are written out too."""
    text = printable(text).expandtabs(_TAB)
    return text if text.isascii() else visible(text, blanks=_ALL)
