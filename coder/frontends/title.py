"""The title of the terminal's window, as bytes to be written to it. Pure; must not know who writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

State: TypeAlias = Literal["", "working", "waiting for you"]
KEEP = "\x1b[22;0t"  # has the terminal remember the title it has
RESTORE = "\x1b[23;0t"
_OFF = "CLAUDE_CODE_DISABLE_TERMINAL_TITLE"
_NO = frozenset({"", "0", "false", "no", "off"})
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_LONGEST = 80


def has_title(env: Mapping[str, str]) -> bool:
    """Whether the title may be changed here: the person did not forbid it, and the terminal has one."""
    return env.get(_OFF, "").strip().lower() in _NO and env.get("TERM", "") not in ("", "dumb", "linux")


def title_text(folder: str, state: State = "", name: str = "") -> str:
    """`coder · shop · working`; with the name of the session in the folder's place when it has one."""
    parts = ("coder", _clean(name) or _clean(folder), state)
    return " · ".join(part for part in parts if part)


def title_sequence(text: str) -> str:
    """Sets the title of window and tab."""
    return f"\x1b]0;{_clean(text)}\x07"


def _clean(text: str) -> str:
    line = " ".join(_UNSAFE.sub(" ", text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
