"""How long a request to a server is waited for, and what is said when it is given up. Must not know the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from coder.mcp.connection import Connection
from coder.mcp.errors import Gone, ServerError
from coder.mcp.hosting import Hosting
from coder.mcp.place import Patience

_T = TypeVar("_T")
_TELL = 1.0  # seconds for the server to be told that nobody waits any more


class Patiently:
    """One request. `heard` is to be called when something is known to go on; while the server waits for an answer of
    ours nothing has to. Whoever waits may be cancelled: then the server is told, and no other request is touched."""

    def __init__(
        self,
        server: str,
        what: str,
        connection: Connection,
        lost: asyncio.Future[str],
        patience: Patience,
        hosting: Hosting,
    ) -> None:
        self.connection = connection
        self._server, self._what, self._lost, self._patience, self._hosting = server, what, lost, patience, hosting
        self._clock = asyncio.get_running_loop().time
        self._until = self._clock() + patience.call
        self._silent_since = self._clock()

    def heard(self) -> None:
        self._silent_since = self._clock()

    async def wait(self, request: Coroutine[Any, Any, _T]) -> _T:
        """Raises ServerError."""
        task = asyncio.create_task(request)
        try:
            while not task.done() and not self._lost.done():
                now = self._clock()
                if self._hosting.asking:
                    self._silent_since = now
                left = min(self._until, self._silent_since + self._patience.idle) - now
                if left <= 0:
                    raise ServerError(self._given_up(now))
                either: set[asyncio.Future[Any]] = {task, self._lost}
                await asyncio.wait(either, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ServerError(f"The MCP server {self._server} {self._lost.result()} during {self._what}.")
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_TELL)
        if not task.cancelled() and isinstance(task.exception(), Gone):
            # Why is known a moment later.
            await asyncio.wait({self._lost}, timeout=_TELL)
        return self._result(task)

    def _result(self, task: asyncio.Task[_T]) -> _T:
        if task.cancelled():
            raise ServerError(f"The MCP server {self._server} went during {self._what}.")
        error = task.exception()
        if error is None:
            return task.result()
        if isinstance(error, Gone) and self._lost.done():
            raise ServerError(f"The MCP server {self._server} {self._lost.result()} during {self._what}.") from error
        if isinstance(error, ServerError):
            raise ServerError(f"The MCP server {self._server} refused {self._what}: {error}") from error
        raise ServerError(f"{self._what} of the MCP server {self._server} failed ({type(error).__name__}).") from error

    def _given_up(self, now: float) -> str:
        if now >= self._until:
            return (
                f"{self._what} of the MCP server {self._server} took longer than {self._patience.call:g} s and was "
                "cancelled. MCP_TOOL_TIMEOUT sets how long it may take (milliseconds)."
            )
        return (
            f"Nothing was heard of {self._what} of the MCP server {self._server} for {self._patience.idle:g} s, and it "
            "was cancelled. CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT sets how long it may be silent (milliseconds)."
        )
