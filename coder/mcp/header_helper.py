"""Runs the command of an entry that prints headers for its server. Must not know what the headers are for.

"headersHelper": "my-token-tool --json"   prints   {"Authorization": "Bearer …"}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
from collections.abc import Mapping
from pathlib import Path

from coder.mcp.errors import ServerError
from coder.mcp.server import Http, Server

SECONDS = 10.0
_LIMIT = 64 * 1024
_MOST = 64
_SHAPE = 'it must print one JSON object, such as {"Authorization": "Bearer …"}'
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OURS = frozenset({"host", "content-length", "content-type", "transfer-encoding", "connection", "accept"})


async def headers_of(server: Server, cwd: Path, env: Mapping[str, str], seconds: float = SECONDS) -> dict[str, str]:
    """What the command prints. {} where the entry has none. Raises ServerError, whose text is the rest of a
    sentence about the server and never shows what was printed."""
    transport = server.transport
    if not isinstance(transport, Http) or not transport.helper:
        return {}
    told = {**env, "CLAUDE_CODE_MCP_SERVER_NAME": server.name, "CLAUDE_CODE_MCP_SERVER_URL": transport.url}
    try:
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", transport.helper),
            cwd=cwd,
            env=told,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise ServerError(
            f"has a headersHelper that cannot be started ({type(error).__name__}): look at {server.origin}"
        ) from error
    try:
        async with asyncio.timeout(seconds):
            printed = await _printed(process)
            status = await process.wait()
    except TimeoutError as error:
        raise ServerError(
            f"has a headersHelper that did not end within {seconds:g} s: run it by hand to see why"
        ) from error
    finally:
        # Also what it left running: it has the pipe, and the secrets it was told.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if len(printed) > _LIMIT:
        raise ServerError(f"has a headersHelper that printed more than {_LIMIT // 1024} KB: {_SHAPE}")
    if status != 0:
        raise ServerError(f"has a headersHelper that failed with exit code {status}: run it by hand to see why")
    return _parsed(printed)


async def _printed(process: asyncio.subprocess.Process) -> bytes:
    """All that it prints; of too much, enough to see that it is."""
    assert process.stdout is not None
    data = bytearray()
    while len(data) <= _LIMIT and (piece := await process.stdout.read(_LIMIT)):
        data += piece
    if len(data) > _LIMIT:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return bytes(data)


def _parsed(printed: bytes) -> dict[str, str]:
    try:
        found = json.loads(printed)
    except (ValueError, RecursionError):  # the error of the parser holds the text: it must not be a cause
        raise ServerError(f"has a headersHelper that printed what is no JSON: {_SHAPE}") from None
    if not isinstance(found, dict):
        raise ServerError(f"has a headersHelper that printed no JSON object: {_SHAPE}")
    if len(found) > _MOST:
        raise ServerError(f"has a headersHelper that printed more than {_MOST} headers: {_SHAPE}")
    headers: dict[str, str] = {}
    for number, (name, value) in enumerate(found.items(), start=1):
        if not _NAME.fullmatch(name) or name.lower() in _OURS:
            raise ServerError(f"has a headersHelper whose header {number} has a name that cannot be sent: {_SHAPE}")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ServerError(f"has a headersHelper whose {name} is no text on one line: {_SHAPE}")
        headers[name] = value.strip()
    return headers
