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
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.programs import program_folders
from coder.git.talk import Cut, Talk

SECONDS = 5.0
"""A git that takes longer is done without, where nobody waits for it."""

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.pager=cat",
    "core.quotePath=false",
    "protocol.allow=never",
    "safe.bareRepository=explicit",  # files that look like a repository without a work tree are no repository
    "status.submoduleSummary=false",
    "diff.orderFile=/dev/null",  # each would be read wherever it points to
    "mailmap.file=/dev/null",
    "mailmap.blob=",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",
)


_MOST = 256 << 20  # bytes that are taken where nobody says how many
_MISSING_TEXT = b"git is not installed, or cannot be started"
_CUT_TEXTS = {"slow": b"git took too long", "large": b"git had more to say than is taken"}


@dataclass(frozen=True, slots=True)
class Answer:
    """`code` is git's exit code, None when it did not come to one: missing, or ended by us. Why is `cut`, and `out` is
    then how far it had come."""

    code: int | None
    out: bytes = b""
    err: bytes = b""
    cut: Cut = ""

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", "replace")

    @property
    def problem(self) -> str:
        """The line in which git says what went wrong, without its prefix; "" when it said nothing."""
        lines = [line for line in self.err.decode("utf-8", "replace").strip().splitlines() if line]
        for kind in ("fatal: ", "error: "):
            for line in lines:
                if line.startswith(kind):
                    return line.removeprefix(kind)
        return lines[0] if lines else ""


_MISSING = Answer(None, err=_MISSING_TEXT)


class Git:
    """The git of the person's PATH, never one of `roots`. When it is missing, or too slow once, it is done without:
    `run` then returns None."""

    def __init__(self, env: Mapping[str, str], roots: Iterable[Path], seconds: float = SECONDS) -> None:
        path = os.pathsep.join(program_folders(env, roots)) or os.devnull
        self._program = shutil.which("git", path=path)
        self._seconds = seconds
        self._env = {name: value for name, value in env.items() if not name.startswith("GIT_")}
        self._env |= {
            "PATH": path,  # of the person's own filters, which git starts
            "GIT_ALLOW_PROTOCOL": "none",  # whatever `protocol.*.allow` of the repository says
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
        if answer.cut == "slow":
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
        env: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """What it says and how it ends; it is ended after `most` bytes, or `seconds` instead of the usual ones.
        `settings` (`name=value`) come behind ours and override them, `env` is added to its environment, or taken away
        where it says None. Blocks; never raises."""
        process = self.start(folder, *arguments, settings=settings, env=env, hears=True)
        if process is None:
            return _MISSING
        talk = self._talk(process, stdin, most, seconds)
        return _answer(process, talk, talk.hold())

    async def asked(
        self,
        folder: Path,
        *arguments: str,
        stdin: bytes = b"",
        most: int | None = None,
        seconds: float | None = None,
        settings: Iterable[str] = (),
        env: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """As `answer`, beside the event loop. A cancelled caller ends git and all it started first."""
        process = self.start(folder, *arguments, settings=settings, env=env, hears=True)
        if process is None:
            return _MISSING
        talk = self._talk(process, stdin, most, seconds)
        # No task: those are cancelled when a loop ends, and then nobody would wait for git.
        work = asyncio.get_running_loop().run_in_executor(None, talk.hold)
        try:
            cut = await asyncio.shield(work)
        except asyncio.CancelledError:
            talk.stop()
            await asyncio.wait([work])
            raise
        return _answer(process, talk, cut)

    def start(
        self,
        folder: Path,
        *arguments: str,
        settings: Iterable[str] = (),
        env: Mapping[str, str | None] | None = None,
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
                env=self._added(env) if env else self._env,
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

    def _added(self, env: Mapping[str, str | None]) -> dict[str, str]:
        return {name: value for name, value in {**self._env, **env}.items() if value is not None}

    def _talk(self, process: subprocess.Popen[bytes], stdin: bytes, most: int | None, seconds: float | None) -> Talk:
        return Talk(process, stdin, _MOST if most is None else most, self._seconds if seconds is None else seconds)


def _answer(process: subprocess.Popen[bytes], talk: Talk, cut: Cut) -> Answer:
    if cut:
        return Answer(None, talk.out, _CUT_TEXTS[cut], cut)
    return Answer(process.returncode, talk.out, talk.err)
