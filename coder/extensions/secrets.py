"""The secrets of an extension, in the vault by its name. Must not know where the vault keeps them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from coder.core.errors import ConfigError
from coder.core.visible import visible_line

if TYPE_CHECKING:
    from coder.extensions.user_config import Value


class Vault(Protocol):
    """coder.vault, as far as it is needed. Each raises VaultError."""

    def get(self, service: str, key: str) -> str | None: ...

    def put(self, service: str, key: str, value: str) -> str: ...

    def drop(self, service: str, key: str) -> bool: ...

    def keys(self, service: str) -> tuple[str, ...]: ...


def put(vault: Vault, name: str, values: Mapping[str, Value]) -> str:
    """What the person should know of where they are kept."""
    notices = [vault.put(_service(name), key, json.dumps(value)) for key, value in values.items()]
    return next(filter(None, notices), "")


def get(vault: Vault, name: str, keys: Iterable[str]) -> dict[str, Value]:
    """Those that are there. Raises ConfigError for one that was tampered with."""
    found: dict[str, Value] = {}
    for key in keys:
        kept = vault.get(_service(name), key)
        if kept is not None:
            found[key] = _value(name, key, kept)
    return found


def drop(vault: Vault, name: str, keys: Iterable[str] | None = None) -> None:
    """These, or all of the extension."""
    for key in vault.keys(_service(name)) if keys is None else keys:
        vault.drop(_service(name), key)


def _value(name: str, key: str, kept: str) -> Value:
    try:
        value = json.loads(kept)
    except (ValueError, RecursionError):  # the error of the parser holds the text: it must not be a cause
        value = None
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str | int | float) for each in values):
        raise ConfigError(
            f"what is kept for its secret {visible_line(key)} is not what coder keeps. Set it anew: coder extension "
            f"config {name} --set-file {visible_line(key)}=FILE."
        )
    return tuple(value) if isinstance(value, list) else value


def _service(name: str) -> str:
    return f"extension {name}"
