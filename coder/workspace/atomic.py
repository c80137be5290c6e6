"""Replaces a file whole or not at all. Must not know who asks, nor what is in it.

The new bytes go to a temporary file beside the target, which then takes its name. Where that cannot be done without
losing something (other hard links, another owner, a folder we may not write in) the file is written in place. The
folder is opened once, following no link, and everything happens in it: a link put in the way leads nowhere.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.nofollow import Folders, refuse_link

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CANNOT_REPLACE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV, errno.EROFS)
_EFFECTIVE = os.access in os.supports_effective_ids


def replace_file(path: Path, data: bytes) -> None:
    """Makes `data` the content of `path`: keeps mode, owner and extended attributes, makes missing parents.

    Raises OSError with the old content in place, also when a part of `path` is a link. Blocks on the disk. A file with
    other hard links, or in a folder that cannot be written, is written in place: whole again after an error, but not
    if we are killed in that instant.
    """
    with Folders() as folders:
        parent = "".join(f"{part}/" for part in path.parent.parts[1:])
        target = _Target(folders.enter(parent, make=True), path.name or ".", path)
        old = target.status()
        if old is None:
            _replace(target, data, None)
        elif old.st_nlink > 1 or not _can_keep_owner(old):
            _overwrite(target, data, old.st_size)
        else:
            try:
                _replace(target, data, old)
            except OSError as error:
                if error.errno not in _CANNOT_REPLACE:
                    raise
                _overwrite(target, data, old.st_size)


@dataclass(frozen=True, slots=True)
class _Target:
    """A name in an open folder."""

    folder: int
    name: str
    path: Path

    def status(self) -> os.stat_result | None:
        """None when there is no such file. Raises OSError for what may not be replaced."""
        try:
            found = os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(found.st_mode):
            refuse_link(str(self.path))
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(self.path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(self.path))
        if not os.access(self.name, os.W_OK, dir_fd=self.folder, effective_ids=_EFFECTIVE):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))
        return found

    @contextmanager
    def opened(self, flags: int) -> Iterator[int]:
        fd = os.open(self.name, flags | _OLD, dir_fd=self.folder)
        try:
            yield fd
        finally:
            os.close(fd)


def _can_keep_owner(old: os.stat_result) -> bool:
    return os.geteuid() in (0, old.st_uid)


def _replace(target: _Target, data: bytes, old: os.stat_result | None) -> None:
    temporary = f".coder-{os.urandom(8).hex()}.tmp"
    # A new file gets the mode the kernel gives it (umask, default ACL); a copy stays private until it has the old mode.
    fd = os.open(temporary, _NEW, 0o666 if old is None else 0o600, dir_fd=target.folder)
    try:
        try:
            _write_all(fd, data)
            if old is not None:
                _copy_attributes(target, old, fd)
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, target.name, src_dir_fd=target.folder, dst_dir_fd=target.folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=target.folder)
        raise


def _copy_attributes(target: _Target, old: os.stat_result, fd: int) -> None:
    """Owner and extended attributes where we may; the mode always. Owner first: changing it clears set-id bits."""
    new = os.fstat(fd)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):  # a group we are not in
            os.fchown(fd, old.st_uid, old.st_gid)
    os.fchmod(fd, stat.S_IMODE(old.st_mode))
    _copy_xattrs(target, fd)


def _copy_xattrs(target: _Target, fd: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError), target.opened(os.O_RDONLY) as source:
            for name in os.listxattr(source):
                with suppress(OSError):
                    os.setxattr(fd, name, os.getxattr(source, name))


def _overwrite(target: _Target, data: bytes, old_size: int) -> None:
    """In place. Room is made first, so that a full disk is noticed while the old bytes are still there."""
    with target.opened(os.O_RDWR) as fd:
        old = _read_all(fd)
        try:
            if len(data) > old_size:
                _make_room(fd, old_size, len(data) - old_size)
            os.lseek(fd, 0, os.SEEK_SET)
            _write_all(fd, data)
            os.ftruncate(fd, len(data))
        except OSError:
            os.lseek(fd, 0, os.SEEK_SET)
            _write_all(fd, old)
            os.ftruncate(fd, len(old))
            raise
        os.fsync(fd)


def _make_room(fd: int, start: int, size: int) -> None:
    if sys.platform == "linux":
        try:
            os.posix_fallocate(fd, start, size)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _read_all(fd: int) -> bytes:
    parts: list[bytes] = []
    while part := os.read(fd, 1 << 20):
        parts.append(part)
    return b"".join(parts)
