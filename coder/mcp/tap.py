"""Between transport and library: what a server says is counted, and made fit to be read. Must not know transports.

The library takes a list whole or not at all: one tool that is none would hide all others. So what it could not read is
taken out before. Notifications come through at a bounded rate; nobody waits for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from coder.core.messages import Json
from coder.mcp.library import anyio, mcp_types, pydantic
from coder.mcp.reading import Reading

if TYPE_CHECKING:
    from mcp.client._transport import ReadStream, WriteStream
    from mcp.shared.message import SessionMessage

    from coder.mcp.carrier import Carrier, Streams

_RATE = 200.0  # notifications a second …
_BURST = 400.0  # … once these are used up
_LISTS = {
    "tools/list": ("tools", "Tool"),
    "prompts/list": ("prompts", "Prompt"),
    "resources/list": ("resources", "Resource"),
    "resources/templates/list": ("resourceTemplates", "ResourceTemplate"),
}
_MOST_AT_ONCE = 5000  # items of one page of a list


class Tap:
    """A transport for the library, round the carrier's. `over` is told once when nothing more will come."""

    def __init__(self, carrier: Carrier, over: Callable[[], None]) -> None:
        self._carrier, self._over = carrier, over
        self._lists: dict[str, str] = {}  # by the id of the request
        self._clock = asyncio.get_running_loop().time
        self._tokens, self._filled = _BURST, self._clock()
        self.heard = 0
        self.spoiled: list[str] = []  # what was taken out of lists

    async def __aenter__(self) -> Streams:
        reading, writing = await self._carrier.__aenter__()
        return _Reading(reading, self), _Writing(writing, self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._carrier.__aexit__(kind, error, traceback)

    def ended(self) -> None:
        self._over()

    def sent(self, one: SessionMessage) -> None:
        inner = one.message
        if isinstance(inner, mcp_types.JSONRPCRequest) and inner.method in _LISTS:
            self._lists[str(inner.id)] = inner.method

    def passes(self, one: SessionMessage | Exception) -> bool:
        """Whether it goes on; it may have been changed."""
        self.heard += 1
        if isinstance(one, Exception):
            return True
        inner = one.message
        if isinstance(inner, mcp_types.JSONRPCNotification):
            return self._in_time()
        if isinstance(inner, mcp_types.JSONRPCResponse):
            method = self._lists.pop(str(inner.id), None)
            if method is not None:
                self._mend(inner.result, *_LISTS[method])
            elif "task" in inner.result:
                # A call was taken as a task; the library knows no answer to a call without any content.
                inner.result.setdefault("content", [])
        return True

    def _in_time(self) -> bool:
        now = self._clock()
        self._tokens = min(_BURST, self._tokens + (now - self._filled) * _RATE)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _mend(self, result: Json, key: str, kind: str) -> None:
        found = result.get(key)
        items = found if isinstance(found, list) else []
        model: type[pydantic.BaseModel] = getattr(mcp_types, kind)
        kept = []
        for item in items[:_MOST_AT_ONCE]:
            mended = _mended(item) if kind == "Tool" else item
            try:
                model.model_validate(mended, by_name=False)
            except (pydantic.ValidationError, RecursionError):
                name = item.get("name") if isinstance(item, dict) else None
                self.spoiled.append(str(name)[:100] if name else f"a nameless one of its {key}")
            else:
                kept.append(mended)
        result[key] = kept


def _mended(item: Any) -> Any:
    """A tool without what the library would check results against, for a schema is foreign code to it."""
    if not isinstance(item, dict):
        return item
    schema = item.get("inputSchema")
    if isinstance(schema, dict):
        schema = {**schema, "type": "object"}
    elif schema is None:
        schema = {"type": "object"}
    return {**{name: value for name, value in item.items() if name != "outputSchema"}, "inputSchema": schema}


class _Reading(Reading):
    def __init__(self, inner: ReadStream[SessionMessage | Exception], tap: Tap) -> None:
        super().__init__(inner)
        self._tap = tap

    async def receive(self) -> SessionMessage | Exception:
        while True:
            try:
                one = await self._inner.receive()
            except (anyio.EndOfStream, anyio.ClosedResourceError):
                self._tap.ended()
                raise
            if self._tap.passes(one):
                return one


class _Writing:
    def __init__(self, inner: WriteStream[SessionMessage], tap: Tap) -> None:
        self._inner, self._tap = inner, tap

    async def send(self, item: SessionMessage, /) -> None:
        self._tap.sent(item)
        await self._inner.send(item)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> _Writing:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.aclose()
