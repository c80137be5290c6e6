"""The protocol library, loaded in a thread: it takes most of a second. Nothing else may import it."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.core.settling import settle_more

if TYPE_CHECKING:
    import anyio
    import mcp
    import mcp_types
    import pydantic
    from mcp.client import sse, streamable_http
    from mcp.shared import message
    from mcp_types import version
else:
    anyio = LazyModule("anyio")
    mcp = LazyModule("mcp")
    mcp_types = LazyModule("mcp_types")
    pydantic = LazyModule("pydantic")
    message = LazyModule("mcp.shared.message")
    sse = LazyModule("mcp.client.sse")
    streamable_http = LazyModule("mcp.client.streamable_http")
    version = LazyModule("mcp_types.version")

__all__ = ["anyio", "is_closed", "load", "mcp", "mcp_types", "message", "pydantic", "sse", "streamable_http", "version"]

_TURN = 0.0005  # seconds
_MODULES = (  # the parts of what takes long first: there is no way out of an import
    "pydantic",
    "httpx2",
    "mcp_types",
    "mcp_types.methods",
    "mcp",
    "mcp.client.sse",
    "mcp.client.streamable_http",
    "mcp.shared.message",
    "mcp_types.version",
    *(f"coder.mcp.{name}" for name in ("attempt", "backoff", "calls", "hosted", "http", "offers", "stdio")),
)


async def load(unwanted: threading.Event | None = None) -> None:
    """Everything a connection needs, so that no import holds the loop up. Idempotent. Once it is `unwanted`, it ends
    before the next part."""
    await asyncio.to_thread(_load, unwanted)


def _load(unwanted: threading.Event | None) -> None:
    # Without a handler of its own, the warnings of a library are printed to standard error, across the screen.
    logger = logging.getLogger("mcp")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    with _giving_way():
        for name in _MODULES:
            if unwanted is not None and unwanted.is_set():
                return
            importlib.import_module(name)


@contextmanager
def _giving_way() -> Iterator[None]:
    """A second of work in a thread, beside which keys are to be echoed: other threads get their turn at once, and the
    objects that are made, which all stay, are not gone through again and again."""
    every, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(_TURN)
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(every)
        if collects:
            settle_more()


def is_closed(error: BaseException) -> bool:
    """Whether the library says that the connection is gone. Its code for it is one that servers use for anything."""
    return (
        isinstance(error, mcp.MCPError)
        and error.code == mcp_types.CONNECTION_CLOSED
        and error.error.message == "Connection closed"
    )
