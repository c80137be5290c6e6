"""Runs the command of an entry that prints headers for its server. Must not know what the headers are for.

"headersHelper": "my-token-tool --json"   prints   {"Authorization": "Bearer …"}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from coder.core.own_keys import is_own_key
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
    if server.scope == "project":  # a command of the repository, like its hooks
        env = {name: value for name, value in env.items() if not is_own_key(name)}
    told = {**env, "CLAUDE_CODE_MCP_SERVER_NAME": server.name, "CLAUDE_CODE_MCP_SERVER_URL": transport.url}
    process = _begun(transport.helper, cwd, told, server.origin)
    try:
        printed, status = await asyncio.to_thread(_run, process, seconds)
    except asyncio.CancelledError:
        _end(process)  # the thread sees the end of it
        raise
    if len(printed) > _LIMIT:
        raise ServerError(f"has a headersHelper that printed more than {_LIMIT // 1024} KB: {_SHAPE}")
    if status is None:
        raise ServerError(f"has a headersHelper that did not end within {seconds:g} s: run it by hand to see why")
    if status != 0:
        raise ServerError(f"has a headersHelper that failed with exit code {status}: run it by hand to see why")
    return _parsed(printed)


def _begun(command: str, cwd: Path, env: Mapping[str, str], origin: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            ("/bin/sh", "-c", command),
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = type(error).__name__
        raise ServerError(f"has a headersHelper that cannot be started ({why}): look at {origin}") from error


def _run(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, int | None]:
    """What it prints, of too much only the beginning, and its exit code; None when it did not end in time."""
    until = time.monotonic() + seconds
    data = bytearray()
    assert process.stdout is not None
    with process.stdout as stream, selectors.DefaultSelector() as ready:
        ready.register(stream, selectors.EVENT_READ)
        try:
            while len(data) <= _LIMIT:
                if not ready.select(max(until - time.monotonic(), 0)):
                    return bytes(data), None
                if not (piece := os.read(stream.fileno(), _LIMIT)):
                    break
                data += piece
            else:
                return bytes(data), None
            return bytes(data), process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            return bytes(data), None
        finally:
            # Also what it left running: it has the pipe, and the secrets it was told.
            _end(process)
            process.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


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
