"""`coder extension`: bundles (.mcpb, .dxt) that bring a server with tools. Must not know how they are kept."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from coder.cli.extension_asking import ask
from coder.cli.extension_install import Asked, install, update
from coder.cli.extension_page import as_json, config_lines, list_lines, show_lines
from coder.cli.extension_place import config_of, here
from coder.config.paths import current_folder
from coder.core.errors import ConfigError
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line
from coder.extensions import configuring, updating
from coder.extensions.installed import manifest_of
from coder.extensions.launching import preview_of
from coder.extensions.manifest import read_manifest
from coder.extensions.manifest_check import MOST_BYTES
from coder.extensions.packing import MANIFEST, pack

if TYPE_CHECKING:
    from coder.extensions.record import Record
    from coder.extensions.user_config import Field

_HELP = "Extensions: files (.mcpb, .dxt) that bring a server with tools. docs/extensions.md tells what they may do."
app = typer.Typer(
    add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True, help=_HELP
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of an extension, as `coder extension list` tells it.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="A bundle, or its https address.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be repeated.")]
SetFiles = Annotated[
    list[str] | None,
    typer.Option("--set-file", metavar="KEY=FILE", help="A setting from a file, - is standard input. For secrets."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts. Needs --sha256.")]
Hash = Annotated[str, typer.Option("--sha256", metavar="HEX", help="What the file must have as SHA-256.")]


@app.callback()
def extension() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name that this terminal cannot write must not end us


@app.command("install", short_help="Show what an extension is, ask, and install it.")
def install_(file: File, yes: Yes = False, sha256: Hash = "", set_: Sets = None, set_file: SetFiles = None) -> None:
    """Show what an extension is and would do, and install it after a yes. Nothing of it runs before."""
    start = ("coder", "extension", "install")
    install(here(), Asked(start, file, yes, sha256, tuple(set_ or ()), tuple(set_file or ())))


@app.command("update")
def update_(
    name: Name, file: File, yes: Yes = False, sha256: Hash = "", set_: Sets = None, set_file: SetFiles = None
) -> None:
    """Another version in place of the one there is. What it does otherwise is shown and asked about."""
    start = ("coder", "extension", "update", name)
    update(here(), name, Asked(start, file, yes, sha256, tuple(set_ or ()), tuple(set_file or ())))


@app.command("list")
def list_(json_: Json = False) -> None:
    """Those that are installed."""
    store = here().store
    rows: list[Record | str] = []
    for name in store.names():
        try:
            record = store.record(name)
        except ConfigError as error:
            rows.append(str(error))
            continue
        rows += [record] if record is not None and not record.kept else []
    if json_:
        print(json.dumps([{"problem": row} if isinstance(row, str) else as_json(row) for row in rows], indent=2))
    else:
        print("\n".join(list_lines(rows)))


@app.command()
def show(name: Name, json_: Json = False) -> None:
    """What one is, runs, is configured with and offers."""
    place = here()
    record = place.store.found(name)
    if json_:
        print(json.dumps(as_json(record), indent=2))
        return
    manifest = manifest_of(place.store, record)
    plain = configuring.fitting(manifest.user_config, configuring.parted(manifest.user_config, record.config)[0])
    kept = {field.key: "kept" for field in manifest.user_config if field.key in record.secrets}
    launch = preview_of(manifest, place.store.folder(record), plain | kept, place.env, sys.platform)
    print("\n".join(show_lines(record, manifest, launch)))
    if not record.reason and updating.has_changed(place.store, record):
        print("! Its files were changed after it was installed: it does not start any more.")


@app.command()
def enable(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False) -> None:
    """Turn one on. Tools that are held back are shown, and there after a yes."""
    place = here()
    record = place.store.found(name)
    if record.waiting:
        print(f"Tools of {record.name} that nobody has said yes to:")
        print("\n".join(f"  {visible_line(tool)}" for tool in record.waiting))
        if not yes:
            if not (sys.stdin.isatty() and sys.stdout.isatty()):
                sys.stdout.flush()
                sure = shlex.join(["coder", "extension", "enable", record.name, "--yes"])
                raise ConfigError(f"nobody is there to ask. Read the above; if it shall be so: {sure}")
            if not typer.confirm("\nLet it have them?", default=False):
                print("Nothing was changed.")
                raise typer.Exit(1)
    print(f"Turned on: {updating.enable(place.store, name, place.settings, record).name}")


@app.command()
def disable(name: Name) -> None:
    """Turn one off. It stays installed."""
    print(f"Turned off: {updating.disable(here().store, name).name}")


@app.command()
def rollback(name: Name) -> None:
    """Back to the version before the last update."""
    place = here()
    record = updating.rollback(place.store, name, place.settings)
    print(f"{record.name} is {visible_line(record.current.version)} again.")


@app.command()
def remove(
    name: Name,
    keep_config: Annotated[bool, typer.Option("--keep-config", help="Keep its settings for another time.")] = False,
) -> None:
    """Remove one: its files, its settings, its secrets."""
    place = here()
    name = place.store.resolved(name)
    updating.remove(place.store, name, place.vault, keep_config=keep_config)
    print(f"Removed: {name}{', but for its settings' if keep_config else ''}")


@app.command()
def config(
    name: Name,
    set_: Sets = None,
    set_file: SetFiles = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="KEY", help="Take a setting back.")] = None,
    json_: Json = False,
) -> None:
    """Its settings. Without options a person is asked for each; without a terminal they are shown."""
    place = here()
    record = place.store.found(name)
    fields = manifest_of(place.store, record).user_config
    given = config_of(place, fields, set_ or (), set_file or ())
    _check_unset(fields, unset or ())
    if not given and not unset:
        if json_ or not (sys.stdin.isatty() and sys.stdout.isatty()):
            shown = as_json(record)
            lines = "\n".join(config_lines(record, fields)) or "It has no settings."
            print(json.dumps({key: shown[key] for key in ("config", "secrets")}, indent=2) if json_ else lines)
            return
        given = ask(fields, record, place.cwd, place.user)
    manifest = manifest_of(place.store, record)
    record, notice = updating.configure(place.store, record, manifest, given, place.vault, unset or ())
    print("\n".join(config_lines(record, fields)))
    if notice:
        print(visible_line(notice))


def _check_unset(fields: Sequence[Field], keys: Sequence[str]) -> None:
    for key in keys:
        if key not in {field.key for field in fields}:
            raise ConfigError(f"--unset: the extension has no setting {visible_line(key)!r}.")


@app.command("pack")
def pack_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="With manifest.json in it.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Default: NAME-VERSION.mcpb")
    ] = None,
) -> None:
    """Make a bundle of a folder."""
    place = current_folder()
    if out is None:
        try:
            data = read_ordinary(place / folder / MANIFEST, MOST_BYTES + 1)
        except OSError as error:
            what = visible_line(str(folder / MANIFEST))
            raise ConfigError(f"{what} cannot be read: {error.strerror}. An extension is a folder with one.") from error
        known = read_manifest(data, str(folder / MANIFEST))
        out = Path(f"{known.slug}-{known.version}.mcpb")
    packed = pack(place / folder, place / out)
    print(f"{visible_line(str(packed.path))}: {packed.files} files\nSHA-256 {packed.sha256}")
