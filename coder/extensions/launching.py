"""The command line of an extension's server, of its manifest and the person's values. Starts nothing.

Must not know where values are kept, or how the server is spoken to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from coder.core.visible import visible_line
from coder.extensions.errors import LaunchError
from coder.extensions.launch import Launch
from coder.extensions.manifest import Manifest, ServerPart
from coder.extensions.runtimes import PYTHONS, find_program
from coder.extensions.substitute import Variables, fill, fill_args, fill_env
from coder.extensions.user_config import Field, Value

_PLACES = {"DESKTOP": "Desktop", "DOCUMENTS": "Documents", "DOWNLOADS": "Downloads"}
_LIB = "server/lib"


def launch_of(
    manifest: Manifest,
    folder: Path,
    values: Mapping[str, Value],
    env: Mapping[str, str],
    platform: str,
    *,
    venv: Path | None = None,
) -> Launch:
    """How the server is started from `folder`, the unpacked bundle. Raises LaunchError.

    `values` are the person's, by the key of their field; `env` gives HOME and PATH and is not passed on. `venv` is
    where uv puts the environment it makes: outside the bundle, or its contents would change.
    """
    plain = places(folder, env)
    chosen = settled(manifest, values, plain)
    missing = [field for field in manifest.user_config if field.required and is_unset(chosen[field.key])]
    if missing:
        named = ", ".join(f"{visible_line(field.title)} ({field.key})" for field in missing)
        raise LaunchError(f"{visible_line(manifest.display_name)} needs a value for: {named}")
    launch = _launch(manifest, folder, _variables(manifest, plain, chosen), env, platform, venv)
    return replace(launch, secrets=tuple(_secrets(manifest, chosen)))


def preview_of(
    manifest: Manifest,
    folder: Path,
    values: Mapping[str, Value],
    env: Mapping[str, str],
    platform: str,
    *,
    venv: Path | None = None,
) -> Launch:
    """The same to be shown: a sensitive value, and a required one that is not set yet, is `<key>`."""
    plain = places(folder, env)
    chosen = settled(manifest, values, plain)
    for field in manifest.user_config:
        hidden = field.sensitive and chosen[field.key] is not None
        if hidden or (field.required and is_unset(chosen[field.key])):
            chosen[field.key] = (f"<{field.key}>",) if field.multiple else f"<{field.key}>"
    return _launch(manifest, folder, _variables(manifest, plain, chosen), env, platform, venv)


def places(folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The variables that are not the person's to set. Without HOME those of the home folder are unknown."""
    plain = {"__dirname": str(folder), "pathSeparator": "/", "/": "/"}
    home = env.get("HOME", "")
    if home.startswith("/"):
        plain["HOME"] = home
        for name, usual in _PLACES.items():
            own = env.get(f"XDG_{name.removesuffix('S') if name == 'DOWNLOADS' else name}_DIR", "")
            plain[name] = own if own.startswith("/") else f"{home.rstrip('/')}/{usual}"
    return plain


def settled(manifest: Manifest, values: Mapping[str, Value], plain: Mapping[str, str]) -> dict[str, Value | None]:
    """Each field's value: the person's as it is, or the default with its variables filled in, or None: not set."""
    chosen = {
        field.key: values[field.key] if field.key in values else default_of(field, plain)
        for field in manifest.user_config
    }
    return {key: None if value == () else value for key, value in chosen.items()}


def default_of(field: Field, plain: Mapping[str, str]) -> Value | None:
    """The default as it counts on this machine. Raises LaunchError for one that names an unknown variable."""
    variables = Variables(plain, {})
    where = f"user_config.{field.key}.default"

    def filled(value: Value) -> Value:
        return fill(value, variables, where) or "" if isinstance(value, str) else value

    if isinstance(field.default, tuple):
        return tuple(each for each in map(filled, field.default) if not isinstance(each, tuple))
    return None if field.default is None else filled(field.default)


