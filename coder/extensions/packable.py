"""What of a folder goes into a bundle, and whether its manifest is one that every reader takes. Writes nothing.

Stricter than reading: what we only warn of, others refuse.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coder.core.lazy import LazyModule
from coder.core.messages import Json
from coder.core.nofollow import Folders
from coder.core.ordinary import read_ordinary
from coder.extensions.entry_names import Taken, parts_of, shown_name
from coder.extensions.errors import BundleError, ManifestError
from coder.extensions.manifest import Manifest
from coder.extensions.manifest_check import UNKNOWN

pathspec = LazyModule("pathspec")
IGNORE_FILE = ".mcpbignore"
_MOST_IGNORE = 256 * 1024
# Leftovers of building, and what is secret by its nature: the list of the reference packer. A line of .mcpbignore with
# `!` takes a file in again.
_NEVER = (
    ".DS_Store", "Thumbs.db", ".gitignore", ".git", IGNORE_FILE, "*.log", ".env*", ".npm", ".npmrc", ".yarnrc", ".yarn",
    ".eslintrc", ".editorconfig", ".prettierrc", ".prettierignore", ".eslintignore", ".nycrc", ".babelrc", ".pnp.*",
    "node_modules/.cache", "node_modules/.bin", "*.map", "npm-debug.log*", "yarn-debug.log*", "yarn-error.log*",
    "package-lock.json", "yarn.lock", "*.mcpb", "*.dxt", "*.d.ts", "*.tsbuildinfo", "tsconfig.json",
    "__pycache__", "*.pyc", ".venv",
)  # fmt: skip
_SINCE = {"privacy_policies": "0.2", "_meta": "0.3", "icons": "0.3", "localization": "0.3"}


def files_of(folder: Path) -> list[str]:
    """The paths that go in, in their order. Raises BundleError for a link, a device, and names that others refuse."""
    try:
        lines = read_ordinary(folder / IGNORE_FILE, _MOST_IGNORE).decode(errors="replace").splitlines()
    except FileNotFoundError:
        lines = []
    except OSError as error:
        raise BundleError(f"{IGNORE_FILE} cannot be read: {error.strerror or error}") from error
    try:
        spec = pathspec.GitIgnoreSpec.from_lines([*_NEVER, *lines])
    except ValueError as error:
        raise BundleError(f"{IGNORE_FILE} holds a pattern that is none: {error}") from error
    taken = Taken()
    found = []
    with Folders(os.path.realpath(folder)) as folders:
        for path in _walk(folders, spec):
            taken.add(parts_of(path), folder=False)
            found.append(path)
    return sorted(found)


def check_packable(manifest: Manifest, data: bytes, files: list[str], origin: str) -> None:
    """Raises ManifestError for a manifest that other readers refuse, or that names what is not there."""
    raw: Json = json.loads(data.decode("utf-8-sig"))
    for problem in _problems(manifest, raw, set(files)):
        raise ManifestError(f"{origin}: {problem}")


def _problems(manifest: Manifest, raw: Json, files: set[str]) -> Iterator[str]:
    if "mcpb_version" in raw:
        yield f'mcpb_version is not read by others; write "manifest_version": "{manifest.format_version}" instead'
    yield from (f"{warning}; others refuse it, so take it out" for warning in manifest.warnings if UNKNOWN in warning)
    for client in manifest.compatibility.clients:
        if client != "claude_desktop":
            yield f"compatibility.{shown_name(client)} is refused by others; only claude_desktop may stand there"
    server = manifest.server
    if server.command is None:
        yield "server.mcp_config is missing; we can do without, others cannot: write command and args"
    if server.type == "uv" and manifest.format_version != "0.4":
        yield f"server.type uv is of format 0.4, and this is {manifest.format_version}"
    for key, since in _SINCE.items():
        if key in raw and manifest.format_version < since:
            yield f"{key} is of format {since}, and this is {manifest.format_version}"
    if server.entry_point.removeprefix("./") not in files:
        yield f"server.entry_point is {shown_name(server.entry_point)}, and there is no such file to be packed"
    icon = raw.get("icon")
    if isinstance(icon, str) and not icon.startswith("https://") and icon.removeprefix("./") not in files:
        yield f"icon is {shown_name(icon)}, and there is no such file to be packed"
    for key, field in _object(raw.get("user_config")).items():
        for wanted in ("title", "description"):
            if not isinstance(_object(field).get(wanted), str):
                yield f"user_config.{key}.{wanted} is missing; others refuse a field without it"


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _walk(folders: Folders, spec: Any) -> Iterator[str]:
    left = [""]
    while left:
        folder = left.pop()
        for name, is_folder, is_file in [
            (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
            for entry in folders.entries(folder)
        ]:
            path = f"{folder}{name}"
            if spec.match_file(f"{path}/" if is_folder else path):
                continue
            if is_folder:
                left.append(f"{path}/")
            elif is_file:
                yield path
            else:
                raise BundleError(
                    f"{shown_name(path)} is a link, a device or a pipe; put a file there, or list it in {IGNORE_FILE}"
                )
