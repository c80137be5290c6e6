"""A login that ends while a server is connected: its calls say what to do, and so does the server from then on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.mcp.credentials import Credentials
from coder.mcp.errors import ServerError
from coder.mcp.server import Http, Server
from tests.support.mcp_links import Asked, linked, place_in, say, server_of
from tests.support.mcp_remote import remote
from tests.support.mcp_two_channels import TwoChannels, two_channels

LOG_IN = "Log in with: coder mcp login remote"
SHORT = {"CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT": "3000"}


@pytest.fixture(scope="module")
def older() -> Iterator[TwoChannels]:
    with two_channels() as server:
        yield server


@pytest.mark.behaviour("B-1877")
async def test_calls_at_once_that_are_refused_leave_a_server_that_needs_a_login(tmp_path: Path) -> None:
    async def known(server: Server) -> Credentials:
        return Credentials({"Authorization": "Bearer old"})

    host = Asked()
    with remote() as there:
        there.token = "old"
        server = server_of(Http(there.url("ok")), "remote")
        async with linked(server, place_in(tmp_path, **SHORT), host, credentials=known) as link:
            assert await say(link) == "hello"
            there.token = "new"
            failed = await asyncio.gather(*(say(link) for _ in range(5)), return_exceptions=True)
            assert all(isinstance(each, ServerError) and LOG_IN in str(each) for each in failed)
            await host.until(lambda: link.standing.state == "needs-auth")
            with pytest.raises(ServerError, match=LOG_IN):
                await say(link)
            assert link.standing.state == "needs-auth"


@pytest.mark.behaviour("B-1877")
async def test_over_two_channels_too_a_call_that_is_refused_is_not_waited_for(
    older: TwoChannels, tmp_path: Path
) -> None:
    older.status = 202
    server = server_of(Http(older.url, "sse"), "remote")
    async with linked(server, place_in(tmp_path, **SHORT)) as link:
        assert await say(link) == "hello"
        older.status = 401
        for _ in range(2):
            with pytest.raises(ServerError, match=LOG_IN):
                await say(link)
            assert link.standing.state == "needs-auth"


@pytest.mark.behaviour("B-1877")
@pytest.mark.parametrize(("status", "why"), [(500, "answered with HTTP status 500 during"), (307, "during the tool")])
async def test_over_two_channels_a_request_that_fails_is_the_end_of_the_connection(
    status: int, why: str, older: TwoChannels, tmp_path: Path
) -> None:
    older.status = 202
    server = server_of(Http(older.url, "sse"), "remote")
    async with linked(server, place_in(tmp_path, **SHORT)) as link:
        assert await link.ready()
        older.status = status
        with pytest.raises(ServerError, match=why):
            await say(link)
        older.status = 202
        assert await say(link) == "hello"
