"""Runs git so that the repository can make it run, fetch, lock or write nothing. Must not know what for.

What a repository's own settings could start is switched off by name for every call. What git has no switch for (content
filters, what submodules say) is up to the arguments of the call.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from coder.core.programs import program_folders

SECONDS = 5.0
"""A git that takes longer is done without, where nobody waits for it."""

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


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is git's exit code, None when it did not come to one: missing, too slow, or more than was wanted."""

    code: int | None
    out: bytes = b""
    err: bytes = b""

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")

    @property
    def problem(self) -> str:
        """The first line of what git said went wrong, without its prefix; "" when it said nothing."""
        lines = self.err.decode("utf-8", "replace").strip().splitlines()
        return next((line.removeprefix("fatal: ").removeprefix("error: ") for line in lines if line), "")


_MISSING = Answer(None, err=b"git is not installed, or cannot be started")
_SLOW = Answer(None, err=b"git took too long")
_LARGE = Answer(None, err=b"git had more to say than is taken")


class Git:
    """The git of the person's PATH, never one of `roots`. When it is missing, or too slow once, it is done without:
    `run` then returns None."""

    def __init__(self, env: Mapping[str, str], roots: Iterable[Path], seconds: float = SECONDS) -> None:
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
        answer = self.answer(folder, *arguments, stdin=stdin, most=most)
        if answer is _SLOW:
            self._program = None
        return answer.out if answer.ok else None

    def answer(
        self,
        folder: Path,
        *arguments: str,
        stdin: bytes = b"",
        most: int | None = None,
        seconds: float | None = None,
        settings: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """What it says and how it ends. `seconds` instead of the usual ones; `settings` (`name=value`) come behind ours
        and override them, `env` is added to its environment. Blocks; never raises."""
        process = self.start(folder, *arguments, settings=settings, env=env, hears=True)
        if process is None:
            return _MISSING
        try:
            out, err = process.communicate(stdin, timeout=self._seconds if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            self.end(process)
            return _SLOW
        except BaseException:
            self.end(process)
            raise
        if most is not None and len(out) > most:
            return _LARGE
        return Answer(process.returncode, out, err)

    async def asked(
        self,
        folder: Path,
        *arguments: str,
        stdin: bytes = b"",
        most: int | None = None,
        seconds: float | None = None,
        settings: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> Answer:
        """As `answer`, beside the event loop. A cancelled caller ends git and all it started first."""
        process = self.start(folder, *arguments, settings=settings, env=env, hears=True)
        if process is None:
            return _MISSING
        limit = self._seconds if seconds is None else seconds
        work = asyncio.ensure_future(asyncio.to_thread(process.communicate, stdin))
        try:
            async with asyncio.timeout(limit):
                out, err = await asyncio.shield(work)
        except TimeoutError:
            await self._stopped(process, work)
            return _SLOW
        except asyncio.CancelledError:
            await self._stopped(process, work)
            raise
        if most is not None and len(out) > most:
            return _LARGE
        return Answer(process.returncode, out, err)

    def start(
        self,
        folder: Path,
        *arguments: str,
        settings: Iterable[str] = (),
        env: Mapping[str, str] | None = None,
        hears: bool = False,
    ) -> subprocess.Popen[bytes] | None:
        """A git that is talked with, in a process group of its own; None when there is none. With `hears` what it says
        of errors can be read as well."""
        if self._program is None:
            return None
        given = (part for setting in (*_SETTINGS, *settings) for part in ("-c", setting))
        argv = [self._program, "--no-pager", *given, "-C", str(folder), *arguments]
        try:
            return subprocess.Popen(
                argv,
                env={**self._env, **env} if env else self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if hears else subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError):
            return None

    def end(self, process: subprocess.Popen[bytes], *, given_up: bool = False) -> None:
        """Ends one that was started. `given_up`: it was too slow, and is done without from now on."""
        if given_up:
            self._program = None
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        process.wait()

    async def _stopped(self, process: subprocess.Popen[bytes], work: asyncio.Future[tuple[bytes, bytes]]) -> None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        await asyncio.wait([work])  # the thread reads to the end of the pipes, and reaps it
        if not work.cancelled():
            work.exception()
