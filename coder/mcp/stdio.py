"""Messages over the standard streams of a process, one a line. Must not know what is said.

Not the library's own: that one cannot bound a line, prints what is no message, and leaves the process behind when coder
is killed.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from coder.mcp.carrier import Trouble
from coder.mcp.garbled import mended, validated
from coder.mcp.library import anyio, mcp_types, message
from coder.mcp.lines import Lines, TooLong, TooMuch
from coder.mcp.place import Place
from coder.mcp.printed import Printed
from coder.mcp.process import Process
from coder.mcp.server import Stdio
from coder.mcp.veil import Veil, one_line

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.shared.message import SessionMessage

    from coder.mcp.carrier import Streams

_Read = TypeVar("_Read")
_CHUNK = 1 << 16
_WAITING = 64  # messages that wait to be taken up
_LARGE = 1 << 20  # bytes from which on a message is parsed beside the loop
_PAUSE = 0.002  # seconds of work on one chunk from which on as long a pause follows it
_LAST_WORDS = 0.2  # seconds for standard error to end after the process did


class StdioCarrier:
    """Implements `coder.mcp.carrier.Carrier`."""

    def __init__(self, transport: Stdio, place: Place, printed: Printed, veil: Veil) -> None:
        self._transport, self._place, self._printed, self._veil = transport, place, printed, veil
        self._process: Process | None = None
        self._pumps: list[asyncio.Task[None]] = []
        self._wrong = ""
        self._spoke = False
        self._code: int | None = None

    @property
    def is_spent(self) -> bool:
        return False

    async def __aenter__(self) -> Streams:
        """Raises OSError, and ValueError for what no system call takes."""
        self._process = process = await Process.launch(self._transport, self._place)
        # Nothing waits between here and the return: a cancellation could leave the process behind.
        heard, self._heard = anyio.create_memory_object_stream["SessionMessage | Exception"](_WAITING)
        self._said, said = anyio.create_memory_object_stream["SessionMessage"](_WAITING)
        self._ends = (heard, said)
        self._pumps = [
            asyncio.create_task(self._listen(process, heard)),
            asyncio.create_task(self._speak(process, said)),
            asyncio.create_task(self._note(process)),
        ]
        return self._heard, self._said

    async def __aexit__(self, *exception: object) -> None:
        process = self._process
        assert process is not None
        _, speaking, noting = self._pumps
        try:
            speaking.cancel()
            # Who never said a word has nothing to finish.
            await process.end(self._place.grace if self._spoke and not self._wrong else 0)
            await asyncio.wait({noting}, timeout=_LAST_WORDS)
        finally:
            process.kill()
            for pump in self._pumps:
                pump.cancel()
            for stream in (*self._ends, self._heard, self._said):
                stream.close()
            self._printed.flush()

    def trouble(self, errors: Sequence[BaseException]) -> Trouble | None:
        if self._process is None:
            return self._not_started(errors)
        if self._wrong:
            return Trouble(self._wrong)
        last = f": {one_line(self._printed.last, self._veil)}" if self._printed.last else ""
        code = self._code
        if code is None:
            return None
        if code < 0:
            return Trouble(f"was ended by {_signal_name(-code)}{last}")
        return Trouble(f"exited with code {code}{last}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _not_started(self, errors: Sequence[BaseException]) -> Trouble | None:
        command = one_line(self._transport.command, self._veil)
        for error in errors:
            if isinstance(error, FileNotFoundError):
                cwd = self._transport.cwd
                missing = cwd if cwd is not None and not cwd.is_dir() else None
                what = f"the folder {missing}" if missing else f"the program {command}"
                return Trouble(f"cannot be started: {what} was not found", "final")
            if isinstance(error, OSError | ValueError):
                why = (error.strerror if isinstance(error, OSError) else None) or str(error)
                return Trouble(f"cannot be started: {command}: {one_line(why, self._veil)}", "final")
        return None

    async def _listen(self, process: Process, heard: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        loop = asyncio.get_running_loop()
        lines = Lines()
        try:
            while chunk := await process.stdout.read(_CHUNK):
                began = loop.time()
                for line in lines.fed(chunk):
                    if (one := await self._parsed(line)) is not None:
                        self._spoke = True
                        await heard.send(one)
                # A server that does nothing but talk gets half of our time at most.
                if (took := loop.time() - began) > _PAUSE:
                    await asyncio.sleep(took)
        except TooMuch as error:
            self._wrong = str(error)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # Nobody takes it up any more. One that cannot write cannot end either.
            while await process.stdout.read(_CHUNK):
                pass
        except OSError:
            pass  # as if it had ended
        # Its output may end a moment before it does, or long before.
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await process.exited.wait()
                await asyncio.wait({self._pumps[2]})
        self._code = process.code
        if self._code is None and not self._wrong:
            self._wrong = "closed its output"
        self._printed.flush()
        heard.close()

    async def _parsed(self, line: bytes | TooLong) -> SessionMessage | None:
        if isinstance(line, TooLong):
            error = mcp_types.ErrorData(code=mcp_types.INTERNAL_ERROR, message=f"its {line}")
            return message.SessionMessage(mcp_types.JSONRPCError(jsonrpc="2.0", id=line.number, error=error))
        if not line.strip():
            return None
        try:
            return await _beside(validated, line)
        except ValueError:
            self._printed.write(line[:_CHUNK] + b"\n")
        return await _beside(mended, line) if b'"jsonrpc"' in line else None

    async def _speak(self, process: Process, said: MemoryObjectReceiveStream[SessionMessage]) -> None:
        with suppress(anyio.ClosedResourceError, OSError):
            async for one in said:
                text = one.message.model_dump_json(by_alias=True, exclude_unset=True)
                await process.send(text.encode("utf-8", "replace") + b"\n")
        said.close()

    async def _note(self, process: Process) -> None:
        with suppress(OSError):
            while chunk := await process.stderr.read(_CHUNK):
                self._printed.write(chunk)
                await asyncio.sleep(0)


async def _beside(read: Callable[[bytes], _Read], line: bytes) -> _Read:
    """What is large is read beside the loop."""
    return await asyncio.to_thread(read, line) if len(line) > _LARGE else read(line)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
