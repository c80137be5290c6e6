"""The older transport at an address: what is said goes out in requests, answers come on a stream of their own. It ends
when a request fails, for the library does not see to that: it sends nothing from then on, and waits for the answers.
Must not know what is said.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from coder.mcp.library import anyio
from coder.mcp.reading import Reading

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream
    from mcp.shared.message import SessionMessage


class Answers(Reading):
    """Of the library's own, until `halted`."""

    def __init__(self, inner: ReadStream[SessionMessage | Exception], halted: asyncio.Event) -> None:
        super().__init__(inner)
        self._halted = halted

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
