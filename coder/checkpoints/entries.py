"""What is at a path, and how that changed. Values and their JSON form; must not touch the disk."""

from __future__ import annotations

import os
import stat
from typing import Any, Literal, TypeAlias

from coder.core.dataclass import dataclass

Kind: TypeAlias = Literal["file", "link", "folder", "other"]
_KINDS: dict[int, Kind] = {stat.S_IFREG: "file", stat.S_IFLNK: "link", stat.S_IFDIR: "folder"}
_LETTERS: dict[Kind, str] = {"file": "f", "link": "l", "folder": "d", "other": "o"}
_NAMED: dict[str, Kind] = {letter: kind for kind, letter in _LETTERS.items()}


@dataclass(frozen=True, slots=True)
class Entry:
    """`mode` holds the permission bits, set-id and sticky among them. `content` of a link is where it points; of a file
    an id that `Contents` knows, or "" when it is not kept: then `stamp`, its time of change in ns, tells it apart."""

    kind: Kind
    mode: int = 0
    size: int = 0
    content: str = ""
    stamp: int = 0

    @property
    def is_kept(self) -> bool:
        """Whether it can be brought back."""
        return self.kind in ("folder", "link") or (self.kind == "file" and bool(self.content))


@dataclass(frozen=True, slots=True)
class Change:
    """None: nothing is there. `path` is absolute, with no link in its folders; names are as `os.fsdecode` has them."""

    path: str
    before: Entry | None
    after: Entry | None


def kind_of(mode: int) -> Kind:
    return _KINDS.get(stat.S_IFMT(mode), "other")


def entry_to_json(entry: Entry | None) -> list[Any] | None:
    if entry is None:
        return None
    return [_LETTERS[entry.kind], entry.mode, entry.size, path_to_json(entry.content), entry.stamp]


def entry_from_json(raw: Any) -> Entry | None:
    """Raises ValueError, TypeError or KeyError for what is none."""
    if raw is None:
        return None
    letter, mode, size, content, stamp = raw
    return Entry(_NAMED[letter], int(mode), int(size), path_from_json(content), int(stamp))


def change_to_json(change: Change) -> list[Any]:
    return [path_to_json(change.path), entry_to_json(change.before), entry_to_json(change.after)]


def change_from_json(raw: Any) -> Change:
    """Raises ValueError, TypeError or KeyError for what is none."""
    path, before, after = raw
    return Change(path_from_json(path), entry_from_json(before), entry_from_json(after))


def path_to_json(path: str) -> str:
    """The same text under every locale: bytes that are no UTF-8 become lone surrogates, which JSON writes as ASCII."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "surrogateescape")


def path_from_json(text: str) -> str:
    return text if text.isascii() else os.fsdecode(text.encode("utf-8", "surrogateescape"))
