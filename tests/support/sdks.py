"""The TypeScript agent SDK as its makers publish it: fetched once into a folder of its own, never changed.

The folder is $CODER_SDKS, or one that is gone after the run. What is fetched is pinned to the edition that
docs/sdk_matrix.md was checked against; with CODER_SDKS_NEWEST=1 it is the newest. A test is skipped where no index
answers. The Python SDK is a package of the development environment, so its callbacks are plain functions of a test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NAME, VERSION = "@anthropic-ai/claude-agent-sdk", "0.3.332"
_LONG = 400  # seconds for the installation


@contextmanager
def node_sdk() -> Iterator[Path]:
    """The folder of the package, in the `node_modules` that holds what it needs."""
    kept = os.environ.get("CODER_SDKS")
    if kept:
        yield _sdk(Path(kept).absolute())
        return
    with tempfile.TemporaryDirectory(prefix="coder-sdks-", ignore_cleanup_errors=True) as folder:
        yield _sdk(Path(folder))


def program_in(folder: Path) -> Path:
    """One file that runs this coder, as an installation has it."""
    at = folder / "coder"
    at.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m coder "$@"\n')
    at.chmod(0o700)
    return at


def fetched(into: Path, *named: str) -> Path:
    """The `node_modules` with these packages in a folder of their own."""
    _program("node")
    done = into / ".fetched"
    if not done.exists():
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        quiet = ["--omit=optional", "--no-audit", "--no-fund", "--ignore-scripts"]
        _run([_program("npm"), "install", *quiet, "--prefix", str(into), *named])
        done.touch()
    return into / "node_modules"


def _sdk(into: Path) -> Path:
    """Without the program of another maker that the package would bring: it is ours that is driven."""
    return fetched(into, NAME if os.environ.get("CODER_SDKS_NEWEST") else f"{NAME}@{VERSION}") / NAME


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_LONG)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-3:]
        pytest.skip(f"cannot be fetched: {command[-1]}: {said}")
