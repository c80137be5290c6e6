"""Names are looked up beside everything else; what hangs there is shown in tests/e2e/test_mcp_hanging.py."""

from __future__ import annotations

import asyncio
import socket

import pytest

from coder.core import loop


async def _found(host: str) -> set[str]:
    asked = asyncio.get_running_loop().getaddrinfo(host, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return {str(address[0]) for *_, address in await asked}


def test_addresses_are_found() -> None:
    assert loop.run(_found("127.0.0.1")) == {"127.0.0.1"}


def test_what_is_wrong_with_a_name_is_raised() -> None:
    with pytest.raises(socket.gaierror):
        loop.run(_found("no number"))


def test_a_program_is_run_in_it() -> None:
    async def ended() -> int:
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait()

    assert loop.run(ended()) == 0
