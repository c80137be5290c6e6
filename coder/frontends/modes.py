"""Permission modes in the words people see. Pure."""

from __future__ import annotations

from coder.core.choices import Mode

_WORDS: dict[str, str] = {
    "default": "asks first",
    "acceptEdits": "accepts edits",
    "plan": "plan mode, read-only",
    "dontAsk": "never asks, denies",
    "bypassPermissions": "bypasses permissions",
}


def in_words(mode: Mode) -> str:
    return _WORDS[mode]
