"""Fixes the versions that a uv extension is made of, once, where its maker has not. Runs uv, so only after consent."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.extensions.manifest import Manifest
from coder.extensions.runtimes import find_program

LOCK = "uv.lock"
_PATIENCE = 300.0  # seconds
_PASSED = ("HOME", "LANG", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
_PASSED_OF_UV = ("UV_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "PIP_INDEX")


def lock(manifest: Manifest, folder: Path, env: Mapping[str, str]) -> None:
    """Makes `uv.lock` in the folder of a uv extension that has none. Raises ConfigError, with nothing installed."""
    if manifest.server.type != "uv" or os.path.lexists(folder / LOCK):
        return
    name = visible_line(manifest.name)
    uv = find_program("uv", env)
    if not uv:
        raise ConfigError(
            f"{name} comes without {LOCK}, and uv, which makes it, is not in PATH. Install uv "
            "(https://docs.astral.sh/uv), then try again."
        )
    kept = {key: text for key, text in env.items() if key in _PASSED or key.upper().startswith(_PASSED_OF_UV)}
    try:
        done = subprocess.run(
            [uv, "lock", "--project", str(folder)],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False, env=kept, cwd=folder,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigError(
            f"{name}: uv lock did not end well ({type(error).__name__}). Nothing was installed."
        ) from error
    if done.returncode:
        said = done.stderr[-2000:].decode(errors="replace").strip().splitlines()
        why = visible_line(said[-1].strip()[:300]) if said else f"exit code {done.returncode}"
        raise ConfigError(f"{name}: uv cannot fix its versions: {why}. Nothing was installed.")
