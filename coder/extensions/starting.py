"""Which extensions a session starts, and how. Must not know the protocol that they speak.

Cheap where there is none: one look for a folder. What it loads besides is loaded when there is one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.config import ExtensionSettings
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError, ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.extensions import installed, policy, record, store, unchanged
    from coder.extensions.record import Record
    from coder.extensions.secrets import Vault
    from coder.extensions.store import Store
    from coder.vault import vault as vaults
else:
    unchanged = LazyModule("coder.extensions.unchanged")
    installed = LazyModule("coder.extensions.installed")
    policy = LazyModule("coder.extensions.policy")
    record = LazyModule("coder.extensions.record")
    store = LazyModule("coder.extensions.store")
    vaults = LazyModule("coder.vault.vault")


@dataclass(frozen=True, slots=True, repr=False)
class Ready:
    """A server to be started. Nothing in it is to be expanded once more. `args` and `env` may hold `secrets`; `digest`
    changes with anything that decides what runs, but for them."""

    name: str
    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    digest: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """One that is turned on and does not start. `reason` is one line for people: why, and what to do."""

    name: str
    reason: str


def launches(
    home: Path,
    env: Mapping[str, str],
    platform: str = sys.platform,
    settings: ExtensionSettings | None = None,
    vault: Vault | None = None,
    names: Collection[str] | None = None,
) -> tuple[Ready | Refused, ...]:
    """Those that are turned on, by name; of `names`, where they are given. Blocks: on the disk, and on a keyring where
    a secret is in one. Never raises for what is wrong with an extension. One whose files were changed is turned off."""
    if not os.path.lexists(home / "extensions"):
        return ()
    kept = store.Store(home)
    safe = vault or vaults.Vault(home, env)
    try:
        wanted = [name for name in kept.names() if names is None or name in names]
    except OSError as error:
        return (Refused("extensions", f"{kept.top} cannot be read: {error.strerror}. Look at it."),)
    found = (_launch(kept, name, env, platform, settings or ExtensionSettings(), safe) for name in wanted)
    return tuple(each for each in found if each is not None)


def _launch(
    kept: Store, name: str, env: Mapping[str, str], platform: str, settings: ExtensionSettings, vault: Vault
) -> Ready | Refused | None:
    try:
        one = kept.record(name)
        if one is None or one.kept or not (one.enabled or one.reason):
            return None
        if one.reason:
            return Refused(name, one.reason)
        if why := policy.forbidden(policy.known_of(one), settings):
            return Refused(name, f"{why}. To be rid of it: coder extension remove {name}.")
        if why := _changed(kept, one):
            return Refused(name, why)
        launch = installed.launch(kept, one, vault, env, platform)
        digest = record.digest_of(one)
        return Ready(name, launch.command, launch.args, launch.env, launch.cwd, digest, launch.secrets)
    except CoderError as error:
        return Refused(name, str(error))
    except OSError as error:
        return Refused(name, f"{error.filename or 'its folder'}: {error.strerror}. {installed.again(name)}")


def _changed(kept: Store, record: Record) -> str:
    """Why it is turned off now; "" when its files are those that were installed."""
    same, state = unchanged.is_same(record.current, kept.folder(record))
    if same and state == record.current.print:
        return ""
    why = "" if same else f"its files were changed after it was installed. {installed.again(record.name)}"
    try:
        with kept.locked():
            now = kept.found(record.name)
            if now != record:  # somebody has just updated it
                return "" if same else f"{record.name} is being changed by another process. Start again."
            if same:
                kept.save(replace(record, current=replace(record.current, print=state)))
            else:
                kept.save(replace(record, enabled=False, reason=why))
    except (OSError, ConfigError):
        pass  # a folder that cannot be written, or one that is busy: it is found out the next time, too
    return why
