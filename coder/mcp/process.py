"""The process of a server: started with what it may know, and ended with all its group. Must not know what it says.

It leads a session and a group of its own. Its end is seen by the event loop, never by the end of a pipe: what it left
running may keep that open.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, SubprocessStreamProtocol
from collections.abc import Callable, Mapping
from contextlib import suppress

from coder.core.programs import absolute_folders
from coder.mcp.place import Place
from coder.mcp.server import Stdio

_REAP = 1.0
_LIMIT = 1 << 16
# What every program needs, and the library gives too.
_SHARED = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")


def environment(transport: Stdio, env: Mapping[str, str]) -> dict[str, str]:
    given = {name: env[name] for name in _SHARED if name in env and not env[name].startswith("()")}
    # A relative folder would make `node` whatever the folder at hand calls so.
    given["PATH"] = os.pathsep.join(absolute_folders(env)) or os.defpath
    return {**given, **transport.env}


class Process:
    """Made by `launch`; `end` must follow."""

    def __init__(self, transport: asyncio.SubprocessTransport, protocol: _Watched, place: Place) -> None:
        self._transport, self._protocol, self._place = transport, protocol, place
        self.pid = transport.get_pid()
        place.mind(self.pid, True)
        if protocol.exited.is_set():  # quicker than we are
            self._over()
        else:
            protocol.on_exit = self._over

    @classmethod
    async def launch(cls, transport: Stdio, place: Place) -> Process:
        """Raises OSError, and ValueError for what no system call takes."""
        loop = asyncio.get_running_loop()
        made, protocol = await loop.subprocess_exec(
            lambda: _Watched(loop),
            transport.command,
            *transport.args,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=transport.cwd or place.cwd,
            env={**environment(transport, place.env), **place.marks()},
            start_new_session=True,
        )
        return cls(made, protocol, place)

    @property
    def stdout(self) -> asyncio.StreamReader:
        assert self._protocol.stdout is not None
        return self._protocol.stdout

    @property
    def stderr(self) -> asyncio.StreamReader:
        assert self._protocol.stderr is not None
        return self._protocol.stderr

    @property
    def exited(self) -> asyncio.Event:
        return self._protocol.exited

    @property
    def code(self) -> int | None:
        return self._transport.get_returncode()

    async def send(self, data: bytes) -> None:
        """Raises OSError when it does not listen any more."""
        stdin = self._protocol.stdin
        assert stdin is not None
        stdin.write(data)
        await stdin.drain()

    def hush(self) -> None:
        """Ends its input, which asks it to go."""
        if self._protocol.stdin is not None:
            with suppress(OSError):
                self._protocol.stdin.close()

    async def end(self, polite: float) -> None:
        """Input ended, SIGTERM, SIGKILL: the first as long before the second as said. When cancelled, SIGKILL comes at
        once."""
        try:
            self.hush()
            if not await self._gone(polite):
                self._signal(signal.SIGTERM)
                self._signal(signal.SIGCONT)
                await self._gone(self._place.grace / 2)
        finally:
            self.kill()
        await self._gone(_REAP)

    def kill(self) -> None:
        """SIGKILL to whatever of the group is left, and the pipes let go."""
        self._signal(signal.SIGKILL)
        with suppress(PermissionError, ProcessLookupError):
            self._transport.close()

    async def _gone(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.exited.wait()
        return self.exited.is_set()

    def _signal(self, number: signal.Signals) -> None:
        # Once it was reaped its number may be a stranger's.
        if not self.exited.is_set():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _over(self) -> None:
        # It has been reaped just now: as long as something of its group lives, the number is taken by that group.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._place.mind(self.pid, False)


class _Watched(SubprocessStreamProtocol):
    """The streams of the child, and word of its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=_LIMIT, loop=loop)
        self.exited = asyncio.Event()
        self.on_exit: Callable[[], None] = lambda: None

    def process_exited(self) -> None:
        super().process_exited()
        if not self.exited.is_set():
            self.exited.set()
            self.on_exit()
