"""Runs a hook that is a command. Must not know what it means by what it prints, nor the other hooks.

A hook that says `{"async": true}` first goes on in the background: `Going` is what is left to be waited for.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.hooks.child import Child, Launch, Mind, unminded
from coder.hooks.environment import environment_of, filled, filled_line
from coder.hooks.handler import Handler
from coder.hooks.outcome import Ended
from coder.hooks.points import Point
from coder.hooks.surroundings import Surroundings

_ANNOUNCED_WITHIN = 4096  # bytes
_SHELLS = {"": ("/bin/sh",), "bash": ("bash",), "powershell": ("pwsh", "powershell")}
_WHY = {
    "FileNotFoundError": "it is not there. Check its path",
    "PermissionError": "it may not be run. Make it executable: chmod +x",
}


class NotStarted(Exception):
    """Why a command could not be started, for people."""


@dataclass(slots=True, eq=False)
class Going:
    """A command that was started. `timeout` counts from then on."""

    child: Child
    began: float
    timeout: float

    async def finished(self) -> Ended:
        """Waits for its end; ends it when its time is up. Cancelled, it ends it at once. Closes it in any case."""
        loop = asyncio.get_running_loop()
        try:
            try:
                async with asyncio.timeout_at(self.began + self.timeout):
                    await self.child.ended()
            except TimeoutError:
                await self.child.end()
                return self._ended(loop.time(), f"took longer than {self.timeout:g} s and was ended", timed_out=True)
            return self._ended(loop.time())
        finally:
            self.child.kill()
            self.child.close()

    def _ended(self, now: float, problem: str = "", *, timed_out: bool = False) -> Ended:
        return Ended(
            None if timed_out else self.child.code,
            self.child.out.text,
            self.child.err.text,
            seconds=now - self.began,
            problem=problem,
            timed_out=timed_out,
        )


class Command:
    """One command, started by `start`."""

    def __init__(self, handler: Handler, point: Point, surroundings: Surroundings, mind: Mind = unminded) -> None:
        self._handler, self._point, self._surroundings, self._mind = handler, point, surroundings, mind
        self._announced = asyncio.Event()
        self.async_timeout: float | None = None  # seconds, when it said so

    def start(self, given: bytes, cwd: str, timeout: float) -> Going:
        """Raises NotStarted."""
        env = environment_of(self._handler, self._point, self._surroundings)
        argv = self._argv(env)
        try:
            folder = cwd if Path(cwd).is_dir() else str(self._surroundings.project)
            is_shell = self._handler.args is None and self._handler.shell != "powershell"
            child = Child(Launch(argv, folder, env, given, is_shell), self._heard, self._mind)
        except OSError as error:
            why = _WHY.get(type(error).__name__, error.strerror or str(error))
            raise NotStarted(
                f"{visible_line(str(error.filename or argv[0]))[:200]} cannot be started: {why}"
            ) from error
        except ValueError as error:
            raise NotStarted(f"it cannot be started: {error}") from error
        return Going(child, asyncio.get_running_loop().time(), timeout)

    async def answered(self, going: Going) -> Ended | asyncio.Future[Ended]:
        """How it ended; or, once it has said that it goes on in the background, how it will have."""
        finishing = asyncio.ensure_future(going.finished())
        announcing = asyncio.ensure_future(self._announced.wait())
        try:
            await asyncio.wait((finishing, announcing), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _cancelled(finishing)
            raise
        finally:
            announcing.cancel()
        return finishing.result() if finishing.done() else finishing

    def _argv(self, env: Mapping[str, str]) -> list[str]:
        handler = self._handler
        if handler.args is not None:
            return [filled(word, handler, self._surroundings) for word in (handler.what, *handler.args)]
        line = filled_line(handler.what, handler, self._surroundings)
        for name in _SHELLS[handler.shell]:
            if (found := shutil.which(name, path=env["PATH"])) is not None:
                return [found, "-Command" if handler.shell == "powershell" else "-c", line]
        raise NotStarted(f"its shell {_SHELLS[handler.shell][0]} is not installed")

    def _heard(self, kept: bytes) -> None:
        if self._announced.is_set() or len(kept) > _ANNOUNCED_WITHIN or b"async" not in kept:
            return
        with suppress(ValueError, RecursionError):
            first = json.loads(kept.lstrip().partition(b"\n")[0])
            if isinstance(first, dict) and first.get("async") is True:
                self.async_timeout = _seconds(first.get("asyncTimeout"))
                self._announced.set()


def _seconds(milliseconds: object) -> float | None:
    if not isinstance(milliseconds, int | float) or isinstance(milliseconds, bool) or not milliseconds > 0:
        return None
    return milliseconds / 1000


async def _cancelled(task: asyncio.Future[Ended]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
