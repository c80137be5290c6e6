"""`coder extension install` and `update`: what a person sees and answers. Must not know how bundles are unpacked."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from coder.cli.extension_asking import ask
from coder.cli.extension_page import change_lines, consent_lines, kept_lines
from coder.cli.extension_place import Here, config_of, path_of
from coder.cli.fitting import fitting
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.extensions import configuring, installing, locking
from coder.extensions.consent import changes, named_value
from coder.extensions.installing import Candidate, Prepare, staged
from coder.extensions.launching import preview_of
from coder.extensions.runtimes import check_runtimes, needs
from coder.frontends.policy.text import labelled

if TYPE_CHECKING:
    from coder.extensions.manifest import Manifest
    from coder.extensions.record import Record
    from coder.extensions.user_config import Value


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed on the command line. `start` are its words before the file, for saying how to go on."""

    start: tuple[str, ...]
    file: str
    yes: bool
    sha256: str
    sets: tuple[str, ...]
    set_files: tuple[str, ...]


def install(here: Here, asked: Asked) -> None:
    with _file(here, asked) as file, staged(here.store, file, here.settings, here.env) as candidate:
        _check_hash(candidate, asked)
        kept = installing.kept_of(here.store, candidate)
        given = config_of(here, candidate.manifest.user_config, asked.sets, asked.set_files)
        _show(here, candidate, {**_known(kept, candidate), **given})
        if kept is not None:
            print("\n".join(kept_lines(kept)))
        _consent(candidate, asked, "Install it?")
        given = _complete(here, candidate, kept, given, asked)
        record, notice = installing.install(here.store, candidate, given, here.vault, _prepare(here))
        print(f"\nInstalled: {record.name} {visible_line(record.current.version)}.")
        _after(here, candidate.manifest, record, notice)


def update(here: Here, name: str, asked: Asked) -> None:
    old = here.store.found(name)
    with _file(here, asked) as file, staged(here.store, file, here.settings, here.env) as candidate:
        if candidate.manifest.name != old.title:
            raise ConfigError(
                f"{visible_line(asked.file)} is {visible_line(candidate.manifest.name)}, not "
                f"{visible_line(old.title)}. Nothing was changed. Another extension is installed, not an update."
            )
        candidate = installing.called(candidate, old.name)
        _check_hash(candidate, asked)
        given = config_of(here, candidate.manifest.user_config, asked.sets, asked.set_files)
        new = tuple(changes(old.current.consent, candidate.consent))
        print("\n".join(change_lines(old, candidate, new)))
        if new:
            print()
            _show(here, candidate, {**_known(old, candidate), **given})
        _consent(candidate, asked, "Update it?")
        given = _complete(here, candidate, old, given, asked)
        record, notice = installing.update(here.store, candidate, old, given, here.vault, _prepare(here))
        print(f"\nUpdated: {record.name} {visible_line(record.current.version)}.")
        _after(here, candidate.manifest, record, notice)


@contextlib.contextmanager
def _file(here: Here, asked: Asked) -> Iterator[Path]:
    """The file that is meant; one that has an address is got first, and held against its hash before it is read."""
    if "://" not in asked.file:
        yield path_of(here, asked.file)
        return
    from coder.extensions.downloading import download

    with here.store.staging() as folder:
        if asked.file.lower().startswith("https:"):  # anything else is refused at once
            print(f"Getting {visible_line(asked.file)} …", file=sys.stderr)
        found = download(asked.file, folder)
        _expect(asked, found.sha256)
        print("\n".join(labelled("From", found.address)))
        yield found.path


def _show(here: Here, candidate: Candidate, values: Mapping[str, Value]) -> None:
    manifest = candidate.manifest
    # Whatever may come to stand in the command line is seen in it, by its name.
    named = {field.key: named_value(field) for field in manifest.user_config if field.default in (None, "", ())}
    launch = preview_of(manifest, candidate.folder, {**named, **values}, here.env, sys.platform)
    runtimes = check_runtimes(needs(manifest), here.env)
    print("\n".join(consent_lines(candidate, launch, runtimes)))


def _check_hash(candidate: Candidate, asked: Asked) -> None:
    _expect(asked, candidate.archive)


def _expect(asked: Asked, sha256: str) -> None:
    if asked.sha256 and asked.sha256.strip().lower() != sha256:
        raise ConfigError(
            f"{visible_line(asked.file)} has the SHA-256 {sha256}, which is not the one that was given. "
            "Nothing was changed. Get the file anew, or find out who changed it."
        )


def _consent(candidate: Candidate, asked: Asked, question: str) -> None:
    """Returns when a person said yes. The default is no."""
    if asked.yes and asked.sha256:
        return
    sure = shlex.join([*asked.start, asked.file, "--yes", "--sha256", candidate.archive, *_rest(asked)])
    if asked.yes:
        raise ConfigError(f"--yes needs --sha256, so that it is this file that is meant: {sure}")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        sys.stdout.flush()
        raise ConfigError(f"nobody is there to ask. Read the above; if it shall be so: {sure}")
    if not typer.confirm(f"\n{question}", default=False):
        print("Nothing was changed.")
        raise typer.Exit(1)


def _rest(asked: Asked) -> list[str]:
    return [
        *(part for each in asked.sets for part in ("--set", each)),
        *(part for each in asked.set_files for part in ("--set-file", each)),
    ]


def _complete(
    here: Here, candidate: Candidate, old: Record | None, given: Mapping[str, Value], asked: Asked
) -> dict[str, Value]:
    """`given` with what the person is asked for: all of a new extension, of an update what it cannot do without."""
    fields = candidate.manifest.user_config
    has = {**_known(old, candidate), **given}
    lacking = configuring.missing([field for field in fields if not _is_kept(old, field.key)], has)
    if not asked.yes:
        wanted = lacking if old is not None else [field for field in fields if field.key not in given]
        return {**given, **ask(wanted, old, here.cwd, here.user)}
    if lacking:
        flags = " ".join(
            f"{'--set-file' if field.sensitive else '--set'} {visible_line(field.key)}=…" for field in lacking
        )
        raise ConfigError(f"{candidate.name} cannot run without settings. Nothing was changed. Add {flags}")
    return dict(given)


def _known(old: Record | None, candidate: Candidate) -> dict[str, Value]:
    """What an earlier version was set to, as far as this one takes it and it is no secret now."""
    fields = candidate.manifest.user_config
    return {} if old is None else configuring.fitting(fields, configuring.parted(fields, old.config)[0])


def _is_kept(old: Record | None, key: str) -> bool:
    return old is not None and key in old.secrets


def _prepare(here: Here) -> Prepare:
    return lambda manifest, folder: locking.lock(manifest, folder, here.env)


def _after(here: Here, manifest: Manifest, record: Record, notice: str) -> None:
    problem = locking.fetch(manifest, here.store.folder(record), here.store.work(record), here.env)
    for line in filter(None, (notice, problem)):
        print(fitting(visible_line(line), sys.stdout))
    if record.enabled:
        print("Sessions that start from now on have its tools.")
    else:
        print(f"It is turned off. To turn it on: coder extension enable {record.name}")
