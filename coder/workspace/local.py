"""The machine coder runs on, as a workspace: its files and its shell. Must not know tools or permissions."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import ParamSpec, TypeVar

from coder.core import nofollow
from coder.core.private import made_private
from coder.core.workspace import Process
from coder.workspace.atomic import replace_file
from coder.workspace.capture import Capture
from coder.workspace.family import MARKER, Family
from coder.workspace.process import Launch, LocalProcess
from coder.workspace.shell import Shell, child_environment, find_shell
from coder.workspace.watchdog import Watchdog

P = ParamSpec("P")
T = TypeVar("T")

_STRAY_GRACE = 0.5


class LocalWorkspace:
    """Implements `coder.core.workspace.Workspace`. Processes belong to the event loop they were started in."""

    def __init__(
        self,
        cwd: Path,
        roots: Sequence[Path] = (),
        env: Mapping[str, str] | None = None,
        *,
        shell: Path | None = None,
    ) -> None:
        """`roots` are the added directories (`cwd` is always the first root); `env` is what children start from,
        the process's own when None; `shell` overrides the search for bash. All paths are absolute."""
        self._cwd = cwd
        self._roots = tuple(dict.fromkeys((cwd, *roots)))
        self._env = self._own_env = dict(os.environ if env is None else env)
        self._shell = Shell(shell) if shell is not None else None
        self._token = os.urandom(8).hex()
        self._count = 0
        self._processes: set[LocalProcess] = set()
        self._watchdog: Watchdog | None = None

    @property
    def cwd(self) -> Path:
        return self._cwd

    @property
    def roots(self) -> tuple[Path, ...]:
        return self._roots

    def work_in(self, folder: Path) -> None:
        """One more root."""
        self._roots = tuple(dict.fromkeys((*self._roots, folder)))

    def leave(self, folder: Path) -> None:
        """No root any more; the first one stays."""
        first, *rest = self._roots
        self._roots = (first, *(root for root in rest if root != folder))

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment variables that commands are given."""
        return child_environment(self._env, self._cwd)

    def export(self, variables: Mapping[str, str]) -> None:
        """Commands are given these variables too from now on, and none of those that were said here before."""
        self._env = {**self._own_env, **variables}

    @property
    def is_busy(self) -> bool:
        """Whether a command that was started here, or anything it left running, still runs."""
        return any(not process.is_over for process in self._processes)

    def resolve(self, path: str) -> Path:
        if path == "~" or path.startswith("~/"):
            path = self._env.get("HOME", "~") + path[1:]
        absolute = os.path.normpath(self._cwd / path)
        return Path("/" + absolute.lstrip("/"))

    def chdir(self, path: Path) -> None:
        self._cwd = path

    async def read(self, path: Path) -> bytes:
        return await asyncio.to_thread(_read_file, path)

    async def open(self, path: Path) -> BufferedReader:
        return await asyncio.to_thread(_open_file, path)

    async def write(self, path: Path, data: bytes) -> None:
        await _to_the_end(replace_file, path, data)

    async def start(
        self, command: str, *, spill: Path, env: Mapping[str, str] | None = None, live: bool = False
    ) -> Process:
        if self._shell is None:
            self._shell = find_shell(self._env, self.roots)
        self._count += 1
        marker = f"{self._token}.{self._count}"
        report = spill.with_name(f".{marker}.cwd")
        launch = Launch(
            argv=self._shell.argv(command, self._cwd, report),
            cwd=self._cwd,
            env={**child_environment(self._env, self._cwd), **(env or {}), MARKER: marker},
            report=report,
            marker=marker,
        )
        _make_folder(spill.parent)
        watchdog = self.guard()  # before the shell: a command may kill coder at once
        process = LocalProcess.launch(launch, Capture(spill, live=live), live=live)
        self._processes = {other for other in self._processes if not other.is_over} | {process}
        watchdog.began(process.pid)
        process.when_over(self._over)
        return process

    def mind(self, group: int, begins: bool) -> None:
        """A process group that somebody else started, and that is to end with coder should it be killed: told when it
        begins, and once its leader has ended."""
        if begins:
            self.guard().began(group)
        elif self._watchdog is not None:
            self._watchdog.ended(group)

    def marks(self) -> Mapping[str, str]:
        """What is to stand in the environment of such a group, so that it is found before it was told of, and so are
        those who left it."""
        self.guard()
        return {MARKER: f"{self._token}.0"}  # the commands begin with 1

    def guard(self) -> Watchdog:
        """Whoever ends processes should coder be killed: there before any of them is."""
        if self._watchdog is None:
            self._watchdog = Watchdog(self._token)
        return self._watchdog

    def _over(self, process: LocalProcess) -> None:
        if process.family.leader is None and self._watchdog is not None:
            self._watchdog.ended(process.pid)

    async def aclose(self) -> None:
        if self._watchdog is None:
            return
        strays = Family(f"{self._token}.")
        processes, self._processes = self._processes, set()
        try:
            async with asyncio.TaskGroup() as group:
                for process in processes:
                    group.create_task(process.kill())
            await strays.end(_STRAY_GRACE)
        finally:
            strays.kill()
            for process in processes:
                process.close()
            self._watchdog.close()
            self._watchdog = None


def _read_file(path: Path) -> bytes:
    with _open_file(path) as file:
        return file.read()


def _open_file(path: Path) -> BufferedReader:
    descriptor = nofollow.open_file(path)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _make_folder(folder: Path) -> None:
    """Where the shell reports to and output spills. Without it commands still run."""
    try:
        made_private(folder)
    except OSError:
        return


async def _to_the_end(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Like `asyncio.to_thread`, but a cancelled caller goes on only when the thread is done: nothing happens behind
    the back of whoever interrupted."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args, **kwargs))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if work.done() and not work.cancelled():
            work.exception()
        raise
