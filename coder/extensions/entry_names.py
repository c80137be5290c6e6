"""Which names the files of an archive may have, so that each stays inside its folder and none stands for another.

Pure. Must not know archives or the disk.
"""

from __future__ import annotations

import re
import unicodedata

from coder.core.visible import visible_line
from coder.extensions.errors import BundleError

_MOST_BYTES = 1000
_MOST_PART = 255
_MOST_DEPTH = 50
_DRIVE = re.compile(r"[A-Za-z]:")
_SHOWN = 120


def shown_name(name: str) -> str:
    text = visible_line(name)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def refuse_entry(name: str, problem: str) -> BundleError:
    """The error that names the entry."""
    return BundleError(f"{shown_name(name) or 'an entry without a name'}: {problem}")


def decoded(raw: bytes) -> str:
    """Names are UTF-8 here, whatever the archive says of them: each reader would guess at others in its own way."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise refuse_entry(raw.decode(errors="backslashreplace"), "its name is no UTF-8") from None


def parts_of(name: str) -> tuple[str, ...]:
    """The folders of an entry and its own name. Raises BundleError for one that could lead anywhere else."""
    if problem := _problem(name):
        raise refuse_entry(name, problem)
    return tuple(name.removesuffix("/").split("/"))


def _problem(name: str) -> str:
    parts = name.removesuffix("/").split("/")
    if "\0" in name or any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in name):
        return "its name holds a control character"
    if "\\" in name:
        return "its name holds a backslash, which is a folder on some systems"
    if name.startswith("/"):
        return "its name is an absolute path"
    if _DRIVE.match(name):
        return "its name begins with a drive"
    if any(part in ("", ".", "..") for part in parts):
        return "its name leads out of the folder, or has an empty part"
    if len(name.encode()) > _MOST_BYTES or any(len(part.encode()) > _MOST_PART for part in parts):
        return "its name is too long"
    return "its folders are too deep" if len(parts) > _MOST_DEPTH else ""


class Taken:
    """The names seen so far, as the least exact file system sees them: without case, and in one normal form."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, ...], str] = {}
        self._folders: dict[tuple[str, ...], str] = {}

    @property
    def folders(self) -> int:
        return len(self._folders)

    def add(self, parts: tuple[str, ...], *, folder: bool) -> None:
        """Raises BundleError for a name that is another one's, or that makes a file of a folder."""
        name = "/".join(parts)
        folded = tuple(_folded(part) for part in parts)
        above = len(parts) if folder else len(parts) - 1
        for depth in range(1, above + 1):
            self._folder(folded[:depth], "/".join(parts[:depth]))
        if folder:
            return
        if (other := self._files.get(folded)) is not None:
            same = (
                "stands in the archive twice"
                if other == name
                else f"is the same name as {shown_name(other)} for many disks"
            )
            raise refuse_entry(name, same)
        if folded in self._folders:
            raise refuse_entry(name, "is a file and a folder")
        self._files[folded] = name

    def _folder(self, folded: tuple[str, ...], name: str) -> None:
        if folded in self._files:
            raise refuse_entry(name, "is a file and a folder")
        other = self._folders.setdefault(folded, name)
        if other != name:
            raise refuse_entry(name, f"is the same folder as {shown_name(other)} for many disks")


def _folded(part: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", part).casefold())
