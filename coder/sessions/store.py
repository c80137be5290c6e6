"""The transcript of a session: append-only JSONL on disk. Must not know what the messages mean, or who writes them."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

from coder.core.errors import SessionError
from coder.core.messages import Message
from coder.sessions import lock
from coder.sessions.codec import Envelope, entries_of
from coder.sessions.lines import encode_line
from coder.sessions.load import Loaded, load
from coder.sessions.locate import transcript_path

Warn = Callable[[str], None]
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


def _say_nothing(text: str) -> None:
    del text


class Transcript:
    """One session's file. Writing never raises: a disk that refuses is reported once through `warn`, the entries are
    kept in memory, and every later append tries again to save them.

    Closing is left to the owner; `with` works. Only `sync` may be called from another thread.
    """

    def __init__(self, path: Path, home: Path, envelope: Envelope, loaded: Loaded, warn: Warn) -> None:
        self.path = path
        self.loaded = loaded
        self.problem = ""  # why the session is not being saved just now; empty when it is
        self._home = home
        self._envelope = envelope
        self._warn = warn
        self._leaf = loaded.leaf
        self._fd: int | None = None
        self._end = 0  # where the last whole entry ends
        self._pending = bytearray()  # entries that are not on disk
        self._exists = False
        self._dirty = False
        self._closed = False
        self._warned = False
        self._guard = threading.Lock()  # a sync in a thread must not meet a close

    @classmethod
    def create(cls, home: Path, cwd: Path, session_id: str, version: str, warn: Warn = _say_nothing) -> Transcript:
        """A new session. Touches nothing before the first append.

        Raises SessionError when the id is taken or is no UUID.
        """
        path = transcript_path(home, cwd, session_id)
        if _is_there(path):
            raise SessionError(f"Session ID {session_id} is already in use. Resume it, or choose another id.")
        return cls(path, home, Envelope(session_id, os.fspath(cwd), version), Loaded(()), warn)

    @classmethod
    def open(cls, path: Path, version: str, cwd: Path | None = None, warn: Warn = _say_nothing) -> Transcript:
        """An existing session, locked and read (`loaded`); the file stays as it is until the first append.

        `cwd` defaults to the one the session was started in. Blocks while it reads.
        Raises SessionError when the file cannot be read, or another process has the session open.
        """
        fd: int | None = None
        with contextlib.suppress(OSError):  # read-only: the first append will say so
            fd = _open_locked(path)
        try:
            loaded = load(path)
        except SessionError:
            if fd is not None:
                os.close(fd)
            raise
        started = os.fspath(cwd) if cwd is not None else loaded.cwd
        transcript = cls(path, path.parent, Envelope(path.stem, started, version), loaded, warn)
        transcript._exists = True
        if fd is not None:
            transcript._attach(fd)
        return transcript

    @property
    def session_id(self) -> str:
        return self._envelope.session_id

    def append(self, message: Message) -> None:
        """Stores a message: all its entries in one write. When this returns they outlive the process. Never raises."""
        self._report()  # of a sync that failed since
        entries = entries_of(message, self._leaf, self._envelope)
        try:
            self._pending += b"".join(map(encode_line, entries))
        except RecursionError:
            self.problem = "a message is nested too deeply"
        else:
            self._leaf = entries[-1]["uuid"]
            self._save()
        self._report()

    def sync(self) -> None:
        """Waits until what was appended outlives the machine (fsync): blocks while the disk works. Never raises, and
        leaves the warning to the next append, so that it may run in any thread."""
        with self._guard:
            if self._fd is None or not self._dirty:
                return
            self._dirty = False
            try:
                os.fsync(self._fd)
            except OSError as error:
                self.problem = error.strerror or str(error)

    def close(self) -> None:
        """Syncs, unlocks and closes. Idempotent, never raises."""
        if self._closed:
            return
        if self._pending and self.problem:
            self._save()
        self.sync()
        self._report()
        self._closed = True
        with self._guard:
            if self._fd is not None:
                lock.release(self._fd, self.path)
                os.close(self._fd)
                self._fd = None

    def __enter__(self) -> Transcript:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _save(self) -> None:
        if self._closed:
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

    def _create(self) -> int:
        for folder in (self._home, self._home / "projects", self.path.parent):
            folder.mkdir(mode=0o700, parents=folder == self._home, exist_ok=True)
        if self._home.stat().st_uid != os.geteuid():
            raise SessionError(f"{self._home} belongs to another user")
        fd = os.open(self.path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        self._exists = True
        try:
            lock.claim(fd, self.path)
        except SessionError:
            os.close(fd)
            raise
        return fd

    def _attach(self, fd: int) -> None:
        self._fd = fd
        self._end = os.fstat(fd).st_size
        if self._end and os.pread(fd, 1, self._end - 1) != b"\n":
            self._pending[:0] = b"\n"  # the last line was torn: the next entry starts on its own

    def _write(self) -> None:
        """Everything that is pending, or nothing: half an entry is taken back."""
        assert self._fd is not None
        written = 0
        try:
            while written < len(self._pending):
                written += os.write(self._fd, memoryview(self._pending)[written:])
        except OSError:
            with contextlib.suppress(OSError):
                if written and os.fstat(self._fd).st_size == self._end + written:
                    os.ftruncate(self._fd, self._end)
            raise
        self._end += written
        self._pending.clear()
        self._dirty = True

    def _report(self) -> None:
        if self.problem and not self._warned:
            self._warned = True
            self._warn(f"This session is no longer being saved: {self.problem}.")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way may not be entered: creating the file will say so
        return False


def _open_locked(path: Path) -> int:
    """Raises SessionError when another process has the session, OSError when the file cannot be opened for writing."""
    fd = os.open(path, _FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise SessionError(f"The session {path} is not a regular file.")
        lock.claim(fd, path)
    except SessionError:
        os.close(fd)
        raise
    return fd
