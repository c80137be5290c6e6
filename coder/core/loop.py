"""The event loop that coder runs in: asyncio's, but for looking up names. Must not know what runs in it.

Nothing can end a look-up that a dead network lets hang, and asyncio would wait for it before the process ends, for
minutes at times. Here each is in a thread that nobody waits for; it also takes no place from other work in threads.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

_T = TypeVar("_T")


class Loop(asyncio.SelectorEventLoop):
    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,
        proto: int = 0,
        flags: int = 0,
    ) -> list[Any]:
        found: asyncio.Future[list[Any]] = self.create_future()

        def settle(addresses: list[Any], error: Exception | None) -> None:
            if found.done():
                return  # nobody waits any more
            if error is not None:
                found.set_exception(error)
            else:
                found.set_result(addresses)

        def look() -> None:
            addresses: list[Any] = []
            error: Exception | None = None
            try:
                addresses = socket.getaddrinfo(host, port, family, type, proto, flags)
            except (OSError, ValueError) as why:
                error = why
            with suppress(RuntimeError):  # the loop is closed
                self.call_soon_threadsafe(settle, addresses, error)

        threading.Thread(target=look, name="look-up", daemon=True).start()
        return await found


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """`asyncio.run` in such a loop. What came of it counts also where the loop cannot be closed as it should be: that
    takes a thread, which a machine without memory does not give."""
    runner = asyncio.Runner(loop_factory=Loop)
    try:
        return runner.run(main)
    finally:
        with suppress(RuntimeError, MemoryError):
            runner.close()
