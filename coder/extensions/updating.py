"""Changes of an extension that is installed: on and off, back to the version before, its settings, and its end.

Each is one change of its record under the lock. Must not know how a person is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.extensions import configuring, secrets
from coder.extensions.installed import again, manifest_of
from coder.extensions.policy import forbidden, known_of
from coder.extensions.record import Installed, Record
from coder.extensions.store import Store
from coder.extensions.toolset import agree
from coder.extensions.unchanged import is_same

if TYPE_CHECKING:
    from coder.core.config import ExtensionSettings
    from coder.extensions.manifest import Manifest
    from coder.extensions.secrets import Vault
    from coder.extensions.user_config import Value


def enable(store: Store, name: str, settings: ExtensionSettings, seen: Record) -> Record:
    """Turns it on; with a yes to the tools that waited for one in the record that was `seen`. Raises ConfigError when
    it may not, or is not what was installed."""
    with store.locked():
        record = _same(store, name, seen)
        _check(store, record, record.current, settings)
        record = agree(replace(record, enabled=True, reason=""))
        store.save(record)
        return record


def disable(store: Store, name: str) -> Record:
    """Its server is not started any more; one that runs goes on to the end of its session."""
    with store.locked():
        record = replace(store.found(name), enabled=False, reason="")
        store.save(record)
        return record


def rollback(store: Store, name: str, settings: ExtensionSettings) -> Record:
    """To the version before, which takes the place of this one, and the other way round."""
    with store.locked():
        record = store.found(name)
        if record.previous is None:
            raise ConfigError(f"no earlier version of {record.name} is kept. Nothing was changed.")
        _check(store, record, record.previous, settings)
        record = replace(record, current=record.previous, previous=record.current, waiting=(), enabled=True, reason="")
        store.save(record)
        store.sweep()
        return record


def configure(
    store: Store,
    record: Record,
    manifest: Manifest,
    values: Mapping[str, Value],
    vault: Vault,
    unset: Sequence[str] = (),
) -> tuple[Record, str]:
    """With these values set, which were checked, and without those of the keys `unset`; and what the person should know
    of where secrets are kept."""
    plain, secret = configuring.parted(manifest.user_config, values)
    with store.locked():
        now = store.found(record.name)
        if now.current != record.current:
            raise ConfigError(f"{now.name} was updated meanwhile. Nothing was changed. Try again.")
        notice = secrets.put(vault, now.name, secret)
        secrets.drop(vault, now.name, [key for key in unset if key in now.secrets])
        config = {key: value for key, value in {**now.config, **plain}.items() if key not in unset}
        now = replace(now, config=config, secrets=tuple(sorted({*now.secrets, *secret} - {*unset})))
        store.save(now)
        return now, notice


def remove(store: Store, name: str, vault: Vault, *, keep_config: bool) -> None:
    """All that was installed, and unless it is to be kept, what it was configured with. A broken one can be removed."""
    with store.locked():
        name = store.resolved(name)
        try:
            record = store.record(name)
        except ConfigError:
            record = None
        if keep_config and record is not None:
            store.save(replace(record, kept=True, previous=None, enabled=True, reason="", waiting=()))
        else:
            secrets.drop(vault, name)  # first: what is killed in between can be removed once more
            store.erase(name)
        store.sweep()


def has_changed(store: Store, record: Record) -> bool:
    return not is_same(record.current, store.folder(record))[0]


def _same(store: Store, name: str, seen: Record) -> Record:
    record = store.found(name)
    if (record.current, record.waiting) != (seen.current, seen.waiting):
        raise ConfigError(f"{record.name} was changed by another process meanwhile. Nothing was changed. Try again.")
    return record


def _check(store: Store, record: Record, version: Installed, settings: ExtensionSettings) -> None:
    if why := forbidden(known_of(record, version), settings):
        raise ConfigError(f"{record.name} cannot be turned on: {why}. Ask the administrator.")
    if not is_same(version, store.folder(record, version))[0]:
        raise ConfigError(
            f"{record.name} {visible_line(version.version)} is not what was installed: its files were changed. "
            f"{again(record.name)}"
        )
    manifest_of(store, record, version)
