"""Runs git as the person would, with their settings, their hooks and their key: for what changes a repository.

Whoever calls it has seen to it that nothing runs which the person does not trust. Must not know what for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from coder.core.dataclass import dataclass
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
        argv = (self._program, "--no-pager", "-C", str(folder), *arguments)
        with _Heard() as heard:
            try:
                process = await _started(argv, {**self._env, **(env or {})}, stdin, heard)
            except (OSError, ValueError) as error:
                return Done(None, f"git could not be started: {error}")
            self._mind(process.pid, True)
            late = False
            try:
                async with asyncio.timeout(seconds):
                    await process.wait()
            except TimeoutError:
                late = True
            finally:
                if process.returncode is None:
                    await asyncio.shield(_end(process))
                self._mind(process.pid, False)
            await heard.rest()
            return Done(None if late else process.returncode, heard.text, late)


async def _started(
    argv: tuple[str, ...], env: Mapping[str, str], stdin: bytes, heard: _Heard
) -> asyncio.subprocess.Process:
    with tempfile.TemporaryFile() as given:
        given.write(stdin)
        given.seek(0)
        return await asyncio.create_subprocess_exec(
            *map(os.fsencode, argv),
            stdin=given,
            stdout=heard.end,
            stderr=heard.end,
            env=env,
            start_new_session=True,
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """git first, in order; then whatever of its group has outlived it."""
    for number, seconds in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, None)):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(process.wait())


class _Heard:
    """A pipe that is listened to, bounded. What was started may hold its other end for longer than we listen."""

    def __init__(self) -> None:
        self._from, self.end = os.pipe()
        os.set_blocking(self._from, False)
        self._head, self._tail, self._left = bytearray(), bytearray(), 0
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> _Heard:
        self._loop.add_reader(self._from, self._hear)
        return self

    def __exit__(self, *why: object) -> None:
        self._loop.remove_reader(self._from)
        self._let_go()
        os.close(self._from)

    async def rest(self) -> None:
        """What is still on its way, once the process has ended."""
        self._let_go()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self._ended.wait()

    @property
    def text(self) -> str:
        gap = f"\n[{self._left:,} bytes are left out]\n".encode() if self._left else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode("utf-8", "replace").strip()

    def _let_go(self) -> None:
        if self.end >= 0:
            os.close(self.end)
            self.end = -1

    def _hear(self) -> None:
        try:
            piece = os.read(self._from, 1 << 16)
        except BlockingIOError:
            return
        if not piece:
            self._loop.remove_reader(self._from)
            self._ended.set()
        room = _HEAD - len(self._head)
        self._head += piece[:room]
        self._tail += piece[room:]
        over = len(self._tail) - _TAIL
        if over > 0:
            self._left += over
            del self._tail[:over]
