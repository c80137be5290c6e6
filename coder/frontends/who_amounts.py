"""How much a file changed, in words and lines. Must not know who changed it."""

from __future__ import annotations

from coder.app.who.values import FileRow, Side
from coder.core.visible import visible, visible_line
from coder.frontends.amounts import counted
from coder.sessions.age import size_text
from coder.tools.patch import patch


def amount(row: FileRow) -> tuple[str, list[str]]:
    """How much, and the lines that went and came."""
    before, after = row.before, row.after
    if row.other:
        return "", []
    kinds = [side.kind for side in (before, after) if side is not None]
    if before is None or after is None:
        side = before or after
        assert side is not None, "a change has a side"
        was = "" if before is None else "it had " if side.lines is not None else "it was "
        return was + _size(side), _lines(before, after)
    if kinds == ["file", "file"]:
        if before.mode != after.mode and (before.content, before.size) == (after.content, after.size):
            return f"mode {before.mode:o} → {after.mode:o}", []
        if before.lines is None or after.lines is None or before.text is None or after.text is None:
            return f"{size_text(before.size)} → {size_text(after.size)}", []
        made = patch(before.text, after.text)
        return f"{before.lines} → {counted(after.lines, 'line')} ({made.counts})", _lines(before, after)
    return f"{_size(before)} → {_size(after)}", []


def _size(side: Side) -> str:
    match side.kind:
        case "folder":
            return "a folder"
        case "link":
            return f"a link to {visible_line(side.content)}"
        case "file" if side.lines is not None:
            return counted(side.lines, "line")
        case "file":
            return size_text(side.size)
        case _:
            return "no file"


def _lines(before: Side | None, after: Side | None) -> list[str]:
    sides = [side for side in (before, after) if side is not None]
    if any(side.kind != "file" for side in sides):
        return []
    if any(side.text is None for side in sides):
        return ["its content is no longer kept, or is no text"]
    texts = [side.text or "" if side is not None else "" for side in (before, after)]
    return [visible(line.expandtabs(4)) for line in patch(*texts).text().split("\n")]
