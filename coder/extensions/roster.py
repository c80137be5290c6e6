"""Which extensions a session has, by what is written down of them: no file of theirs is looked at, and no secret is
asked for. Must not know how one is started, or the protocol.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.config import ExtensionSettings
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.extensions import policy, record, store
    from coder.extensions.record import Record
else:  # where one is installed
    policy, record, store = (LazyModule(f"coder.extensions.{name}") for name in ("policy", "record", "store"))


@dataclass(frozen=True, slots=True)
class Entry:
    """One that is turned on. `command` and `env` are as they were said yes to: names stand for values. `digest` is that
    of `starting.Ready`. `reason` tells why it does not start, where that is known already; `record` None: it cannot be
    read."""

    name: str
    folder: Path
    digest: str = ""
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    reason: str = ""
    record: Record | None = None


def has_extensions(home: Path) -> bool:
    """One look at the disk, and no more than that."""
    return os.path.lexists(home / "extensions")


def roster(home: Path, settings: ExtensionSettings) -> tuple[Entry, ...]:
    """By name. Blocks for a few small files. Never raises."""
    kept = store.Store(home)
    try:
        names = kept.names()
    except OSError:
        return ()
    found = (_entry(kept, name, settings) for name in names)
    return tuple(each for each in found if each is not None)


def _entry(kept: store.Store, name: str, settings: ExtensionSettings) -> Entry | None:
    folder = kept.top / name
    try:
        one = kept.record(name)
    except ConfigError as error:
        return Entry(name, folder, reason=str(error))
    if one is None or one.kept or not (one.enabled or one.reason):
        return None
    reason = one.reason
    if not reason and (why := policy.forbidden(policy.known_of(one), settings)):
        reason = f"{why}. To be rid of it: coder extension remove {name}."
    consent = one.current.consent
    return Entry(name, folder, record.digest_of(one), consent.command, consent.env, reason, one)
