"""Contents that the person's repository holds, so that a first checkpoint need not read them. Never writes there.

A file is one of them when its status is exactly what the index says, git could not have changed its bytes on the way,
and it was not written at about the time the index was. The repository may drop any of it at any time, or be deleted: so
its objects are held from the beginning, and a content is taken over as soon as it is needed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from coder.checkpoints.contents import Contents
from coder.checkpoints.gitindex import GitIndex, read_index
from coder.checkpoints.held import HeldObjects
from coder.git.call import Git
from coder.git.repository import Repository, repository_of

_CONVERTS = re.compile(rb"(^|\s)[-!]?(text|crlf|eol|ident|filter|working-tree-encoding)\b", re.MULTILINE)
_MOST_ATTRIBUTES = 1_000_000
_SECOND = 1_000_000_000
_TICK = 20_000_000  # ns
_WORD = 0xFFFFFFFF  # git keeps 32 bits of each number


class Seeds:
    """The seeds of one working folder; none outside git, without git, or where git converts files."""

    def __init__(self, root: Path, git: Git, held: HeldObjects) -> None:
        self._root = root
        self._git = git
        self._held = held
        self._repository = repository_of(root)
        self._prefix = ""
        self._index: GitIndex | None = None
        self._folders: frozenset[str] = frozenset()
        self._blobs: frozenset[str] = frozenset()
        self.is_spoiled = False
        """Whether a file was met since that makes git convert others: what was told before does not count."""

    def begin(self) -> None:
        """Reads the index and takes hold of what it names. Before this, and after `release`, there are no seeds.
        Blocks."""
        self._index = self._seeding(self._root)
        self._blobs = (
            frozenset(staged.blob.hex() for staged in self._index.files.values()) if self._index else self._blobs
        )
        if self._index is None or self._repository is None or not self._held.hold(self._repository, self._blobs):
            self._index, self._blobs = None, frozenset()
        self._folders = frozenset(_folders(self._index.files)) if self._index else frozenset()

    def content(self, path: str, status: os.stat_result) -> str:
        """The content id of the file at this path below the root, or ""."""
        if self._index is None:
            return ""
        name = self._prefix + path
        staged = self._index.files.get(name)
        if staged is None:
            if _is_attributes(name) and self._repository:
                self.is_spoiled = self.is_spoiled or _has_conversion(self._repository.top / name)
            return ""
        mtime, ctime = status.st_mtime_ns, status.st_ctime_ns
        if (
            staged.size != status.st_size & _WORD
            or staged.inode != status.st_ino & _WORD
            or staged.mtime != mtime // _SECOND & _WORD
            or staged.ctime != ctime // _SECOND & _WORD
            or (staged.mtime_ns and staged.mtime_ns != mtime % _SECOND)
            or (staged.ctime_ns and staged.ctime_ns != ctime % _SECOND)
        ):
            return ""
        # In the moment in which the index was written (the second, where git keeps no more) it may have changed again.
        written = self._index.written
        settled = written - _TICK if staged.mtime_ns else written // _SECOND * _SECOND
        return f"g:{staged.blob.hex()}" if max(mtime, ctime) < settled else ""

    def is_held(self, content: str) -> bool:
        """Whether this content, known from an earlier session, is a seed of this one too."""
        return content[2:] in self._blobs

    def holds_tracked(self, path: str) -> bool:
        """Whether git tracks a file in the folder at this path below the root. False where that is not known."""
        return self._prefix + path in self._folders

    def adopt(self, wanted: Mapping[str, int], contents: Contents) -> dict[str, str]:
        """Takes these contents over, each with the size its file had. Returns the new ids; what is not held,
        or in another form than the file had, is missing there."""
        found: dict[str, str] = {}
        for blob, data in self._held.read({content[2:]: size for content, size in sorted(wanted.items())}):
            content = f"g:{blob}"
            if len(data) == wanted[content] and git_content(data, content) == content:
                found[content] = contents.put(data)
        return found

    def release(self) -> None:
        """Lets go of what only the first look needs."""
        self._index, self._blobs = None, frozenset()

    def _seeding(self, root: Path) -> GitIndex | None:
        repository = self._repository
        if repository is None or not self._git.is_there:
            return None
        settings = _settings(self._git.run(root, "config", "--list", "-z"))
        if settings is None or settings.get("core.autocrlf", "false").lower() not in ("false", "no", "off", "0", ""):
            return None
        if "core.eol" in settings or _converts(repository, settings, self._git.environment):
            return None
        hash_bytes = 32 if settings.get("extensions.objectformat", "sha1") == "sha256" else 20
        index = read_index(repository.index, hash_bytes)
        if index is None or any(_has_conversion(repository.top / name) for name in index.files if _is_attributes(name)):
            return None
        inside = root.relative_to(repository.top)
        self._prefix = "" if inside == Path() else f"{inside}/"
        return index


def git_content(data: bytes, like: str) -> str:
    """The id git would give to this content, in the form of the id `like`."""
    make = hashlib.sha256 if len(like) > 42 else hashlib.sha1
    return f"g:{make(b'blob %d' % len(data) + bytes(1) + data, usedforsecurity=False).hexdigest()}"


def _folders(names: Iterable[str]) -> set[str]:
    """The folders of these paths, and those above them."""
    found: set[str] = set()
    last = ""
    for name in names:
        folder = name.rpartition("/")[0]
        if folder != last:
            last = folder
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
    return found


def _settings(listed: bytes | None) -> dict[str, str] | None:
    if listed is None:
        return None
    pairs = (item.decode("utf-8", "replace").partition("\n") for item in listed.split(b"\0") if item)
    return {name.lower(): value for name, _, value in pairs}


def _converts(repository: Repository, settings: dict[str, str], env: Mapping[str, str]) -> bool:
    """Whether attributes outside the work tree make git convert files."""
    home = Path(env.get("HOME", "/"))
    general = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "git" / "attributes"
    named = settings.get("core.attributesfile", "")
    own = home / named[2:] if named.startswith("~/") else Path(named) if named else general
    places = (repository.shared / "info" / "attributes", own, Path("/etc/gitattributes"))
    return any(_has_conversion(place) for place in places)


def _is_attributes(name: str) -> bool:
    return name.endswith(".gitattributes") and name[-15:-14] in ("", "/")


def _has_conversion(file: Path) -> bool:
    try:
        if not file.is_file():
            return False
        with file.open("rb") as stream:
            data = stream.read(_MOST_ATTRIBUTES)
    except (OSError, ValueError):
        return True
    return len(data) == _MOST_ATTRIBUTES or bool(_CONVERTS.search(data))
