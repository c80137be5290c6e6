"""The examples that the Python SDK publishes with its source, run as they are: each finds `claude` on the PATH, and
that is this coder. Must not know what any of them is about.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import RunningApi

NAME = "claude-agent-sdk"
_LONG = 300  # seconds, for the fetching, and for an example: some of them wait


@dataclass(frozen=True, slots=True)
class Examples:
    """`source` is what is in the archive of the source: without a program, so that the one on the PATH is started."""

    source: Path
    place: Place
    programs: Path

    def run(self, name: str, *arguments: str, api: RunningApi) -> subprocess.CompletedProcess[str]:
        env = self.place.env(api.url)
        paths = {
            "PATH": os.pathsep.join((str(self.programs), env["PATH"])),
            "PYTHONPATH": os.pathsep.join((str(self.source / "src"), env["PYTHONPATH"])),
        }
        return subprocess.run(
            [sys.executable, str(self.source / "examples" / name), *arguments],
            cwd=self.place.project,
            env=env | paths,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=_LONG,
            check=False,
        )


def source_in(folder: Path) -> Path:
    """The source of the edition that is installed, from the package index. The test is skipped where none answers."""
    named = f"{NAME}=={version(NAME)}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        NAME,
        "-d",
        str(folder),
        named,
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_LONG)
    archives = list(folder.glob("*.tar.gz"))
    if done.returncode or not archives:
        pytest.skip(f"cannot be fetched: {named}: {done.stderr.strip().splitlines()[-3:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    (found,) = folder.glob("claude_agent_sdk-*/src")
    return found.parent
