"""What in a git repository makes reading it run a program or read elsewhere. Opens its settings and index, no more.

Submodules count, for `git status` looks into each. Must not know commands or rules. Never raises.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coder.permissions.gitconfig import running, settings

_MOST = 64  # repositories and settings files looked at
_LARGEST = 1 << 20
_LARGEST_INDEX = 256 << 20
_GITLINK = b"\x00\x00\xe0\x00"
_EXTENDED = 0x4000
_HOOK = "post-index-change"


class _Unclear(Exception):
    """Something is there that cannot be judged; `str()` says what."""


@dataclass(frozen=True, slots=True)
class _Repository:
    """`top` holds `.git`; `own` is that folder, or the one it names; `common` is what worktrees share."""

    top: Path
    own: Path
    common: Path


def git_runs(folder: Path) -> str:
    """What in the repository round `folder` does so: a setting with its file, or a hook; "" when nothing does."""
    try:
        for each in (folder, *folder.parents):
            if os.path.lexists(each / ".git"):
                return _first_problem(each)
            if all(os.path.lexists(each / name) for name in ("HEAD", "objects", "refs")):
                return f"a repository without a work tree in {each}"
        return ""
    except _Unclear as problem:
        return str(problem)
    except (OSError, ValueError, IndexError) as error:
        return f"its repository cannot be read: {error}"


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
        found: list[tuple[str, str, Path]] = []
        for name in ("config", "config.worktree"):
            for base in {repository.own, repository.common}:
                found += _read(base / name, [])
        if problem := _judged(found, repository):
            return problem
        waiting += _submodules(repository, found)
    return ""


def _repository(top: Path) -> _Repository | None:
    own = top / ".git"
    if not own.is_dir():
        text = _text(own)
        if not text.startswith("gitdir:"):
            return None
        own = top / text.removeprefix("gitdir:").strip()
    common = own / (_text(own / "commondir").strip() or ".")
    return _Repository(top, own, common)


def _read(file: Path, above: list[Path]) -> list[tuple[str, str, Path]]:
    """The settings of a file and of those it includes, whatever the condition."""
    if len(above) > _MOST:
        raise _Unclear(f"{file} is included too deep")
    found: list[tuple[str, str, Path]] = []
    for name, value in settings(_text(file)):
        found.append((name, value, file))
        if name == "include.path" or (name.startswith("includeif.") and name.endswith(".path")):
            included = Path(os.path.normpath(file.parent / _home(value)))
            if included not in above:
                found += _read(included, [*above, file, included])
    return found


def _home(value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError:  # the home of somebody who is not there
        return Path(value)


def _judged(found: list[tuple[str, str, Path]], repository: _Repository) -> str:
    if name := running([(name, value) for name, value, _ in found]):
        return f"{name} in {next(file for each, _, file in found if each == name)}"
    for name, value, file in found:
        if name == "core.worktree" and os.path.realpath(repository.own / value) != os.path.realpath(repository.top):
            return f"{name} in {file}"
    # `git diff` and `git describe --dirty` may bring the index up to date, and this hook is run then.
    set_to = [repository.top / _home(value) for name, value, _ in found if name == "core.hookspath"]
    for folder in (*set_to, repository.common / "hooks"):
        if os.path.lexists(folder / _HOOK):
            return f"the hook {folder / _HOOK}"
    return ""


def _submodules(repository: _Repository, found: list[tuple[str, str, Path]]) -> Iterator[Path]:
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
