"""`<home>/secrets.json`: which secrets there are, and those that no keyring holds. Must not know what they are for.

    {"mcp-oauth": {"files https://…": {"value": "…"}, "mail https://…": {"in": "keyring"}}}

Whoever may read it has the secrets: it is for its owner alone from its first byte, and never read through a link.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from coder.core import locks
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.private import made_private
from coder.vault.errors import VaultError

NAME = "secrets.json"
_LIMIT = 4 * 1024 * 1024
_PATIENCE = 10.0  # seconds
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """`value` is None for what the keyring holds."""

    value: str | None


class SecretFile:
    """All of it blocks, for a short time; all of it raises VaultError."""

    __slots__ = ("_home",)

    def __init__(self, home: Path) -> None:
        self._home = home

    @property
    def path(self) -> Path:
        return self._home / NAME

    def get(self, service: str, key: str) -> Entry | None:
        return _entry(self._read().get(service, {}).get(key))

    def keys(self, service: str) -> tuple[str, ...]:
        return tuple(self._read().get(service, {}))

    def put(self, service: str, key: str, entry: Entry) -> None:
        with self._locked():
            table = self._read()
            kept: Json = {"in": "keyring"} if entry.value is None else {"value": entry.value}
            table.setdefault(service, {})[key] = kept
            self._write(table)

    def drop(self, service: str, key: str) -> Entry | None:
        """What there was."""
        if not os.path.lexists(self.path):
            return None
        with self._locked():
            table = self._read()
            old = _entry(table.get(service, {}).pop(key, None))
            if old is None:
                return None
            if not table[service]:
                del table[service]
            self._write(table)
            return old

    def _read(self) -> dict[str, dict[str, Json]]:
        """The table. What cannot be trusted is refused: who may write it could hand us a login of theirs."""
        try:
            fd = os.open(self.path, _OLD)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except OSError as error:
            raise VaultError(f"{self.path} cannot be read: {error.strerror}. {_REMEDY}") from error
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                raise VaultError(f"{self.path} is not a file of yours. {_REMEDY}")
            if found.st_mode & 0o022:
                raise VaultError(f"{self.path} may be written by others. {_REMEDY}")
            if found.st_mode & 0o077:  # they may have read it; from now on they cannot
                os.fchmod(fd, 0o600)
            with os.fdopen(os.dup(fd), "rb") as file:
                data = file.read(_LIMIT + 1)
        finally:
            os.close(fd)
        return self._parsed(data)

    def _parsed(self, data: bytes) -> dict[str, dict[str, Json]]:
        if len(data) > _LIMIT:
            raise VaultError(f"{self.path} is larger than {_LIMIT // 1024 // 1024} MiB. {_REMEDY}")
        try:
            table = json.loads(data)
        except (ValueError, RecursionError):  # the error of the parser holds the text: it must not be a cause
            raise VaultError(f"{self.path} is not valid JSON. {_REMEDY}") from None
        if not isinstance(table, dict) or not all(isinstance(group, dict) for group in table.values()):
            raise VaultError(f"{self.path} is not what coder writes there. {_REMEDY}")
        return table

    def _write(self, table: dict[str, dict[str, Json]]) -> None:
        data = (json.dumps(table, indent=1) + "\n").encode()
        if len(data) > _LIMIT:
            raise VaultError(f"{self.path} would be larger than {_LIMIT // 1024 // 1024} MiB. Nothing was kept.")
        temporary = self._home / f".{NAME}.{os.urandom(8).hex()}.tmp"
        try:
            for left in self._home.glob(f".{NAME}.*.tmp"):  # of a writer that was killed
                left.unlink(missing_ok=True)
            with os.fdopen(os.open(temporary, _NEW, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise VaultError(f"{self.path} cannot be written: {error.strerror}. Nothing was kept.") from error

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        lock = self._home / f".{NAME}.lock"
        try:
            made_private(self._home)
            fd = os.open(lock, _LOCK, 0o600)
        except OSError as error:
            raise VaultError(f"{lock} cannot be made: {error.strerror}. Nothing was kept.") from error
        try:
            self._wait(fd)
            yield
        finally:
            os.close(fd)

    def _wait(self, fd: int) -> None:
        try:
            locks.lock(fd, _PATIENCE)
        except BlockingIOError as error:
            raise VaultError(f"{self.path} is locked by another process. Nothing was kept. Try again.") from error


_REMEDY = "Look at it; to begin anew, remove it and log in again."


def _entry(kept: object) -> Entry | None:
    if not isinstance(kept, dict):
        return None
    value = kept.get("value")
    if isinstance(value, str):
        return Entry(value)
    return Entry(None) if kept.get("in") == "keyring" else None
