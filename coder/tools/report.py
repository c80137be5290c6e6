"""The words in which Glob and Grep report what a search found. Must not know how it was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.errors import ToolError

if TYPE_CHECKING:
    from coder.tools.query import Findings, Hidden


def printable(path: str) -> str:
    """A path on one line: whatever is not printable (newlines, broken bytes, direction marks) as an escape."""
    return path if path.isprintable() else "".join(char if char.isprintable() else _escape(char) for char in path)


def _escape(char: str) -> str:
    if 0xDC80 <= ord(char) <= 0xDCFF:
        return f"\\x{ord(char) - 0xDC00:02x}"
    return char.encode("unicode_escape", "backslashreplace").decode("ascii")


def checked(field: str, text: str) -> str:
    """The text, when it can be part of a path. Raises ToolError."""
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ToolError(f"`{field}` holds half of a surrogate pair, which no file name can.") from error
    if "\0" in text:
        raise ToolError(f"`{field}` holds a NUL character, which no file name can.")
    return text


class Places:
    """How paths below a search root are written: whole, or short when they are in the working folder."""

    def __init__(self, root: Path, cwd: Path) -> None:
        self._root = root
        self.cwd = cwd

    def whole(self, path: str) -> str:
        return printable(str(self._root / path))

    def short(self, path: str) -> str:
        place = self._root / path
        near = place.relative_to(self.cwd) if place.is_relative_to(self.cwd) else place
        return printable(str(near)) + "/" * path.endswith("/")


def refuse(findings: Findings, places: Places) -> None:
    """Raises ToolError when the root could not be searched at all."""
    root = places.whole("")
    match findings.problem:
        case "":
            return
        case "missing":
            raise ToolError(f"{root} does not exist. The working folder is {places.cwd}; find paths with Glob.")
        case "file":
            raise ToolError(f"{root} is a file; Glob lists what is in folders. Read the file, or give its folder.")
        case "special":
            raise ToolError(f"{root} is a pipe, socket or device, which has no lines to search.")
        case "binary":
            raise ToolError(f"{root} is a binary file (it holds NUL bytes) and was not searched.")
        case "moved":
            raise ToolError(
                f"{root} was not searched: a link is in its place that was not there when it was judged, or that leads "
                "in a circle. Look again and retry."
            )
        case "unreadable":
            raise ToolError(f"{root} cannot be read: permission denied.")


def count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {many or one + 's'}"


def notices(findings: Findings, places: Places, seconds: float) -> list[str]:
    """What the model must know about an answer that is not the whole."""
    made: list[str] = []
    if findings.is_partial:
        made.append(f"Stopped after {seconds:g} s: results are missing. Narrow `path`, `pattern` or `glob`.")
    if findings.unreadable:
        made.append(f"{count(findings.unreadable, 'file or folder', 'files or folders')} could not be read.")
    if findings.oversized:
        made.append(f"{count(findings.oversized, 'file')} over 64 MB left out: too large for `multiline`.")
    if findings.kept_back:
        left_out = count(findings.kept_back, "file or folder is", "files or folders are")
        made.append(f"{left_out} left out, for a permission rule denies reading.")
    if findings.hidden.files:
        made.append(_hidden(findings.hidden, places))
    elif not findings.hidden.is_complete and not findings.is_partial:
        made.append("Ignore files hide more than could be looked through; give such a folder as `path` to search it.")
    return [f"({notice})" for notice in made]


def _hidden(hidden: Hidden, places: Places) -> str:
    named = [places.short(place) + (f" ({files:,})" if place.endswith("/") else "") for place, files in hidden.places]
    elsewhere = hidden.files - sum(files for _, files in hidden.places)
    where = ", ".join([*named, f"{elsewhere:,} elsewhere"] if elsewhere else named)
    files = count(hidden.files, "more matching file is", "more matching files are")
    least = "" if hidden.is_complete else "At least "
    return f"{least}{files} hidden by ignore files: {where}. Give one of these as `path` to search it."
