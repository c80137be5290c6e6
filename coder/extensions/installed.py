"""An extension that is installed, read back: its manifest, its values, and how it would be started. Must not know who
asks, or whether it is turned on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line
from coder.extensions import configuring, secrets
from coder.extensions.launching import launch_of
from coder.extensions.manifest import Manifest, read_manifest
from coder.extensions.record import Installed, Record

if TYPE_CHECKING:
    from coder.extensions.launch import Launch
    from coder.extensions.secrets import Vault
    from coder.extensions.store import Store
    from coder.extensions.user_config import Value

MANIFEST = "manifest.json"
_MOST_MANIFEST = 1024 * 1024 + 1  # bytes


def manifest_of(store: Store, record: Record, version: Installed | None = None) -> Manifest:
    """Raises BundleError, and ConfigError when it cannot be read."""
    path = store.folder(record, version) / MANIFEST
    try:
        return read_manifest(read_ordinary(path, _MOST_MANIFEST), f"{record.name}: {MANIFEST}")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. {again(record.name)}") from error


def again(name: str) -> str:
    """What to do about one whose files are not as they were."""
    return f"Install it again from its file: coder extension update {name} FILE."


def values_of(record: Record, manifest: Manifest, vault: Vault) -> dict[str, Value]:
    """What it is configured with, of what this version asks for, secrets included. Raises VaultError."""
    asked = {field.key for field in manifest.user_config if field.sensitive}
    plain, _ = configuring.parted(manifest.user_config, record.config)
    wanted = [key for key in record.secrets if key in asked]
    values = {**plain, **(secrets.get(vault, record.name, wanted) if wanted else {})}
    return configuring.fitting(manifest.user_config, values)


def launch(store: Store, record: Record, vault: Vault, env: Mapping[str, str], platform: str) -> Launch:
    """How its server is started. Raises ConfigError, BundleError and VaultError, each with what to do."""
    manifest = manifest_of(store, record)
    values = values_of(record, manifest, vault)
    if lacking := configuring.missing(manifest.user_config, values):
        names = ", ".join(visible_line(field.key) for field in lacking)
        raise ConfigError(f"it has no value for {names}. Say coder extension config {record.name}.")
    return launch_of(manifest, store.folder(record), values, env, platform, venv=store.work(record))
