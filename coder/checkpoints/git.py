"""Runs git so that the repository can make it run, fetch, lock or write nothing. Must not know what for."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from coder.checkpoints.limits import GIT_SECONDS
from coder.core.programs import program_folders

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.pager=cat",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
)


class Git:
    """The git of the person's PATH, never one of `roots`. When it is missing, or too slow once, it is done without:
    `run` then returns None."""

    def __init__(self, env: Mapping[str, str], roots: Iterable[Path], seconds: float = GIT_SECONDS) -> None:
        self._program = shutil.which("git", path=os.pathsep.join(program_folders(env, roots)) or os.devnull)
        self._seconds = seconds
        self._env = {name: value for name, value in env.items() if not name.startswith("GIT_")}
        self._env |= {
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "LC_ALL": "C",
        }

    @property
    def environment(self) -> Mapping[str, str]:
        return self._env

    @property
    def is_there(self) -> bool:
        return self._program is not None

    def run(self, folder: Path, *arguments: str, stdin: bytes = b"", most: int | None = None) -> bytes | None:
        """What it prints; None when it fails, is missing or too slow, or prints more than `most` bytes. Blocks."""
        process = self.start(folder, *arguments)
        if process is None:
            return None
        try:
            out, _ = process.communicate(stdin, timeout=self._seconds)
        except subprocess.TimeoutExpired:
            self._program = None
            self.end(process)
            return None
        if process.returncode != 0 or (most is not None and len(out) > most):
            return None
        return out

    def start(self, folder: Path, *arguments: str) -> subprocess.Popen[bytes] | None:
        """A git that is talked with, in a process group of its own; None when there is none."""
        if self._program is None:
            return None
        settings = (part for setting in _SETTINGS for part in ("-c", setting))
        argv = [self._program, "--no-pager", *settings, "-C", str(folder), *arguments]
        try:
            return subprocess.Popen(
                argv,
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError:
            self._program = None
            return None

    def end(self, process: subprocess.Popen[bytes], *, given_up: bool = False) -> None:
        """Ends one that was started. `given_up`: it was too slow, and is done without from now on."""
        if given_up:
            self._program = None
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        process.wait()
