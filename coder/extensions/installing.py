"""From a bundle in a file to an extension that is installed. Nothing of it runs here, and nothing of it counts before
the record is written. Must not know how a person is asked.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.ordinary import open_ordinary, read_ordinary
from coder.core.visible import visible_line
from coder.extensions import configuring, secrets
from coder.extensions.consent import consent_of
from coder.extensions.content import digest_of
from coder.extensions.errors import BundleError
from coder.extensions.manifest import Manifest, read_manifest
from coder.extensions.names import fit_name, fit_version
from coder.extensions.policy import Known, forbidden
from coder.extensions.record import Consent, Installed, Record
from coder.extensions.signature import Signature, signature_of
from coder.extensions.store import Store
from coder.extensions.unchanged import print_of
from coder.extensions.unpack import unpack

if TYPE_CHECKING:
    from coder.core.config import ExtensionSettings
    from coder.extensions.secrets import Vault
    from coder.extensions.user_config import Value

MANIFEST = "manifest.json"
_MOST_MANIFEST = 1024 * 1024 + 1
_MOST_ARCHIVE = 1024**3
_PIECE = 1 << 20


Prepare: TypeAlias = Callable[[Manifest, Path], None]  # what has to be done to the unpacked folder once, after consent


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """A bundle that is unpacked beside, to be looked at. `warnings` are fit to be shown."""

    name: str
    manifest: Manifest
    folder: Path
    archive: str  # its SHA-256
    files: int
    size: int
    signature: Signature
    consent: Consent

    @property
    def known(self) -> Known:
        return Known(self.name, self.manifest.name, self.manifest.author.name, self.consent.publisher, self.archive)


@contextlib.contextmanager
def staged(
    store: Store, archive: Path, settings: ExtensionSettings, env: Mapping[str, str], platform: str = sys.platform
) -> Iterator[Candidate]:
    """The bundle in `archive`, copied first: what is looked at is what would be installed. Raises BundleError,
    ConfigError and OSError for one that cannot or may not be installed."""
    with store.staging() as place:
        copy = place / "archive" / (archive.name or "bundle")  # messages call it by its name
        copy.parent.mkdir()
        _copy(archive, copy)
        signature = signature_of(copy)
        if signature.state == "broken":
            raise BundleError(f"{_called(archive)}: the signature is broken: {signature.reason}. Get the file anew.")
        folder = place / "content"
        unpacked = unpack(copy, folder)
        copy.unlink()
        manifest = read_manifest(read_ordinary(folder / MANIFEST, _MOST_MANIFEST), f"{_called(archive)}: {MANIFEST}")
        _check_platform(manifest, platform)
        consent = consent_of(manifest, folder, signature, env, platform)
        name = fit_name(manifest.slug)
        found = Candidate(name, manifest, folder, unpacked.sha256, unpacked.files, unpacked.total, signature, consent)
        if why := forbidden(found.known, settings):
            raise ConfigError(f"{visible_line(manifest.name)} cannot be installed: {why}. Ask the administrator.")
        yield found


def called(candidate: Candidate, name: str) -> Candidate:
    """By the name under which an earlier version is installed."""
    return replace(candidate, name=name)


def install(
    store: Store, candidate: Candidate, values: Mapping[str, Value], vault: Vault, prepare: Prepare
) -> tuple[Record, str]:
    """The record, and what the person should know of their secrets. `values` were checked. Raises ConfigError when
    there is one already."""
    kept_of(store, candidate)
    prepare(candidate.manifest, candidate.folder)
    with store.locked():
        return _put(store, candidate, kept_of(store, candidate), values, vault)


def kept_of(store: Store, candidate: Candidate) -> Record | None:
    """What is kept of it from before it was removed: nothing that another of that name had. Raises ConfigError when
    one is installed."""
    name = next((each for each in store.names() if each.casefold() == candidate.name.casefold()), candidate.name)
    old = store.record(name)
    if old is not None and old.title != candidate.manifest.name:
        if old.kept:
            return None
        raise ConfigError(
            f"the name {name} is taken by another extension, {visible_line(old.title)}. To have this one in its place: "
            f"coder extension remove {name}"
        )
    if old is not None and not old.kept:
        raise ConfigError(
            f"{name} {visible_line(old.current.version)} is installed already. "
            f"For another version say coder extension update {name} FILE."
        )
    return old


def update(
    store: Store, candidate: Candidate, old: Record, values: Mapping[str, Value], vault: Vault, prepare: Prepare
) -> tuple[Record, str]:
    """As `install`; `old` is the record that the person saw. Raises ConfigError when it is another one by now."""
    prepare(candidate.manifest, candidate.folder)
    with store.locked():
        if store.found(old.name) != old:
            raise ConfigError(f"{old.name} was changed by another process meanwhile. Nothing was changed. Try again.")
        return _put(store, candidate, old, values, vault)


def _put(
    store: Store, candidate: Candidate, old: Record | None, values: Mapping[str, Value], vault: Vault
) -> tuple[Record, str]:
    """Under the lock. The order is that of safety: files, secrets, and last the record that makes them count."""
    manifest, name = candidate.manifest, candidate.name
    store.sweep()
    taken = [each.name for each in (store.top / name).iterdir()] if (store.top / name).is_dir() else []
    version = Installed(
        folder=fit_version(manifest.version, candidate.archive, taken),
        version=manifest.version,
        archive=candidate.archive,
        content=digest_of(candidate.folder),
        print=print_of(candidate.folder),
        author=manifest.author.name,
        consent=candidate.consent,
    )
    target = store.top / name / version.folder
    target.parent.mkdir(mode=0o700, exist_ok=True)
    candidate.folder.rename(target)
    plain, secret = configuring.parted(manifest.user_config, values)
    if old is None:
        secrets.drop(vault, name)  # those of another, which were kept or left by a kill
    notice = secrets.put(vault, name, secret)
    record = _onto(old, Record(name, manifest.name, version))
    every = {*record.secrets, *secret}
    known, _ = configuring.parted(manifest.user_config, record.config)  # what is a secret by now is not written down
    record = replace(record, config={**known, **plain}, secrets=tuple(sorted(every)))
    store.save(record)
    store.sweep()
    return record, notice


def _onto(old: Record | None, new: Record) -> Record:
    """What stays of the old record. The same archive again is a repair: the version before it stays the one before."""
    if old is None:
        return new
    if old.kept:
        return replace(new, config=old.config, secrets=old.secrets)
    is_repair = old.current.archive == new.current.archive
    return replace(
        old,
        title=new.title,
        current=new.current,
        previous=old.previous if is_repair else old.current,
        enabled=old.enabled or bool(old.reason),  # what we turned off ourselves is another one now
        reason="",
        waiting=(),
    )


def _check_platform(manifest: Manifest, platform: str) -> None:
    there = manifest.compatibility.platforms
    if there and platform not in there:
        names = ", ".join(map(visible_line, there))
        raise ConfigError(f"{visible_line(manifest.name)} is made for {names} only; this system is {platform}.")


def _copy(archive: Path, copy: Path) -> None:
    try:
        source = open_ordinary(archive)
    except OSError as error:
        raise ConfigError(f"{_called(archive)} cannot be read: {error.strerror}. Give the path of a bundle.") from error
    try:
        with source, copy.open("xb") as target:
            size = 0
            while piece := source.read(_PIECE):
                size += len(piece)
                if size > _MOST_ARCHIVE:
                    raise BundleError(f"{_called(archive)} is larger than 1 GiB. No extension may be.")
                target.write(piece)
    except OSError as error:  # a full disk, above all
        why = f"{_called(archive)} cannot be copied to {visible_line(str(copy.parents[2]))}: {error.strerror}."
        raise ConfigError(f"{why} Nothing was changed.") from error


def _called(archive: Path) -> str:
    return visible_line(archive.name or str(archive))
