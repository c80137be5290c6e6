"""What in a git repository makes reading it run a program or read elsewhere. Opens its settings and index, no more.

Submodules count, for `git status` looks into each. Must not know commands or rules. Never raises.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.permissions.gitconfig import FILES, includes, running, settings

_MOST = 64  # repositories and settings files looked at
_LARGEST = 1 << 20
_LARGEST_INDEX = 256 << 20
_GITLINK = b"\x00\x00\xe0\x00"
_EXTENDED = 0x4000
_HOOK = "post-index-change"
_HEAD = re.compile(r"ref: refs/|[0-9a-f]{40}")
_SPECIAL = ("%(", ":(")  # git gives a path that begins so a meaning of its own


class _Unclear(Exception):
    """Something is there that cannot be judged; `str()` says what."""


_Setting: TypeAlias = tuple[str, str, Path]  # its name, its value and the file it stands in


@dataclass(frozen=True, slots=True)
class _Repository:
    """`top` holds `.git`; `own` is that folder, or the one it names; `common` is what worktrees share."""

    top: Path
    own: Path
    common: Path

    @property
    def settings(self) -> tuple[Path, ...]:
        return tuple(base / name for name in ("config", "config.worktree") for base in (self.own, self.common))


def git_runs(folder: Path) -> str:
    """What in the repository round `folder` does so: a setting with its file, or a hook; "" when nothing does."""
    try:
        here = Path(os.path.realpath(folder))
        for each in (here, *here.parents):
            if repository := _repository(each):
                if problem := _first_problem(each):
                    return problem
                if _is_whole(repository):
                    return ""
            if _is_bare(each):
                return f"a repository without a work tree in {each}"
        return ""
    except _Unclear as problem:
        return str(problem)
    except (OSError, ValueError, IndexError) as error:
        return f"its repository cannot be read: {error}"


def own_settings(top: Path) -> list[tuple[str, str]]:
    """Every setting of the repository with this work tree, and of the files that it includes. Raises ValueError for
    what cannot be told."""
    try:
        repository = _repository(top)
        return [(name, value) for name, value, _ in _read(repository.settings)] if repository else []
    except (_Unclear, OSError, IndexError) as problem:
        raise ValueError(str(problem)) from problem


def _is_whole(repository: _Repository) -> bool:
    """Whether git is sure to take it for a repository. Else git goes on to the folders above, and so do we."""
    head = repository.own / "HEAD"
    if head.is_symlink() or not _HEAD.match(_text(head)):
        return False
    return all(os.access(repository.common / name, os.X_OK) for name in ("objects", "refs"))


def _is_bare(folder: Path) -> bool:
    others = [os.path.lexists(folder / name) for name in ("objects", "refs")]
    return os.path.lexists(folder / "HEAD") and (all(others) or os.path.lexists(folder / "commondir"))


def _first_problem(top: Path) -> str:
    waiting, seen = [top], set[str]()
    while waiting:
        here = waiting.pop()
        key = os.path.realpath(here)
        if key in seen:
            continue
        seen.add(key)
        if len(seen) > _MOST:
            raise _Unclear(f"more than {_MOST} submodules")
        repository = _repository(here)
        if repository is None:
            continue
        found = _read(repository.settings)
        if problem := _judged(found, repository) or _borrowed(found, repository, top):
            return problem
        waiting += _submodules(repository, found)
    return ""


def _repository(top: Path) -> _Repository | None:
    own = top / ".git"
    if not os.path.lexists(own):
        return None
    if not own.is_dir():
        text = _text(own)
        if not text.startswith("gitdir: "):
            return None
        own = top / text.removeprefix("gitdir: ").rstrip("\r\n")
    common = own / (_text(own / "commondir").rstrip("\r\n") or ".")
    return _Repository(top, own, common)


def _read(files: Iterable[Path]) -> list[_Setting]:
    """The settings of the files and of those they include, whatever the condition."""
    waiting, seen = list(files), set[Path]()
    found: list[_Setting] = []
    while waiting:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        if len(seen) > _MOST:
            raise _Unclear(f"{file} and more than {_MOST} other files of settings")
        for name, value in settings(_text(file)):
            found.append((name, value, file))
            if includes(name):
                waiting.append(_included(file, value))
    return found


def _included(file: Path, value: str) -> Path:
    return file.parent / _home(value)


def _home(value: str) -> Path:
    try:
        return Path(value).expanduser() if value.startswith("~") else Path(value)
    except RuntimeError:  # the home of somebody who is not there
        return Path(value)


def _judged(found: list[_Setting], repository: _Repository) -> str:
    if name := running([(name, value) for name, value, _ in found]):
        return f"{name} in {next(file for each, _, file in found if each == name)}"
    for name, value, file in found:
        if _leads_out(name, value, file, repository):
            return f"{name} in {file}"
    # `git diff` and `git describe --dirty` may bring the index up to date, and this hook is run then.
    set_to = [repository.top / _home(value) for name, value, _ in found if name == "core.hookspath"]
    for folder in (*set_to, repository.common / "hooks"):
        if os.path.lexists(folder / _HOOK):
            return f"the hook {folder / _HOOK}"
    return ""


def _leads_out(name: str, value: str, file: Path, repository: _Repository) -> bool:
    """Whether the setting names a place that is not the repository's, or that cannot be told."""
    if name == "core.worktree":
        return os.path.realpath(repository.own / value) != os.path.realpath(repository.top)
    if not (includes(name) or name in FILES or name == "core.hookspath"):
        return False
    if value.startswith(_SPECIAL):
        return True
    place = _included(file, value) if includes(name) else repository.top / _home(value)
    return name != "core.hookspath" and not _is_in(place, repository.top, repository.own, repository.common)


