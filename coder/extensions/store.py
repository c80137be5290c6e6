"""Where installed extensions are: `<home>/extensions/<name>/<version>/` beside `<name>/extension.json`. POSIX only.

What no record names does not exist: a kill at any moment leaves an extension as it was or as it was to be, and whatever
lies about is swept by the next change. Must not know what a manifest says.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.locks import lock
from coder.core.ordinary import read_ordinary
from coder.core.private import made_private
from coder.core.visible import visible_line
from coder.extensions.record import Installed, Record, as_json, from_json

RECORD = "extension.json"
PATIENCE = 30.0  # seconds
_MOST = 4_000_000  # bytes of a record
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_STAGING, _GONE, _WORK = ".new-", ".gone-", ".work-"


class Store:
    """All functions block on the disk. They raise ConfigError with what to do, and OSError of the disk."""

    def __init__(self, home: Path) -> None:
        self.top = home / "extensions"

    def names(self) -> list[str]:
        try:
            with os.scandir(self.top) as entries:
                found = [entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name for name in found if os.path.lexists(self.top / name / RECORD))

    def record(self, name: str) -> Record | None:
        """None: there is no such extension. Raises ConfigError when its record cannot be read."""
        path = self.top / name / RECORD
        try:
            record = from_json(read_ordinary(path, _MOST))
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(
                f"{path} cannot be used: {why}. Say coder extension remove {name}, then install it again."
            ) from error
        if record.name != name:
            raise ConfigError(f"{path} belongs to another extension. Say coder extension remove {name}.")
        return record

    def resolved(self, name: str) -> str:
        """The name of an installed extension as it is written on disk. Raises ConfigError when there is none."""
        names = self.names()
        for each in names:
            if each == name or each.casefold() == name.casefold():
                return each
        there = f"Installed: {', '.join(names)}." if names else "None is installed."
        raise ConfigError(f"there is no extension {visible_line(name)!r}. {there}")

    def found(self, name: str) -> Record:
        """The record of an extension that is installed. Raises ConfigError."""
        name = self.resolved(name)
        record = self.record(name)
        if record is None or record.kept:
            raise ConfigError(f"{name} is not installed; only its configuration is kept.")
        return record

    def folder(self, record: Record, version: Installed | None = None) -> Path:
        return self.top / record.name / (version or record.current).folder

    def work(self, record: Record, version: Installed | None = None) -> Path:
        """A folder for what a version makes itself when it runs. Goes with it; may not exist."""
        return self.top / record.name / f"{_WORK}{(version or record.current).folder}"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other process that changes extensions out; blocks until it is free."""
        made_private(self.top.parent)  # it too, whatever the umask lets others do
        self.top.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(self.top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(fd, self.top)
            yield
        finally:
            os.close(fd)

    def save(self, record: Record) -> None:
        """To be called under the lock. The old record stays until the new one is whole."""
        target = self.top / record.name / RECORD
        target.parent.mkdir(mode=0o700, exist_ok=True)
        temporary = target.with_name(f".{RECORD}.{os.urandom(8).hex()}.tmp")
        fd = os.open(temporary, _NEW, 0o600)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(as_json(record))
                file.flush()
                os.fsync(fd)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder for what is not installed yet; no sweep takes it while this process lives. Gone in the end."""
        with self.locked():  # a sweep must not find it before it is held
            folder = self.top / f"{_STAGING}{os.urandom(8).hex()}"
            folder.mkdir(mode=0o700)
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            yield folder
        finally:
            erase(folder)
            os.close(fd)

    def erase(self, name: str) -> None:
        """To be called under the lock: at once there is no such extension any more, then its files go."""
        gone = self.top / f"{_GONE}{os.urandom(8).hex()}"
        (self.top / name).rename(gone)
        erase(gone)

    def sweep(self) -> None:
        """Removes what killed processes left and what no record names. To be called under the lock."""
        for entry in list(os.scandir(self.top)):
            path = self.top / entry.name
            if entry.name.startswith(_GONE) or (entry.name.startswith(_STAGING) and _is_left(path)):
                erase(path)
            elif not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                self._sweep_one(entry.name)

    def _sweep_one(self, name: str) -> None:
        try:
            record = self.record(name)
        except ConfigError:
            return  # whoever mends it may want its files
        wanted = {RECORD}
        if record is not None and not record.kept:
            for version in (record.current, record.previous):
                wanted |= {version.folder, f"{_WORK}{version.folder}"} if version is not None else set()
        for left in list((self.top / name).iterdir()):
            if left.name not in wanted:
                erase(left)
        if record is None:
            with contextlib.suppress(OSError):
                (self.top / name).rmdir()


def erase(path: Path) -> None:
    """Removes a file or a folder with all in it, write-protected ones too. What cannot be removed stays, unsaid."""
    with contextlib.suppress(OSError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
    with contextlib.suppress(OSError):
        path.chmod(0o700)
    for folder, names, _ in os.walk(path):  # top down: what is opened here is entered next
        for below in (Path(folder, name) for name in names):
            with contextlib.suppress(OSError):
                if not below.is_symlink():
                    below.chmod(0o700)
    shutil.rmtree(path, ignore_errors=True)


def _is_left(staging: Path) -> bool:
    try:
        fd = os.open(staging, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def _lock(fd: int, folder: Path) -> None:
    try:
        lock(fd, PATIENCE)
    except BlockingIOError as error:
        raise ConfigError(f"{folder} is locked by another process. Nothing was changed. Try again.") from error