def is_unset(value: Value | None) -> bool:
    """What does not count as a value of a required field."""
    return value is None or value in ("", ()) or (isinstance(value, tuple) and "" in value)


def _secrets(manifest: Manifest, chosen: Mapping[str, Value | None]) -> Iterator[str]:
    """The values that nobody is to see, as they stand in variables and arguments."""
    for field in manifest.user_config:
        value = chosen[field.key] if field.sensitive else None
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, str | int | float) and not isinstance(each, bool):
                yield str(each)


def _variables(manifest: Manifest, plain: Mapping[str, str], chosen: Mapping[str, Value | None]) -> Variables:
    return Variables(plain, chosen, {field.key for field in manifest.user_config if field.sensitive})


def _launch(
    manifest: Manifest, folder: Path, variables: Variables, env: Mapping[str, str], platform: str, venv: Path | None
) -> Launch:
    server = _for_platform(manifest.server, platform)
    if server.command is None:
        server = _synthesised(server)
    command = server.command or ""
    where = "server.mcp_config"
    filled = fill(command, variables, f"{where}.command")
    if not filled:
        raise LaunchError(f"{where}.command is empty on {platform}; the extension has no server for this system")
    program = _program(filled, server, folder, env, platform)
    added = _added_env(server, filled, folder, venv)
    separator = ";" if platform == "win32" else ":"
    return Launch(
        program,
        fill_args(server.args, variables, f"{where}.args"),
        {**added, **fill_env(server.env, variables, f"{where}.env", separator)},
        folder,
        any(variables.names_secret(text) for text in (command, *server.args)),
    )


def _for_platform(server: ServerPart, platform: str) -> ServerPart:
    """Command and arguments of the platform replace, its environment is laid over."""
    override = server.overrides.get(platform)
    if override is None:
        return server
    return replace(
        server,
        command=override.command or server.command,
        args=server.args if override.args is None else override.args,
        env={**server.env, **override.env},
    )


def _synthesised(server: ServerPart) -> ServerPart:
    """What is run where the manifest only says what kind of server it is, and where it begins."""
    entry = f"${{__dirname}}/{server.entry_point.removeprefix('./')}"
    if server.type == "binary":
        return replace(server, command=entry)
    if server.type == "uv":
        return replace(server, command="uv", args=("run", "--frozen", "--project", "${__dirname}", entry, *server.args))
    return replace(server, command=server.type, args=(entry, *server.args))


def _program(command: str, server: ServerPart, folder: Path, env: Mapping[str, str], platform: str) -> str:
    path = PurePosixPath(command)
    inside = folder / path
    if path.is_absolute():
        found = str(path)
    elif "/" in command or (server.type == "binary" and inside.is_file()):
        if ".." in path.parts:
            raise LaunchError(f"server.mcp_config.command is {visible_line(command)}, which leads out of the bundle")
        found = str(inside)
    else:
        return find_program(command, env) or command
    within = Path(found).is_relative_to(folder)
    if platform == "win32" and server.type == "binary" and within and not path.suffix and not os.path.lexists(found):
        return f"{found}.exe"
    return found


def _added_env(server: ServerPart, command: str, folder: Path, venv: Path | None) -> dict[str, str]:
    """What the bundle needs to run without being told, and without changing itself."""
    added: dict[str, str] = {}
    name = PurePosixPath(command).name
    if server.type in ("python", "uv") or name in PYTHONS:
        # Compiled files in the bundle would be changes of it.
        added["PYTHONDONTWRITEBYTECODE"] = "1"
    if server.type == "python" and (folder / _LIB).is_dir():
        added["PYTHONPATH"] = str(folder / _LIB)
    if server.type == "uv" or name == "uv":
        # What was agreed to is what runs: nothing is resolved anew.
        added["UV_FROZEN"] = "1"
        added["UV_PROJECT_ENVIRONMENT"] = str(venv or folder.with_name(f".{folder.name}-venv"))
    return added
