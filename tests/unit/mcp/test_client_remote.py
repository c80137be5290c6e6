"""Servers at an address: what is said to them, and what may go wrong on the way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.mcp.credentials import Credentials
from coder.mcp.errors import LoginNeeded, ServerError
from coder.mcp.server import Http, Server
from tests.support.mcp_links import Asked, linked, place_in, say, server_of
from tests.support.mcp_remote import Remote, remote


@pytest.fixture(scope="module")
def shared() -> Iterator[Remote]:
    with remote() as server:
        yield server


@pytest.fixture
def there(shared: Remote) -> Remote:
    shared.seen.clear()
    shared.sessions, shared.token = 0, ""
    return shared


async def test_headers_are_sent_and_the_session_is_ended(there: Remote, tmp_path: Path) -> None:
    async def known(server: Server) -> Credentials:
        return Credentials({"x-b": "from the helper"})

    server = server_of(Http(there.url("ok"), headers={"X-A": "one", "X-B": "two"}), "remote")
    async with linked(server, place_in(tmp_path), credentials=known) as link:
        assert await say(link) == "hello"
        assert link.standing.log is None
    for method, _, headers in there.seen:
        assert (headers["x-a"], headers["x-b"], headers["accept-encoding"]) == ("one", "from the helper", "identity"), (
            method
        )
    assert there.seen[-1][0] == "DELETE"


@pytest.mark.behaviour("B-1871")
@pytest.mark.parametrize("value", ["canary\r\nx: y", "canary\u00e9"])
async def test_what_no_header_can_hold_is_in_no_error(value: str, there: Remote, tmp_path: Path) -> None:
    async def known(server: Server) -> Credentials:
        return Credentials({"x-b": value})

    async with linked(server_of(Http(there.url("ok")), "remote"), place_in(tmp_path), credentials=known) as link:
        assert not await link.ready()
        said = link.standing.reason
    assert "what its entry or its login says fits no HTTP header" in said
    assert not any(word in said for word in ("canary", "e9", "\u00e9"))


@pytest.mark.behaviour("B-1596")
@pytest.mark.parametrize(
    ("path", "headers", "state", "said"),
    [
        (
            "401",
            {},
            "needs-auth",
            "lets nobody in without a login (HTTP status 401). Log in with: coder mcp login remote",
        ),
        (
            "403",
            {},
            "needs-auth",
            "lets nobody in without a login (HTTP status 403). Log in with: coder mcp login remote",
        ),
        (
            "401",
            {"authorization": "Bearer no"},
            "failed",
            "refuses the Authorization header of its entry (HTTP status 401).",
        ),
        ("404", {}, "failed", "answered with HTTP status 404."),
        ("page", {}, "failed", "said no at the start: Unexpected content type: text/html."),
        ("redirect", {}, "failed", "Redirect to http://other.invalid/mcp not followed"),
        ("hang", {}, "failed", "was not ready within 0.5 s."),
    ],
)
async def test_why_a_server_at_an_address_is_not_there(
    path: str, headers: dict[str, str], state: str, said: str, there: Remote, tmp_path: Path
) -> None:
    server = server_of(Http(there.url(path), headers=headers), "remote", start=0.5 if path == "hang" else None)
    async with linked(server, place_in(tmp_path)) as link:
        assert not await link.ready()
        assert link.standing.state == state
        assert said in link.standing.reason
        assert "\n" not in link.standing.reason


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:{port}/", "cannot be reached: 127.0.0.1 refuses the connection"),
        ("http://name.invalid/", "cannot be reached: the name name.invalid was not found (DNS)"),
        ("http://[::/", "has an entry that cannot be used: "),
        ("ftp://127.0.0.1/", "cannot be reached: Request URL has an unsupported protocol"),
    ],
)
async def test_an_address_that_leads_nowhere(url: str, said: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    server = server_of(Http(url.format(port=port)), "remote", start=0.9)
    async with linked(server, place_in(tmp_path, HTTP_PROXY="", http_proxy="")) as link:
        assert not await link.ready()
        assert said in link.standing.reason


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("huge", "the answer is larger than 32 MiB"),
        ("bomb", "the answer is compressed, which was not asked for"),
        ("hangs-up", "cannot be reached: "),
    ],
)
async def test_an_answer_that_cannot_be_taken_fails_its_call(
    path: str, said: str, there: Remote, tmp_path: Path
) -> None:
    async with linked(server_of(Http(there.url(path)), "remote"), place_in(tmp_path)) as link:
        with pytest.raises(ServerError) as caught:
            await say(link)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("status", [404, 400])
async def test_a_server_that_forgot_us_is_met_anew(status: int, there: Remote, tmp_path: Path) -> None:
    async with linked(server_of(Http(there.url(f"forgets-{status}")), "remote"), place_in(tmp_path)) as link:
        with pytest.raises(ServerError, match="The MCP server remote ended the session"):
            await say(link)
        assert await say(link) == "hello"  # it waits for the next session
        assert there.sessions == 2


@pytest.mark.behaviour("B-1597")
async def test_a_login_that_ends_is_asked_for_again(there: Remote, tmp_path: Path) -> None:
    host, token = Asked(), ["old"]

    async def known(server: Server) -> Credentials:
        if not token:
            raise LoginNeeded("lets nobody in without a login")
        return Credentials({"Authorization": f"Bearer {token[0]}"})

    there.token = "old"
    async with linked(server_of(Http(there.url("ok")), "remote"), place_in(tmp_path), host, credentials=known) as link:
        assert await say(link) == "hello"
        there.token = "new"
        with pytest.raises(ServerError, match="Log in with: coder mcp login remote"):
            await say(link)
        await host.until(lambda: link.standing.state == "needs-auth")
        assert there.seen[-1][0] == "DELETE"
        token.clear()
        await link.reconnect()
        assert not await link.ready()
        assert link.standing.state == "needs-auth"
        token.append("new")
        await link.reconnect()
        assert await say(link) == "hello"
