"""Makes every character of a foreign text visible, so that what is read is what there is. Pure; knows no terminal."""

from __future__ import annotations

import re
from functools import lru_cache
from unicodedata import category

BLANKS = 8  # identical ones in a row that are still shown as they are

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
# Characters of other categories that draw nothing: joiners, fillers, variation selectors, the empty Braille cell.
_EMPTY = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00016fe4\U0001d159\U000e0100-\U000e01ef]"
)
_NAMED = {"\t": "\\t", "\r": "\\r"}


def visible(text: str, blanks: int = BLANKS) -> str:
    """The text with control, invisible and direction-changing characters and odd blanks as `\\t`, `\\x1b`, `\\u202e`.

    Line ends stay. More than `blanks` equal blanks, unseen characters or empty lines in a row are counted:
    `[60 spaces]`, `[300 tabs]`, `[20 × \\u200b]`, `[40 empty lines]`. Total, linear, and the same when done twice. An
    escape looks like the same text typed out: backslashes stay as they are, for commands are full of them.
    """
    return _suspects(blanks).sub(lambda match: _shown(match, blanks), text)


def visible_line(text: str) -> str:
    """The text on one line: each run of line ends and plain blanks is one blank, the rest is made visible."""
    return visible(" ".join(part for part in re.split("[ \n]+", text) if part))


@lru_cache(maxsize=4)
def _suspects(blanks: int) -> re.Pattern[str]:
    lines = rf"(?:\A|\n)(?:[ \t]*\n){{{blanks + 1},}}"
    return re.compile(rf"{lines}| {{{blanks + 1},}}|([^\x20-\x7e\n])\1*")


def _shown(match: re.Match[str], blanks: int) -> str:
    run: str = match[0]
    if "\n" in run:
        led = "\n" if match.start() else ""
        count = run.count("\n") - len(led)
        return f"{led}[{count} empty lines]\n"
    if run[0] == " ":
        return f"[{len(run)} spaces]"
    escape = _escape(run[0])
    if not escape:
        return run
    if len(run) <= blanks:
        return escape * len(run)
    return f"[{len(run)} tabs]" if run[0] == "\t" else f"[{len(run)} × {escape}]"


@lru_cache(maxsize=4096)
def _escape(char: str) -> str:
    """How an unseen character is written; "" for one that can be seen."""
    if category(char) not in _UNSEEN and not _EMPTY.match(char):
        return ""
    code = ord(char)
    plain = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return _NAMED.get(char, plain)
