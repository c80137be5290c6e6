"""The mark that a session leaves while it works: who it is, and which files it changed when. One file, locked as long
as its process lives, so that a session that was killed is known to be gone. Must not know who reads it.

The file is private, appended to by whole lines, and written anew when it grows too long.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.locks import is_locked
from coder.core.messages import Json
from coder.core.private import made_private

FOLDER = "presence"
SUFFIX = ".jsonl"
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}\.jsonl\Z", re.ASCII)
KEPT_SECONDS = 86_400
MOST_BYTES = 1 << 20  # of one file that is read
MOST_CHANGES = 2_000
_FULL = 384 << 10  # a file that is longer is written anew
_KEPT = 256 << 10  # bytes of changes that are taken over then, the latest
_MOST_ENDED = 200  # files of sessions that have ended


@dataclass(frozen=True, slots=True)
class Here:
    """Who works where. `top` is the work tree of the repository that `cwd` lies in, "" outside one; `since` in seconds
    since the epoch. `mark` tells one writing of the file from the next."""

    id: str
    pid: int
    title: str
    cwd: str
    top: str
    mode: str
    since: float
    mark: str = ""


class Presence:
    """`folder` holds the marks of all sessions. All but `close` raises OSError; any thread may call it."""

    def __init__(self, folder: Path, here: Here) -> None:
        self._folder = folder
        self._here = here
        self._path = folder / f"{here.id}{SUFFIX}"
        self._changes: OrderedDict[str, float] = OrderedDict()
        self._descriptor: int | None = None
        self._lock = threading.Lock()

    def announce(self) -> None:
        """From now on others see this session. What it changed earlier this day, before it was resumed, stays."""
        with self._lock:
            _private(self._folder)
            if is_live(self._path):
                raise OSError(errno.EBUSY, "another process is this session", str(self._path))
            self._take_over()
            self._write_anew()
            tidy(self._folder, self._path.name)

    def entitle(self, title: str) -> None:
        """What the session is called from now on."""
        with self._lock:
            if title != self._here.title:
                self._here = replace(self._here, title=title)
                self._append(_line({"t": "here", **asdict(self._here)}))

    def note(self, paths: Iterable[str], at: float) -> None:
        """The session changed these files, given by absolute paths with every link followed."""
        with self._lock:
            named = list(paths)[-MOST_CHANGES:]
            for path in named:
                self._changes[path] = at
                self._changes.move_to_end(path)
            while len(self._changes) > MOST_CHANGES:
                self._changes.popitem(last=False)
            self._append(_changed(named, at))

    def close(self) -> None:
        """The session has ended. What it changed stays on record for the day."""
        with self._lock:
            if self._descriptor is not None:
                if not self._changes:
                    with suppress(OSError):
                        self._path.unlink()
                os.close(self._descriptor)
                self._descriptor = None

    def _append(self, line: bytes) -> None:
        if self._descriptor is None:
            return
        found = os.fstat(self._descriptor)
        if not found.st_nlink or found.st_size + len(line) > _FULL:  # somebody tidied it away; or it is full
            self._write_anew()
            return
        try:
            _write(self._descriptor, line)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, found.st_size)
            raise

    def _write_anew(self) -> None:
        """Locked before it has a name that others look at, so that nobody takes it for the file of a dead session."""
        _private(self._folder)
        self._here = replace(self._here, mark=os.urandom(8).hex())
        draft = self._folder / f".{self._here.id}.{self._here.mark}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(draft, flags, 0o600)
        try:
            with suppress(OSError):  # a file system that knows no locks: others take this session for an ended one
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(descriptor, b"".join((_line({"t": "here", **asdict(self._here)}), *self._latest())))
            draft.rename(self._path)
        except BaseException:
            os.close(descriptor)
            draft.unlink(missing_ok=True)
            raise
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = descriptor

    def _latest(self) -> list[bytes]:
        kept: list[bytes] = []
        room = _KEPT
        for path, at in reversed(self._changes.items()):
            line = _changed([path], at)
            room -= len(line)
            if room < 0:
                break
            kept.append(line)
        return kept[::-1]

    def _take_over(self) -> None:
        with suppress(OSError):
            after = time.time() - KEPT_SECONDS
            for raw in records(read(self._path, 0)):
                for path, at in changes_in(raw):
                    if at > after:
                        self._changes[path] = at


def is_live(path: Path) -> bool:
    """Whether the process that wrote this file still runs. Never raises."""
    try:
        descriptor = _opened(path)
    except OSError:
        return False
    try:
        return is_locked(descriptor, alone=False)
    finally:
        os.close(descriptor)


def read(path: Path, start: int) -> bytes:
    """What stands in a file from `start` on, to its last whole line. Raises OSError, also for what is no ordinary file
    and for one that is too large to be ours."""
    descriptor = _opened(path)
    with os.fdopen(descriptor, "rb") as file:
        if os.fstat(descriptor).st_size > MOST_BYTES:
            raise OSError(errno.EFBIG, "too large", str(path))
        file.seek(start)
        data = file.read(MOST_BYTES)
    return data[: data.rfind(b"\n") + 1]


def records(data: bytes) -> list[Json]:
    """The lines that can be read; the others are left out."""
    found: list[Json] = []
    for line in data.splitlines():
        with suppress(ValueError, RecursionError):
            if isinstance(raw := json.loads(line), dict):
                found.append(raw)
    return found


def changes_in(raw: Json) -> list[tuple[str, float]]:
    """Which paths a line says were changed, and when."""
    paths, at = raw.get("paths"), raw.get("at")
    if raw.get("t") != "changed" or not isinstance(paths, list) or not isinstance(at, int | float):
        return []
    try:
        return [(_from_json(path), float(at)) for path in paths if isinstance(path, str) and 0 < at < 1e12]
    except (UnicodeError, OverflowError):
        return []


def here_in(raw: Json) -> Here | None:
    """Who a line says works where."""
    texts = [raw.get(name) for name in ("id", "title", "cwd", "top", "mode", "mark")]
    pid, since = raw.get("pid"), raw.get("since")
    if raw.get("t") != "here" or not isinstance(pid, int) or not isinstance(since, int | float):
        return None
    if not all(isinstance(text, str) and len(text) <= 4096 for text in texts) or not 0 < since < 1e12:
        return None
    id, title, cwd, top, mode, mark = map(str, texts)
    return Here(id, pid, title, cwd, top, mode, float(since), mark)


def tidy(folder: Path, own: str) -> None:
    """Removes what sessions of another day left, and the oldest of what is too much. Never raises."""
    now = time.time()
    ended: list[tuple[float, Path]] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                found = entry.stat(follow_symlinks=False)
                is_ours = NAME.match(entry.name) or entry.name.startswith(".")
                if entry.name != own and is_ours and stat.S_ISREG(found.st_mode):
                    ended.append((found.st_mtime, Path(entry.path)))
    ended.sort(reverse=True)
    for index, (at, path) in enumerate(ended):
        if (index >= _MOST_ENDED or now - at > KEPT_SECONDS) and not is_live(path):
            with suppress(OSError):
                path.unlink()


def _private(folder: Path) -> None:
    made_private(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "not a folder of ours", str(folder))


def _opened(path: Path) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not an ordinary file", str(path))
    return descriptor


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _changed(paths: list[str], at: float) -> bytes:
    return _line({"t": "changed", "at": round(at, 3), "paths": [_to_json(path) for path in paths]})


def _line(raw: Json) -> bytes:
    return (json.dumps(raw, separators=(",", ":")) + "\n").encode("ascii")


def _to_json(path: str) -> str:
    """The same text under every locale."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "surrogateescape")


def _from_json(text: str) -> str:
    return text if text.isascii() else os.fsdecode(text.encode("utf-8", "surrogateescape"))
