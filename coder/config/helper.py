"""Runs the person's own command that prints an API key. Must not know settings or environment variables."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from coder.core.errors import ConfigError

TIMEOUT = 30.0  # seconds


def key_from(command: str, origin: str, cwd: Path, env: Mapping[str, str], timeout: float = TIMEOUT) -> str:
    """What `command` prints, trimmed. Blocks until it ends; kills it and what it started after `timeout` seconds.

    Raises ConfigError when it fails, prints nothing, or prints what cannot be a key. Its output is never shown.
    """
    name = f"The apiKeyHelper of {origin}"
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise ConfigError(f"{name} could not be started: {error.strerror}.") from error
    with process:
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise ConfigError(f"{name} did not end within {timeout:g} seconds.") from error
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
    if process.returncode != 0:
        raise ConfigError(f"{name} failed with exit code {process.returncode}. Run it by hand to see why.")
    key = output.decode("utf-8", "replace").strip()
    if not key:
        raise ConfigError(f"{name} printed nothing. It must print the key.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError(f"{name} printed something that is not a key. It must print the key and nothing else.")
    return key
