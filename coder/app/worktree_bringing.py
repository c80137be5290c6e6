"""What a new worktree gets besides the files of its commit: ignored files that `.worktreeinclude` names, as copies, and
folders of the settings, as links. Never overwrites, follows no link. Must not know sessions.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from coder.core.scratch import Scratch
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.worktrees.making import add_exclude
from coder.git.worktrees.trees import Checkout, WorkTree

INCLUDE = ".worktreeinclude"
_LARGEST_LIST = 256_000  # bytes of .worktreeinclude
_MOST_FILES = 2_000
_MOST_BYTES = 200_000_000
_MOST_OUTPUT = 20_000_000
_SECONDS = 60.0
_CHUNK = 1 << 20


def _denies_nothing(path: Path) -> bool:
    return False


def bring(
    git: Git,
    main: Checkout,
    tree: WorkTree,
    links: Sequence[str],
    is_denied: Callable[[Path], bool] = _denies_nothing,
) -> tuple[str, ...]:
    """Lines for people, about what could not be brought and why. No file of the main checkout that `is_denied` is
    copied. Blocks; never raises."""
    return (*_copies(git, main, tree, is_denied), *_links(git, main, tree, links))


def _copies(git: Git, main: Checkout, tree: WorkTree, is_denied: Callable[[Path], bool]) -> Iterator[str]:
    try:
        patterns = _read(main.top / INCLUDE)
    except FileNotFoundError:
        return
    except OSError as error:
        yield f"{INCLUDE} is not used: {error.strerror}."
        return
    names = _wanted(git, main, patterns)
    if names is None:
        yield f"{INCLUDE} is not used: git cannot tell which files it names."
        return
    size, passed = 0, []
    for number, name in enumerate(name for name in names if not is_denied(main.top / name)):
        try:
            size += _copied(main.top, tree.path, name, _MOST_BYTES - size)
        except OSError as error:
            passed.append(f"{visible_line(name)} ({error.strerror})")
        if size >= _MOST_BYTES or number + 1 >= _MOST_FILES:
            yield f"{INCLUDE} names more than is copied ({_MOST_FILES} files, {_MOST_BYTES // 1_000_000} MB)."
            break
    if passed:
        more = f" and {len(passed) - 1} more" if len(passed) > 1 else ""
        yield f"{INCLUDE}: not copied: {passed[0]}{more}."


def _read(path: Path) -> bytes:
    """Raises OSError, also for a link: it would be read by what it names."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        data = file.read(_LARGEST_LIST + 1)
    if len(data) > _LARGEST_LIST:
        raise OSError(errno.EFBIG, "it is too large")
    return data


def _wanted(git: Git, main: Checkout, patterns: bytes) -> list[str] | None:
    """The files that are not tracked, that the patterns match, and that git ignores."""
    with Scratch("include") as folder:
        file = folder / "patterns"  # git takes its size for its length: no pipe
        file.write_bytes(patterns)
        arguments = ("ls-files", "--others", "--ignored", "-z", f"--exclude-from={file}")
        found = git.answer(main.top, *arguments, seconds=_SECONDS, most=_MOST_OUTPUT)
    if not found.ok:
        return None
    if not found.out:
        return []
    asked = git.answer(main.top, "check-ignore", "-z", "--stdin", stdin=found.out, seconds=_SECONDS)
    if asked.code not in (0, 1):
        return None
    return [name for name in os.fsdecode(asked.out).split("\0") if name and not name.endswith("/")]


def _copied(top: Path, target: Path, name: str, most: int) -> int:
    """Copies one file and returns its size. Raises OSError."""
    source, copy = top / name, target / name
    if os.path.realpath(source.parent) != str((Path(os.path.realpath(top)) / name).parent):
        raise OSError(errno.ELOOP, "a symbolic link leads there")
    _make_parents(target, name)
    with os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(errno.EINVAL, "it is no ordinary file")
        if facts.st_size > most:
            raise OSError(errno.EFBIG, "it is too large")
        fd = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as out:
            size = 0
            while (data := file.read(_CHUNK)) and size <= most:
                size += out.write(data)
            os.fchmod(fd, stat.S_IMODE(facts.st_mode) & 0o777)
    return size


def _make_parents(target: Path, name: str) -> None:
    """Raises OSError where a link of the commit's leads out of the worktree."""
    at = target
    for part in Path(name).parts[:-1]:
        at = at / part
        if not os.path.lexists(at):
            at.mkdir()
        elif at.is_symlink() or not at.is_dir():
            raise OSError(errno.ELOOP, "a symbolic link leads there")


def _links(git: Git, main: Checkout, tree: WorkTree, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        shown = visible_line(name)
        try:
            clean = _inner(name)
            source = main.top / clean
            if source.is_symlink() or not source.is_dir():
                raise OSError(errno.ENOTDIR, "it is no folder of the main checkout")
            if os.path.realpath(source) != str(Path(os.path.realpath(main.top)) / clean):
                raise OSError(errno.ELOOP, "a symbolic link leads there")
            _make_parents(tree.path, clean)
            (tree.path / clean).symlink_to(source)
        except OSError as error:
            yield f"worktree.symlinkDirectories: {shown} is no link in the worktree: {error.strerror}."
            continue
        is_ignored = git.answer(main.top, "check-ignore", "-q", "--", f"{clean}/").ok
        if is_ignored and not git.answer(tree.path, "check-ignore", "-q", "--", clean).ok:
            add_exclude(main, f"/{_escaped(clean)}")  # a pattern such as `node_modules/` is of folders alone


def _inner(name: str) -> str:
    """Raises OSError for what does not lie below the main checkout, or is git's."""
    clean = os.path.normpath(name)
    parts = Path(clean).parts
    if (
        not parts
        or clean == "."
        or Path(clean).is_absolute()
        or ".." in parts
        or any(part.lower() == ".git" for part in parts)
    ):
        raise OSError(errno.EINVAL, "it is no folder below the main checkout")
    return clean


def _escaped(name: str) -> str:
    return "".join(f"\\{char}" if char in "*?[\\!# " else char for char in name)
