"""Messages to a server that lives in the program which embeds us, through its channel. Must not know what is said."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from coder.core.messages import Json
from coder.mcp.carrier import Trouble
from coder.mcp.library import anyio, mcp_types, message, pydantic
from coder.mcp.link import Channel, TwoWay

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
    from mcp.shared.message import SessionMessage

    from coder.mcp.carrier import Streams

_WAITING = 64


class HostedCarrier:
    """Implements `coder.mcp.carrier.Carrier`. A request is not waited for before the next one is sent."""

    def __init__(self, name: str, channel: Channel | None) -> None:
        self._name, self._channel = name, channel
        self._speaks: TwoWay | None = channel if isinstance(channel, TwoWay) else None
        self._tasks: set[asyncio.Task[None]] = set()
        self._wrong = ""

    @property
    def is_spent(self) -> bool:
        return False

    async def __aenter__(self) -> Streams:
        if self._channel is None:
            raise ConnectionError("no program that has such servers has started coder")
        heard, reading = anyio.create_memory_object_stream["SessionMessage | Exception"](_WAITING)
        writing, said = anyio.create_memory_object_stream["SessionMessage"](_WAITING)
        self._streams = (heard, reading, writing, said)
        self._start(self._carry(self._channel, said, heard))
        if self._speaks is not None:
            self._speaks.hear(self._name, lambda given: self._hears(given, heard))
        return reading, writing

    async def __aexit__(self, *exception: object) -> None:
        if self._speaks is not None:
            self._speaks.hear(self._name, None)
        self.kill()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for stream in self._streams:
            stream.close()

    def trouble(self, errors: Sequence[BaseException]) -> Trouble | None:
        for error in errors:
            if isinstance(error, ConnectionError):
                self._wrong = self._wrong or str(error)
        return Trouble(f"cannot be reached: {self._wrong}", "final") if self._wrong else None

    def kill(self) -> None:
        for task in self._tasks:
            task.cancel()

    def _hears(self, given: Json, heard: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        """What is no notification is left out, and so is what comes faster than it is read."""
        with suppress(pydantic.ValidationError, RecursionError, anyio.WouldBlock, anyio.BrokenResourceError):
            read = mcp_types.jsonrpc_message_adapter.validate_python(given, by_name=False)
            if isinstance(read, mcp_types.JSONRPCNotification):
                with suppress(anyio.ClosedResourceError):
                    heard.send_nowait(message.SessionMessage(read))

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(
        self,
        channel: Channel,
        said: MemoryObjectReceiveStream[SessionMessage],
        heard: MemoryObjectSendStream[SessionMessage | Exception],
    ) -> None:
        with suppress(anyio.ClosedResourceError):
            async for one in said:
                if isinstance(one.message, mcp_types.JSONRPCRequest):
                    self._start(self._hand(channel, one, heard))
                else:
                    await self._hand(channel, one, heard)

    async def _hand(
        self, channel: Channel, one: SessionMessage, heard: MemoryObjectSendStream[SessionMessage | Exception]
    ) -> None:
        given = one.message.model_dump(by_alias=True, mode="json", exclude_unset=True)
        try:
            reply = await channel.send(self._name, given)
            if reply is not None:
                read = mcp_types.jsonrpc_message_adapter.validate_python(reply, by_name=False)
                await heard.send(message.SessionMessage(read))
        except (ConnectionError, pydantic.ValidationError, RecursionError) as error:
            self._wrong = "it answered with no message" if not isinstance(error, ConnectionError) else str(error)
            heard.close()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return
