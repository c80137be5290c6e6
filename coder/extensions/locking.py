"""Fixes the versions that a uv extension is made of, where its maker has not, and gets them. Only after consent."""

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
_PASSED = (
    "HOME",
    "LANG",
    "PATH",
    "PYTHONDONTWRITEBYTECODE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
)
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
    said = _run([uv, "lock", "--project", str(folder)], folder, env)
    if said:
        raise ConfigError(f"{name}: uv cannot fix its versions: {said}. Nothing was installed.")


def fetch(manifest: Manifest, folder: Path, venv: Path, env: Mapping[str, str]) -> str:
    """Gets the packages of a uv extension into `venv`, with the person's network and certificates, which no server is
    given. Returns what went wrong, "" for nothing: then its first start has to do it."""
    uv = find_program("uv", env)
    if manifest.server.type != "uv" or not uv:
        return ""
    into = {"UV_PROJECT_ENVIRONMENT": str(venv), "PYTHONDONTWRITEBYTECODE": "1"}
    said = _run([uv, "sync", "--frozen", "--project", str(folder)], folder, {**env, **into})
    return f"its packages are not there yet; its first start will try again: {said}" if said else ""


def _run(argv: list[str], folder: Path, env: Mapping[str, str]) -> str:
    """Why it failed; "" when it did not."""
    kept = {key: text for key, text in env.items() if key in _PASSED or key.upper().startswith(_PASSED_OF_UV)}
    try:
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False, env=kept, cwd=folder
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {_PATIENCE:g} seconds"
    except OSError as error:
        return f"it did not start: {error.strerror}"
    if not done.returncode:
        return ""
    lines = [line.strip() for line in done.stderr[-4000:].decode(errors="replace").splitlines() if line.strip()]
    telling = next((line for line in lines if line.startswith(("error:", "×"))), lines[-1] if lines else "")
    return visible_line(telling[:300]) or f"exit code {done.returncode}"
