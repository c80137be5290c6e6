"""What of a workflow's run is known for good: a line for each result, so that another process can go on with it.

Must not know steps, or what a result means.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from coder.core.errors import SessionError
from coder.core.locks import lock
from coder.core.messages import Json
from coder.core.private import made_private
from coder.workflows.running.past import Past, read

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Journal:
    """Open for one run at a time, in one process. What cannot be written is said once through `warn`, and the run goes
    on: what is lost by that is only that it is known to be done."""

    def __init__(self, path: Path, descriptor: int, past: Past | None, warn: Callable[[str], None]) -> None:
        self.path = path
        self.past = past
        self._descriptor = descriptor
        self._warn = warn
        self._has_warned = False
        self._needs_line_end = not _ends_a_line(descriptor)
        self._kept = dict(past.kept) if past is not None else {}
        self._again = dict(past.again) if past is not None else {}
        self._began = time.monotonic()
        self._writing = threading.Lock()

    @classmethod
    def open(cls, path: Path, warn: Callable[[str], None] = lambda text: None) -> Journal:
        """A new one, or the one that is there. Blocks while it reads. Raises SessionError: it cannot be made or read,
        or another process has it open."""
        try:
            made_private(path.parent)
            descriptor = os.open(path, _FLAGS, 0o600)
        except OSError as error:
            raise SessionError(f"The workflow's results cannot be kept: {path}: {error.strerror}.") from error
        try:
            _claim(descriptor, path)
            return cls(path, descriptor, read(path), warn)
        except BaseException:
            os.close(descriptor)
            raise

    def kept(self, key: str) -> Json | None:
        """The result that is there under a key."""
        return self._kept.get(key)

    def generation(self, place: str) -> int:
        """How often what was done at a place was given up."""
        return self._again.get(place, 0)

    async def keep(self, key: str, result: Json) -> None:
        """Returns when the result outlives the machine. Cancelled, it is written all the same."""
        self._kept[key] = result
        await self._write({"type": "result", "key": key, **result})

    async def begins(self, workflow: str, digest: str, arguments: Mapping[str, str]) -> None:
        """This process begins the run, or goes on with it."""
        about = {"workflow": workflow, "digest": digest, "arguments": dict(arguments)}
        await self._write({"type": "run", **about, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})

    async def asks(self, key: str) -> None:
        """An agent is begun, whose result will have this key."""
        await self._write({"type": "asked", "key": key})

    async def gives_up(self, place: str) -> None:
        """What was done at a place is to be done anew."""
        self._again[place] = self.generation(place) + 1
        await self._write({"type": "again", "place": place})

    async def ends(self, state: str, places: Sequence[str] = (), why: str = "") -> None:
        """`places` are where it stopped."""
        await self._write({"type": "end", "state": state, "places": list(places), "why": why})

    def close(self) -> None:
        """Idempotent."""
        with self._writing:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    async def _write(self, record: Json) -> None:
        timed = {**record, "seconds": round(time.monotonic() - self._began, 3)}
        data = json.dumps(timed, separators=(",", ":"), default=str).encode("ascii")
        writing = asyncio.ensure_future(asyncio.to_thread(self._append, data))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait({writing})
            raise

    def _append(self, data: bytes) -> None:
        with self._writing:
            if self._descriptor < 0:
                return
            line = (b"\n" if self._needs_line_end else b"") + data + b"\n"
            self._needs_line_end = True  # until all of it is there
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
                self._needs_line_end = False
                os.fsync(self._descriptor)
            except OSError as error:
                self._say(error)

    def _say(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            self._warn(
                f"The workflow's results cannot be stored in {self.path}: {error.strerror}. It goes on; if it is cut "
                "off, what was done since is done again."
            )


def _claim(descriptor: int, path: Path) -> None:
    try:
        lock(descriptor)
    except BlockingIOError as error:
        raise SessionError(
            f"The workflow run {path.stem} is under way in another process. Wait for its end, or stop it there."
        ) from error


def _ends_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"
