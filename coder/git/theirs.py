"""Runs git as the person would, with their settings, their hooks and their key: for what changes a repository.

Whoever calls it has seen to it that nothing runs which the person does not trust. Must not know what for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from coder.core.programs import program_folders

_HEAD, _TAIL = 16 << 10, 48 << 10  # bytes that are kept of what it prints
_GRACE = 3.0  # seconds in which git takes its locks away
_LAST_WORDS = 0.5  # seconds for what is still in the pipe, when something it started holds the other end
# What says which repository it is, which the folder alone is to say.
_PLACES = frozenset(
    (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"),
        *("GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_QUARANTINE_PATH"),
        *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
    )
)


@dataclass(frozen=True, slots=True)
class Done:
    """`code` is None when it was ended for being too slow, or could not be started. `said` is all it printed, in order,
    bounded."""

    code: int | None
    said: str = ""
    is_late: bool = False

    @property
    def ok(self) -> bool:
        return self.code == 0


def _nobody(group: int, begins: bool) -> None:
    pass


class TheirGit:
    """The git of the person's PATH, never one of `roots`. `env` is what commands of the session are given, which has no
    key of ours. `mind` is told of each process group, which is to end with us."""

    def __init__(
        self, env: Mapping[str, str], roots: Iterable[Path], mind: Callable[[int, bool], None] = _nobody
    ) -> None:
        self._program = shutil.which("git", path=os.pathsep.join(program_folders(env, roots)) or os.devnull)
        self._env = {name: value for name, value in env.items() if name not in _PLACES}
        self._mind = mind

    async def run(
        self,
        folder: Path,
        *arguments: str,
        stdin: bytes = b"",
        seconds: float,
        env: Mapping[str, str] | None = None,
    ) -> Done:
        """Runs it to its end, in a process group of its own without a terminal. When it is too slow, or the caller is
        cancelled, git is asked to end, so that it takes its locks away, and then all it started is ended."""
        if self._program is None:
            return Done(None, "git is not installed, or cannot be started")
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *map(os.fsencode, ("--no-pager", "-C", str(folder), *arguments)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**self._env, **(env or {})},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return Done(None, f"git could not be started: {error}")
        self._mind(process.pid, True)
        kept = _Kept()
        reading = asyncio.ensure_future(_talk(process, stdin, kept))
        late = False
        try:
            async with asyncio.timeout(seconds):
                await process.wait()
        except TimeoutError:
            late = True
        finally:
            if process.returncode is None:
                await _end(process)
            await asyncio.wait([reading], timeout=_LAST_WORDS)
            reading.cancel()
            self._mind(process.pid, False)
        return Done(None if late else process.returncode, kept.text, late)


async def _talk(process: asyncio.subprocess.Process, stdin: bytes, kept: _Kept) -> None:
    assert process.stdin is not None and process.stdout is not None
    writing = asyncio.ensure_future(_say(process.stdin, stdin))
    try:
        while piece := await process.stdout.read(1 << 16):
            kept.add(piece)
        await writing
    finally:
        writing.cancel()


async def _say(pipe: asyncio.StreamWriter, data: bytes) -> None:
    with suppress(OSError):
        pipe.write(data)
        await pipe.drain()
    pipe.close()


async def _end(process: asyncio.subprocess.Process) -> None:
    for number, seconds in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(process.wait())
    with suppress(OSError):  # what it started may have outlived it
        os.killpg(process.pid, signal.SIGKILL)


class _Kept:
    def __init__(self) -> None:
        self._head, self._tail, self._left = bytearray(), bytearray(), 0

    def add(self, piece: bytes) -> None:
        room = _HEAD - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        over = len(self._tail) - _TAIL
        if over > 0:
            self._left += over
            del self._tail[:over]

    @property
    def text(self) -> str:
        gap = f"\n[{self._left:,} bytes are left out]\n".encode() if self._left else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode("utf-8", "replace").strip()
