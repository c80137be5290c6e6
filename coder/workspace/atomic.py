"""Replaces a file whole or not at all. Must not know who asks, nor what is in it.

The new bytes go to a temporary file beside the target, which then takes its name. Where that cannot be done without
losing something (other hard links, another owner, a folder we may not write in) the file is written in place.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CANNOT_REPLACE = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV, errno.EROFS)


def replace_file(path: Path, data: bytes) -> None:
    """Makes `data` the content of `path`: keeps mode, owner, extended attributes and symlinks, makes missing parents.

    Raises OSError with the old content in place. Blocks on the disk. A file with other hard links, or in a folder that
    cannot be written, is written in place: whole again after an error, but not if we are killed in that instant.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    target = Path(os.path.realpath(path))
    try:
        old = target.stat()
    except FileNotFoundError:
        _replace(target, data, None)
        return
    _check(target, old)
    if old.st_nlink > 1 or not _can_keep_owner(old):
        _overwrite(target, data, old.st_size)
        return
    try:
        _replace(target, data, old)
    except OSError as error:
        if error.errno not in _CANNOT_REPLACE:
            raise
        _overwrite(target, data, old.st_size)


def _check(target: Path, old: os.stat_result) -> None:
    if stat.S_ISDIR(old.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(old.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(target))
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


def _can_keep_owner(old: os.stat_result) -> bool:
    return os.geteuid() in (0, old.st_uid)


def _replace(target: Path, data: bytes, old: os.stat_result | None) -> None:
    temporary = target.with_name(f".coder-{os.urandom(8).hex()}.tmp")
    # A new file gets the mode the kernel gives it (umask, default ACL); a copy stays private until it has the old mode.
    fd = os.open(temporary, _NEW, 0o666 if old is None else 0o600)
    try:
        try:
            _write_all(fd, data)
            if old is not None:
                _copy_attributes(target, old, fd)
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _copy_attributes(target: Path, old: os.stat_result, fd: int) -> None:
    """Owner and extended attributes where we may; the mode always. Owner first: changing it clears set-id bits."""
    new = os.fstat(fd)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with suppress(PermissionError):  # a group we are not in
            os.fchown(fd, old.st_uid, old.st_gid)
    os.fchmod(fd, stat.S_IMODE(old.st_mode))
    _copy_xattrs(target, fd)


def _copy_xattrs(target: Path, fd: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError):
            for name in os.listxattr(target):
                with suppress(OSError):
                    os.setxattr(fd, name, os.getxattr(target, name))


def _overwrite(target: Path, data: bytes, old_size: int) -> None:
    """In place. Room is made first, so that a full disk is noticed while the old bytes are still there."""
    fd = os.open(target, os.O_RDWR | os.O_CLOEXEC)
    try:
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
    finally:
        os.close(fd)


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
