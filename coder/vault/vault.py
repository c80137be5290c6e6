"""Keeps secrets: in the keyring of the system, else in a file for the person alone. Must not know what they are for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.vault.errors import VaultError
from coder.vault.store import Entry, SecretFile

if TYPE_CHECKING:
    from coder.vault import ring as rings
    from coder.vault.ring import Ring
else:
    rings = LazyModule("coder.vault.ring")


class Vault:
    """A secret is named by a service ("mcp-oauth") and a key. Every method blocks, most when a keyring asks for its
    password: in a session they are called in a thread. Each raises VaultError.

    The keyring is looked for when a secret is put, or one that it holds is wanted: where nothing is kept, nobody asks.
    """

    __slots__ = ("_file", "_find", "_home", "_looked", "_ring")

    def __init__(
        self,
        home: Path,
        env: Mapping[str, str],
        *,
        quiet: bool = True,
        find: Callable[[], Ring | None] | None = None,
    ) -> None:
        """`quiet`: nobody is there to unlock a keyring. `find` is for those who bring their own."""
        self._home = home
        self._file = SecretFile(home)
        self._find: Callable[[], Ring | None] = find or (lambda: rings.find(env, quiet=quiet))
        self._ring: Ring | None = None
        self._looked = False

    def get(self, service: str, key: str) -> str | None:
        entry = self._file.get(service, key)
        if entry is None or entry.value is not None:
            return None if entry is None else entry.value
        if (ring := self._keyring()) is None:
            raise VaultError(f"a secret for {service} is in the system's keyring, which cannot be reached from here.")
        return ring.get(self._service(service), key)

    def put(self, service: str, key: str, value: str) -> str:
        """Returns what the person should know of it: "" when a keyring has it."""
        ring = self._keyring()
        if ring is not None:
            try:
                ring.put(self._service(service), key, value)
            except VaultError:
                ring = None
        self._file.put(service, key, Entry(None if ring is not None else value))
        if ring is not None:
            return ""
        return f"No keyring can be used: the secret is kept in {self._file.path}, for you alone."

    def drop(self, service: str, key: str) -> bool:
        """Whether there was one."""
        entry = self._file.get(service, key)
        if entry is not None and entry.value is None and (ring := self._keyring()) is not None:
            ring.drop(self._service(service), key)
        return self._file.drop(service, key) is not None

    def keys(self, service: str) -> tuple[str, ...]:
        """Of all that is kept for the service. Asks no keyring."""
        return self._file.keys(service)

    def _keyring(self) -> Ring | None:
        if not self._looked:
            self._ring = self._find()
            self._looked = True
        return self._ring

    def _service(self, service: str) -> str:
        """Two homes of one person are two accounts."""
        return f"coder {service} {self._home}"