def _borrowed(found: list[_Setting], repository: _Repository, tree: Path) -> str:
    """What makes git read another repository, unless that one names this folder (as `git worktree add` sees to)."""
    own, common = repository.own, repository.common
    told = _text(own / "gitdir").rstrip("\r\n")
    is_told = bool(told) and os.path.realpath(own / told) == os.path.realpath(repository.top / ".git")
    if not (_is_in(own, tree) or is_told or any(name == "core.worktree" for name, _, _ in found)):
        return f"{repository.top / '.git'}, which leads to {own}"
    if not (_is_in(common, tree) or _is_in(own, common)):
        return f"{own / 'commondir'}, which leads to {common}"
    for path in (*repository.settings, common / "objects"):
        if not _is_in(path, tree, own, common):
            return f"{path}, which leads to {os.path.realpath(path)}"
    alternates = common / "objects/info/alternates"
    return f"{alternates}, which names other repositories" if _text(alternates).strip() else ""


def _is_in(path: Path, *folders: Path) -> bool:
    return any(Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)) for folder in folders)


def _submodules(repository: _Repository, found: list[_Setting]) -> Iterator[Path]:
    """Folders that the index takes for repositories of their own."""
    width = 32 if ("extensions.objectformat", "sha256") in [(name, value.lower()) for name, value, _ in found] else 20
    for index in (repository.own / "index", *sorted(repository.own.glob("sharedindex.*"))):
        data = _bytes(index, _LARGEST_INDEX)
        if _GITLINK in data:
            for name in _gitlinks(data, width):
                yield repository.top / os.fsdecode(name)


def _gitlinks(data: bytes, width: int) -> Iterator[bytes]:
    """The names of the entries that are commits of another repository (index versions 2 to 4)."""
    version, count = int.from_bytes(data[4:8]), int.from_bytes(data[8:12])
    at, name = 12, b""
    for _ in range(count):
        start = at
        mode, flags = data[at + 24 : at + 28], int.from_bytes(data[at + 40 + width : at + 42 + width])
        at += 42 + width + (2 if flags & _EXTENDED else 0)
        keep = 0
        if version == 4:
            drop, at = _number(data, at)
            keep = len(name) - drop
        end = data.find(b"\0", at)
        if end < 0 or keep < 0:
            raise _Unclear("its index cannot be read")
        name = name[:keep] + data[at:end]
        at = end + 1 if version == 4 else start + ((end - start) // 8 + 1) * 8
        if mode == _GITLINK:
            if not name:
                raise _Unclear("its index is split")
            yield name


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A number of git's variable width, and where it ends."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1


def _text(path: Path) -> str:
    return _bytes(path, _LARGEST).decode("utf-8", "surrogateescape")


def _bytes(path: Path, most: int) -> bytes:
    """Nothing when there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise _Unclear(f"{path} is no settings file of ordinary size")
        return file.read()
