"""A person logs in at a server, with a browser that is played; what comes of it, and of what can go wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.mcp import tokens
from coder.mcp.authority import Authority
from coder.mcp.errors import ServerError
from coder.mcp.login import LogIn
from coder.mcp.logout import log_out
from coder.mcp.loopback import Loopback, answer_in
from coder.mcp.server import Http, Login, Server, Stdio
from coder.vault.vault import Vault
from tests.support.oauth_server import METADATA, RESOURCE, OAuthServer, oauth_server


def server_at(url: str, **login: Any) -> Server:
    return Server("files", Http(url, login=Login(**login) if login else None), "user", "/home/.claude.json", "d")


def vault_in(home: Path) -> Vault:
    return Vault(home, {"CODER_KEYRING": "off"})


@dataclass(slots=True)
class Browser:
    """`way` "follow" goes where it is sent, "paste" hands the last address over, "stay" goes nowhere."""

    way: str = "follow"
    shown: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    lines: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    going: asyncio.Task[None] | None = None

    async def show(self, address: str, back: str) -> None:
        self.shown.append(address)
        if self.way == "stay":
            return
        async with httpx2.AsyncClient() as client:
            location = (await client.get(address)).headers["location"]
        assert location.startswith(back)
        if self.way == "paste":
            self.lines.put_nowait("https://elsewhere.example/?code=1&state=2")
            self.lines.put_nowait(f"  {location}\n")
            return
        async with httpx2.AsyncClient() as client:
            for strange in ("/favicon.ico", "/callback", "/callback?code=stolen&state=guess"):
                base = back.removesuffix("/callback")
                assert (await client.get(base + strange)).status_code in (400, 404)
            self.pages.append((await client.get(location)).text)

    async def pasted(self) -> str:
        return await self.lines.get()

    def wrong(self, why: str) -> None:
        self.wrongs.append(why)


async def log_in(server: Server, home: Path, browser: Browser | None = None, **more: Any) -> str:
    wait = {"seconds": 20.0, **more}
    return await LogIn(server, vault_in(home), browser or Browser(), {}, **wait).run()


@pytest.mark.behaviour("B-1662")
async def test_a_login_finds_its_way_from_the_server_alone(tmp_path: Path) -> None:
    browser = Browser()
    with oauth_server() as seen:
        said = await log_in(server_at(seen.mcp), tmp_path, browser)
        grant = await tokens.load(vault_in(tmp_path), server_at(seen.mcp))
    assert "secrets.json" in said and grant is not None and grant.tokens["access_token"] in seen.good
    wanted = parse_qs(urlsplit(browser.shown[0]).query)
    assert wanted["code_challenge_method"] == ["S256"] and wanted["resource"] == [seen.mcp]
    assert wanted["redirect_uri"][0].startswith("http://localhost:") and wanted["redirect_uri"][0].endswith("/callback")
    assert seen.clients["client-0"]["client_name"] == "coder"
    assert "go back to the terminal" in browser.pages[0] and "canary" not in browser.pages[0]
    assert await tokens.load(vault_in(tmp_path), server_at(seen.mcp + "2")) is None
    last = seen.asked[-1]  # the session that the server began is ended
    assert (last.method, last.headers["mcp-session-id"], seen.paths("DELETE")) == ("DELETE", "session-1", ["/mcp"])


@pytest.mark.behaviour("B-1662")
async def test_the_address_the_browser_ends_at_may_be_pasted(tmp_path: Path) -> None:
    browser = Browser("paste")
    with oauth_server() as seen:
        await log_in(server_at(seen.mcp), tmp_path, browser)
    assert len(browser.wrongs) == 1 and "http://localhost:" in browser.wrongs[0]
    assert not browser.pages


@pytest.mark.parametrize("says_who", [True, False])
async def test_what_the_entry_says_is_used(tmp_path: Path, says_who: bool) -> None:
    browser = Browser()
    metadata = {"registration_endpoint": None, "issuer": "https://login.example"}
    with oauth_server(metadata=metadata, resource={"scopes_supported": ["all"]}) as seen:
        if not says_who:
            seen.faults |= {RESOURCE: 404, "/.well-known/oauth-protected-resource": 404}
        url = f"{seen.url}/elsewhere/metadata"
        chosen = {
            "client_id": "mine",
            "client_secret": "canary-client",
            "scopes": ("read", "write"),
            "metadata_url": url,
        }
        seen.faults[METADATA] = 500
        await log_in(server_at(seen.mcp, **chosen), tmp_path, browser)
    wanted = parse_qs(urlsplit(browser.shown[0]).query)
    assert wanted["client_id"] == ["mine"] and wanted["scope"] == ["read write"]
    token = next(each for each in seen.asked if each.path == "/token")
    assert token.form["client_secret"] == "canary-client"
    assert METADATA not in seen.paths() and not seen.clients


async def test_a_server_without_metadata_is_logged_in_at_itself(tmp_path: Path) -> None:
    with oauth_server(faults={RESOURCE: 404, METADATA: 404, "/.well-known/oauth-protected-resource": 404}) as seen:
        await log_in(server_at(seen.mcp), tmp_path)
    assert "/register" in seen.paths("POST")


async def test_a_chosen_port_that_is_taken_is_named(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    with oauth_server() as seen, pytest.raises(ServerError, match=rf"Port {port} .* oauth\.callbackPort"):
        await log_in(server_at(seen.mcp, callback_port=port), tmp_path)
    taken.close()


@pytest.mark.behaviour("B-1870")
async def test_who_connects_and_says_nothing_keeps_no_answer_out() -> None:
    loopback = Loopback()
    await loopback.open()
    loopback.expect("mine")
    silent = [await asyncio.open_connection("127.0.0.1", loopback.port) for _ in range(40)]
    async with httpx2.AsyncClient(trust_env=False) as client:
        page = await client.get(f"http://127.0.0.1:{loopback.port}/callback?code=c&state=mine", timeout=5)
    assert page.status_code == 200 and (await loopback.wait()).code == "c"
    loopback.close()
    for _, writer in silent:
        writer.close()


Change = Callable[[OAuthServer], object]


@pytest.mark.behaviour("B-1666")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            lambda s: s.metadata.update(token_endpoint="http://evil.example/token"),
            r"would go to 'http://evil\.example'",
        ),
        (lambda s: s.metadata.update(authorization_endpoint="http://evil.example/a"), r"'http://evil\.example'"),
        (lambda s: s.metadata.update(registration_endpoint="http://evil.example/r"), r"'http://evil\.example'"),
        (lambda s: s.metadata.update(issuer="https://evil.example"), "issuer mismatch"),
        (lambda s: s.resource.update(resource="https://evil.example/mcp"), "does not match expected"),
        (lambda s: s.answers.update(iss="https://evil.example"), "iss mismatch"),
        (
            lambda s: s.metadata.update(registration_endpoint=f"{s.url}/none"),
            r"register itself there \(HTTP 404\).*--client-id",
        ),
        (lambda s: s.answers.update(code="canary-wrong"), r"not accepted \(HTTP 400, invalid_grant\)"),
        (lambda s: s.answers.update(code="", error="access_denied"), r"not granted \(access_denied\)"),
        (lambda s: s.faults.update({RESOURCE: 500}), "HTTP 500"),
        (lambda s: s.faults.update({METADATA: 500}), r"out of order \(HTTP 500\)"),
        (lambda s: s.faults.update({METADATA: "endless"}), "without end"),
        (lambda s: s.faults.update({"/token": 500}), r"not accepted \(HTTP 500\)"),
        (lambda s: s.faults.update({"/mcp": 404}), "answers HTTP 404"),
        (lambda s: s.faults.update({"/mcp": 403}), "answers HTTP 403"),
        (lambda s: setattr(s, "expires_in", 10**400), "an answer is not what it should be"),
        (lambda s: setattr(s, "ending", "\r\nx: y"), "an answer is not what it should be"),
        (lambda s: setattr(s, "ending", "\u00e9"), "an answer is not what it should be"),
        (lambda s: setattr(s, "rejects", True), "does not take the login"),
        (lambda s: setattr(s, "is_open", True), "asks for no login"),
    ],
)
async def test_what_goes_wrong_is_said_in_a_line_and_nothing_is_kept(
    tmp_path: Path, change: Change, why: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with oauth_server() as seen:
        change(seen)
        server = server_at(seen.mcp)
        with pytest.raises(ServerError, match=why) as failed:
            await log_in(server, tmp_path)
    text = str(failed.value)
    assert text.startswith("files") and "\n" not in text
    assert "canary" not in text + repr(failed.value.__cause__) + caplog.text + "".join(capfd.readouterr())
    assert not (tmp_path / "secrets.json").exists()


@pytest.mark.behaviour("B-1663")
@pytest.mark.parametrize("path", ["/mcp", RESOURCE, METADATA, "/register", "/token"])
async def test_a_login_that_hangs_ends_at_the_deadline(tmp_path: Path, path: str) -> None:
    ends = pytest.raises(ServerError, match=r"files.* in time|longer than 0\.3 s")
    with oauth_server(faults={path: "hang"}) as seen, ends:
        await asyncio.wait_for(log_in(server_at(seen.mcp), tmp_path, seconds=0.3), 8)


async def test_why_nobody_is_there_is_said_in_words(tmp_path: Path) -> None:
    with oauth_server() as seen:
        gone = seen.mcp
    with pytest.raises(ServerError, match=r"cannot be reached: 127\.0\.0\.1 refuses the connection\."):
        await log_in(server_at(gone), tmp_path)


@pytest.mark.behaviour("B-1663")
async def test_a_login_that_drips_ends_at_the_deadline(tmp_path: Path) -> None:
    """No single wait in it is long."""
    with oauth_server(faults={METADATA: "drip"}) as seen, pytest.raises(ServerError, match=r"longer than 0\.3 s"):
        await asyncio.wait_for(log_in(server_at(seen.mcp), tmp_path, seconds=0.3), 8)


@pytest.mark.behaviour("B-1663")
async def test_a_person_who_does_not_come_back_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with oauth_server() as seen, pytest.raises(ServerError, match=r"no answer came from the browser within 0\.1 s"):
        await asyncio.wait_for(log_in(server_at(seen.mcp), tmp_path, Browser("stay"), patience=0.1), 8)


@pytest.mark.behaviour("B-1663")
async def test_the_time_of_the_person_is_not_the_servers(tmp_path: Path) -> None:
    class Slow(Browser):
        async def show(self, address: str, back: str) -> None:
            self.way = "stay"
            await Browser.show(self, address, back)
            self.going = asyncio.create_task(self.later(address, back))

        async def later(self, address: str, back: str) -> None:
            await asyncio.sleep(1.0)  # longer than all that machines may take
            self.way = "follow"
            await Browser.show(self, address, back)

    with oauth_server() as seen:
        await asyncio.wait_for(log_in(server_at(seen.mcp), tmp_path, Slow(), seconds=0.9), 20)


@pytest.mark.behaviour("B-1668")
async def test_who_gives_a_header_of_their_own_has_no_login(tmp_path: Path) -> None:
    server = server_at("https://files.example/mcp")
    with pytest.raises(ServerError, match="has a headersHelper that prints an Authorization header"):
        LogIn(server, vault_in(tmp_path), Browser(), {"authorization": "canary"}, seconds=1.0)
    fixed = Server(
        "files", Http("https://files.example/mcp", headers={"AUTHORIZATION": "canary"}), "user", "/a/file", "d"
    )
    with pytest.raises(ServerError, match="has an Authorization header in /a/file"):
        LogIn(fixed, vault_in(tmp_path), Browser(), {}, seconds=1.0)
    for other in (Http("wss://files.example", "ws"), Stdio("run")):
        with pytest.raises(ServerError, match="no HTTP server"):
            LogIn(Server("files", other, "user", "f", "d"), vault_in(tmp_path), Browser(), {}, seconds=1.0)


@pytest.mark.behaviour("B-1666")
@pytest.mark.parametrize("url", ["http://files.example/mcp", "ftp://127.0.0.1/mcp", "https:///mcp"])
async def test_no_login_over_what_others_can_read(tmp_path: Path, url: str) -> None:
    with pytest.raises(ServerError, match=r"only https is safe"):
        await log_in(server_at(url), tmp_path)


@pytest.mark.behaviour("B-1666")
@pytest.mark.parametrize(
    ("server", "url", "is_safe"),
    [
        ("https://files.example/mcp", "https://login.example/token", True),
        ("https://files.example/mcp", "https://127.0.0.1:9/token", False),
        ("https://files.example/mcp", "https://[::1]/token", False),
        ("https://files.example/mcp", "http://localhost/token", False),
        ("https://files.example/mcp", "javascript://login.example/%0aalert()", False),
        ("http://localhost:1/mcp", "http://127.0.0.1:2/token", True),
        ("http://localhost:1/mcp", "http://127.0.0.1.evil.example/token", False),
        ("http://localhost:1/mcp", "https://login.example/token", True),
        ("http://localhost:1/mcp", "", False),
    ],
)
def test_where_a_secret_may_go(server: str, url: str, is_safe: bool) -> None:
    if is_safe:
        Authority("files", server).check(url)
        return
    with pytest.raises(ServerError, match="only https is safe"):
        Authority("files", server).check(url)


@given(st.text(max_size=60), st.text(min_size=1, max_size=12))
def test_an_answer_is_one_to_this_login_or_none(text: str, state: str) -> None:
    found = answer_in(text, state)
    assert found is None or found.state == state
    asked = urlencode({"code": "c", "state": state})
    for whole in (asked, f"http://localhost:1/callback?{asked}", f" 'http://localhost:1/callback?{asked}'\n"):
        answered = answer_in(whole, state)
        assert answered is not None and answered.code == "c"
        assert answer_in(whole, state + "x") is None
    assert answer_in(asked, "") is None


@pytest.mark.behaviour("B-1669")
@pytest.mark.parametrize("method", ["none", "client_secret_post", "client_secret_basic"])
async def test_logging_out_takes_the_tokens_back_and_forgets_them(tmp_path: Path, method: str) -> None:
    with oauth_server(metadata={"token_endpoint_auth_methods_supported": [method]}) as seen:
        server = server_at(seen.mcp)
        await log_in(server, tmp_path)
        assert await log_out(server, vault_in(tmp_path)) == (True, "")
        assert not seen.good and not seen.refreshes
        told = [each for each in seen.asked if each.path == "/revoke"]
        assert len(told) == 2 and all(seen.is_client(each) for each in told)
        assert await log_out(server, vault_in(tmp_path)) == (False, "")
    assert json.loads((tmp_path / "secrets.json").read_text()) == {}


@pytest.mark.behaviour("B-1669")
@pytest.mark.parametrize("fault", ["hang", 503, None])
async def test_who_cannot_be_told_is_forgotten_all_the_same(tmp_path: Path, fault: str | int | None) -> None:
    with oauth_server() as seen:
        if fault is None:
            seen.metadata["revocation_endpoint"] = None
        else:
            seen.faults["/revoke"] = fault
        server = server_at(seen.mcp)
        await log_in(server, tmp_path)
        was_there, said = await asyncio.wait_for(log_out(server, vault_in(tmp_path), seconds=0.3), 10)
    assert was_there and "they hold until they run out" in said.replace("its tokens hold", "they hold")
    assert await tokens.load(vault_in(tmp_path), server) is None
