"""A file that only one process appends to, whole pieces or nothing. Must not know what is in it."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from coder.core.errors import SessionError
from coder.sessions import lock
from coder.sessions.locate import make_private

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class GrowingFile:
    """Appending never raises: what the disk refuses is kept, and every later append tries again.

    `problem` says why it is not being saved just now; it is empty when it is. `beginning`, where given, is written
    before anything else when the file is made. Only `sync` may be called from another thread.
    """

    def __init__(self, path: Path, home: Path) -> None:
        self.path = path
        self.problem = ""
        self.beginning: Callable[[], Iterable[bytes]] | None = None
        self._home = home
        self._fd: int | None = None
        self._end = 0  # where the last whole piece ends
        self._pending = bytearray()  # pieces that are not on disk
        self._exists = False
        self._is_new = False
        self._dirty = False
        self._closed = False
        self._guard = threading.Lock()  # a sync in a thread must not meet a close

    @property
    def size(self) -> int:
        """What is on disk, in bytes, of what is known to be there."""
        return self._end

    @property
    def is_closed(self) -> bool:
        return self._closed

    def open_existing(self) -> None:
        """Locks a file that is there. One that cannot be written to stays unlocked: the first append will say so.

        Raises SessionError when another process has it, or it is no regular file.
        """
        self._exists = True
        with contextlib.suppress(OSError):
            self._attach(_open_locked(self.path))

    def append(self, data: bytes) -> None:
        """Writes `data` behind what is waiting already. When it is saved it outlives the process."""
        if data and not self._closed:
            self._pending += data
            self._save()

    def _save(self) -> None:
        if self._closed or not self._pending:
            return
        try:
            if self._fd is None:
                self._attach(_open_locked(self.path) if self._exists else self._create())
            self._write()
        except SessionError as error:
            self.problem = str(error).removesuffix(".")
        except OSError as error:
            self.problem = error.strerror or str(error)
        else:
            self.problem = ""

    def tail(self, size: int) -> bytes:
        """The last `size` bytes on disk, whoever wrote them; empty when they cannot be read."""
        try:
            end = os.fstat(self._fd).st_size if self._fd is not None else 0
            return os.pread(self._fd, size, max(0, end - size)) if self._fd is not None else b""
        except OSError:
            return b""

    def sync(self) -> None:
        """Waits until what was saved outlives the machine (fsync): blocks while the disk works. Never raises."""
        with self._guard:
            if self._fd is None or not self._dirty:
                return
            self._dirty = False
            try:
                os.fsync(self._fd)
                if self._is_new:
                    self._is_new = False
                    _sync_folder(self.path.parent)
            except OSError as error:
                self.problem = error.strerror or str(error)

    def close(self) -> None:
        """Saves, syncs, unlocks and closes. Idempotent, never raises."""
        if self._closed:
            return
        if self.problem:
            self._save()
        self.sync()
        self._closed = True
        self.let_go()

    def let_go(self) -> None:
        """Unlocks and closes the file without anything else."""
        with self._guard:
            if self._fd is not None:
                lock.release(self._fd, self.path)
                os.close(self._fd)
                self._fd = None

    def _create(self) -> int:
        make_private(self._home, self.path.parent)
        try:
            fd = os.open(self.path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise SessionError("another process has begun a session of this id") from error
        try:
            lock.claim(fd, self.path)
            for piece in self.beginning() if self.beginning is not None else ():
                _write_all(fd, piece)
        except (SessionError, OSError):
            os.close(fd)
            with contextlib.suppress(OSError):
                self.path.unlink()
            raise
        self._exists = self._is_new = True
        return fd

    def _attach(self, fd: int) -> None:
        self._fd = fd
        self._end = os.fstat(fd).st_size
        if self._end and os.pread(fd, 1, self._end - 1) != b"\n":
            self._pending[:0] = b"\n"  # the last line was torn: the next entry starts on its own

    def _write(self) -> None:
        """Everything that is pending, or nothing: half an entry is taken back."""
        assert self._fd is not None
        found = os.fstat(self._fd)
        if not found.st_nlink:
            raise SessionError("its file was removed or replaced by another program")
        before, written = found.st_size, 0
        try:
            while written < len(self._pending):
                written += os.write(self._fd, memoryview(self._pending)[written:])
        except OSError:
            with contextlib.suppress(OSError):
                if written and os.fstat(self._fd).st_size == before + written:
                    os.ftruncate(self._fd, before)
            raise
        self._end = before + written
        self._pending.clear()
        self._dirty = True


def _open_locked(path: Path) -> int:
    """Raises SessionError when another process has the file, OSError when it cannot be opened for writing."""
    fd = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise SessionError(f"The session {path} is not a regular file.")
        lock.claim(fd, path)
    except SessionError:
        os.close(fd)
        raise
    return fd


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
