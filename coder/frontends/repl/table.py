"""The table of keys that `?` shows on an empty prompt. Must not know what the keys do."""

from __future__ import annotations

from coder.frontends.repl.keymap import Keymap
from coder.frontends.styled import Row, columns, cut, rows_of


def table(keymap: Keymap, width: int) -> list[Row]:
    """At most 8 rows."""
    key = keymap.hint
    cells = [
        ["/ commands", "@ files", "! your shell", "? this list"],
        [f"{key('send')} send", "\\ enter new line", f"{_arrow(key('earlier'))} earlier messages", ""],
        [f"{key('stop')} stop", "", "", ""],
        [f"{key('mode')} mode", f"{key('transcript')} transcript", f"{key('todo')} todo", f"{key('search')} search"],
        [f"{key('leave')} leave", f"{key('editor')} your editor", f"{key('background')} to background", ""],
    ]
    lines = columns(cells, gap=3)
    texts = ["".join(line).rstrip() for line in lines]
    texts[2] = f"{lines[2][0]}{key('stop')} {key('stop')} clear the draft, or go back to an earlier point"
    texts.append("/help commands and settings   coder help keys: all keys")
    return [cut(each, width) for each in rows_of([f"  {text}" for text in texts])]


def _arrow(key: str) -> str:
    return {"up": "↑", "down": "↓"}.get(key, key)
