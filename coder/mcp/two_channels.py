"""The older transport at an address: what is said goes out in requests, answers come on a stream of their own. It ends
when a request fails, for the library does not see to that: it sends nothing from then on, and waits for the answers.
Must not know what is said.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from coder.mcp.library import anyio

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream
    from mcp.shared.message import SessionMessage


class Answers:
    """Of the library's own, until `halted`."""

    def __init__(self, inner: ReadStream[SessionMessage | Exception], halted: asyncio.Event) -> None:
        self._inner, self._halted = inner, halted

    @property
    def last_context(self) -> Any:
        return getattr(self._inner, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        coming = asyncio.ensure_future(self._inner.receive())
        halting = asyncio.ensure_future(self._halted.wait())
        try:
            await asyncio.wait({coming, halting}, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                raise anyio.EndOfStream
            return coming.result()
        finally:
            coming.cancel()
            halting.cancel()

    async def aclose(self) -> None:
        await self._inner.aclose()

    def __aiter__(self) -> Answers:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Answers:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()
