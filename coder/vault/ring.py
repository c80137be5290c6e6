"""The keyring of the system, where there is a real one. The only module that loads the optional `keyring` library. Must
not know what is kept.

A keyring may open a window and wait for a password. So each call has a thread of its own and a limit, and where nobody
sits (`quiet`), one that is locked is left alone.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from coder.vault.errors import VaultError

SWITCH = "CODER_KEYRING"
PATIENCE = 60.0  # seconds: a person may have to type the password of the keyring
_QUIET = 5.0
_REAL = ("keyring.backends.SecretService", "keyring.backends.libsecret", "keyring.backends.macOS")
_SECRET_SERVICE = _REAL[:2]
_Found = TypeVar("_Found")


class Ring(Protocol):
    """Each raises VaultError."""

    def get(self, service: str, key: str) -> str | None: ...

    def put(self, service: str, key: str, value: str) -> None: ...

    def drop(self, service: str, key: str) -> None: ...


def find(env: Mapping[str, str], *, quiet: bool) -> Ring | None:
    """The keyring; None where there is none, where it is turned off, or where asking could only disturb."""
    if env.get(SWITCH, "").strip().lower() in ("off", "0", "false", "no") or not _has_session(env):
        return None
    limit = _QUIET if quiet else PATIENCE
    try:
        backend = _within(limit, lambda: _backend(quiet=quiet))
    except VaultError:
        return None
    return None if backend is None else SystemRing(backend, limit)


def real(backend: Any) -> Any | None:
    """The backend, when it is one of the system: not what keeps nothing, keeps plain text or asks on the terminal. Of a
    chain, its first real member."""
    module = type(backend).__module__
    if module == "keyring.backends.chainer":
        return next((found for member in backend.backends if (found := real(member)) is not None), None)
    return backend if module in _REAL else None


def _has_session(env: Mapping[str, str]) -> bool:
    """Without a bus of the session the library would start one."""
    if sys.platform == "darwin":
        return True
    runtime = env.get("XDG_RUNTIME_DIR")
    return bool(env.get("DBUS_SESSION_BUS_ADDRESS")) or bool(runtime and Path(runtime, "bus").is_socket())


def _backend(*, quiet: bool) -> Any | None:
    try:
        backend = real(importlib.import_module("keyring").get_keyring())
    except ImportError:  # it is optional
        return None
    if backend is not None and quiet and type(backend).__module__ in _SECRET_SERVICE and _is_locked():
        return None
    return backend


def _is_locked() -> bool:
    """Whether the keyring would ask for its password, or whether to make one."""
    service = importlib.import_module("secretstorage")
    bus = service.dbus_init()
    try:
        return bool(service.collection.get_collection_by_alias(bus, "default").is_locked())
    finally:
        bus.close()


class SystemRing:
    """A backend of the library, asked with patience."""

    __slots__ = ("_backend", "_limit")

    def __init__(self, backend: Any, limit: float) -> None:
        self._backend = backend
        self._limit = limit

    def get(self, service: str, key: str) -> str | None:
        kept = _within(self._limit, lambda: self._backend.get_password(service, key))
        try:
            value = json.loads(kept) if kept is not None else None
        except ValueError:
            return None
        return value if isinstance(value, str) else None

    def put(self, service: str, key: str, value: str) -> None:
        # As JSON: not every keyring takes a NUL, a line end or a lone surrogate.
        _within(self._limit, lambda: self._backend.set_password(service, key, json.dumps(value)))

    def drop(self, service: str, key: str) -> None:
        if _within(self._limit, lambda: self._backend.get_password(service, key)) is not None:
            _within(self._limit, lambda: self._backend.delete_password(service, key))


def _within(limit: float, ask: Callable[[], _Found]) -> _Found:
    """What `ask` returns. Raises VaultError when it fails or does not end; nothing it says is passed on."""
    found: list[_Found] = []
    failed: list[str] = []

    def asked() -> None:
        try:
            found.append(ask())
        except Exception as error:  # noqa: BLE001  # a backend raises whatever its library does
            failed.append(type(error).__name__)

    thread = threading.Thread(target=asked, name="coder-keyring", daemon=True)
    thread.start()
    thread.join(limit)
    if found:
        return found[0]
    why = f"failed ({failed[0]})" if failed else f"did not answer within {limit:g} seconds"
    raise VaultError(f"the keyring of this system {why}. Unlock it, or turn it off with {SWITCH}=off.")
