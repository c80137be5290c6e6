"""The requests of a session are signed with the login there is; it is renewed, and never begun by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coder.mcp import tokens
from coder.mcp.credentials import Credentials
from coder.mcp.errors import LoginNeeded, ServerError
from coder.mcp.logins import credentials_for
from coder.mcp.server import Http, Server
from coder.mcp.tokens import Grant
from coder.vault.vault import Vault
from tests.support.oauth_server import OAuthServer, oauth_server

ENV = {"PATH": "/usr/bin:/bin", "HOME": "/"}


def vault_in(home: Path) -> Vault:
    return Vault(home, {"CODER_KEYRING": "off"})


def server_at(url: str, **more: object) -> Server:
    return Server("files", Http(url, **more), "user", "/home/.claude.json", "d")  # type: ignore[arg-type]  # fields of Http


async def logged_in(seen: OAuthServer, home: Path, expires: float | None = 4e9) -> Grant:
    """A login as it was kept, with tokens the server takes."""
    client = {"client_id": "mine", "redirect_uris": ["http://localhost:1/callback"]}
    authority = {
        "issuer": seen.url,
        "authorization_endpoint": f"{seen.url}/authorize",
        "token_endpoint": f"{seen.url}/token",
    }
    resource = {"resource": seen.mcp, "authorization_servers": [seen.url]}
    grant = Grant(seen.new_tokens(), client, expires, authority, resource)
    await tokens.keep(vault_in(home), server_at(seen.mcp), grant)
    return grant


async def shown(server: Server, home: Path, *, trusted: bool = True, now: float = 1e9) -> Credentials:
    return await credentials_for(server, vault_in(home), home, ENV, trusted=trusted, now=lambda: now)


async def call(given: Credentials, url: str, headers: dict[str, str] | None = None) -> int:
    async with httpx2.AsyncClient(
        auth=given.auth, headers={**(headers or {}), **given.headers}, verify=False
    ) as client:
        return (await client.post(url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})).status_code


@pytest.mark.behaviour("B-1664")
async def test_without_a_login_the_server_is_asked_once_and_nothing_is_begun(tmp_path: Path) -> None:
    with oauth_server() as seen:
        given = await shown(server_at(seen.mcp), tmp_path)
        assert given.refused() is None
        assert await call(given, seen.mcp) == 401
    assert seen.paths() == ["/mcp"]
    assert isinstance(given.refused(), LoginNeeded) and "wants a login" in str(given.refused())


@pytest.mark.behaviour("B-1665")
@pytest.mark.parametrize("now", [1e9, 5e9])
async def test_a_token_that_ran_out_is_renewed_and_kept(tmp_path: Path, now: float) -> None:
    """By the clock, before it is used; and where the server knows better, once it says no."""
    with oauth_server() as seen:
        old = await logged_in(seen, tmp_path)
        seen.good.clear()
        given = await shown(server_at(seen.mcp), tmp_path, now=now)
        assert await call(given, seen.mcp) == 200
        assert await call(given, seen.mcp) == 200
        assert seen.paths().count("/token") == 1 and given.refused() is None
        assert seen.paths().count("/mcp") == (3 if now < 4e9 else 2)
        kept = await tokens.load(vault_in(tmp_path), server_at(seen.mcp))
        assert kept is not None and kept.tokens["access_token"] in seen.good and kept.expires == now + 3600
        assert old.tokens["refresh_token"] not in str(kept.tokens)
        assert next(each for each in seen.asked if each.path == "/token").form["resource"] == seen.mcp


@pytest.mark.behaviour("B-1665")
async def test_a_login_that_was_taken_back_is_said_to_be(tmp_path: Path) -> None:
    with oauth_server() as seen:
        await logged_in(seen, tmp_path)
        seen.good.clear()
        seen.refreshes.clear()
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
    assert isinstance(given.refused(), LoginNeeded) and "does not take the login that is kept" in str(given.refused())
    assert seen.paths() == ["/mcp", "/token"]


@pytest.mark.behaviour("B-1871")
@pytest.mark.parametrize("change", [{"ending": "\r\nx: y"}, {"ending": "\u00e9"}, {"expires_in": 10**400}])
async def test_a_renewal_that_cannot_be_used_asks_for_a_login(tmp_path: Path, change: dict[str, Any]) -> None:
    with oauth_server() as seen:
        await logged_in(seen, tmp_path)
        seen.good.clear()
        for name, value in change.items():
            setattr(seen, name, value)
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
    assert isinstance(given.refused(), LoginNeeded) and "does not take the login that is kept" in str(given.refused())


@pytest.mark.behaviour("B-1871")
@pytest.mark.parametrize("ending", ["\r\nx: y", "\n", " ", "\u00e9", "\x7f"])
async def test_a_token_that_no_header_can_hold_is_not_sent_but_renewed(tmp_path: Path, ending: str) -> None:
    with oauth_server(ending=ending) as seen:
        await logged_in(seen, tmp_path)
        seen.ending = ""
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 200 and given.refused() is None
    assert seen.paths() == ["/mcp", "/token", "/mcp"]


async def test_an_end_that_no_clock_can_tell_is_not_known(tmp_path: Path) -> None:
    with oauth_server() as seen:
        await logged_in(seen, tmp_path, 10**400)
        assert await call(await shown(server_at(seen.mcp), tmp_path), seen.mcp) == 200


@pytest.mark.behaviour("B-1665")
async def test_what_another_session_renewed_is_used(tmp_path: Path) -> None:
    with oauth_server() as seen:
        await logged_in(seen, tmp_path)
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 200
        seen.good.clear()
        await logged_in(seen, tmp_path)
        assert await call(given, seen.mcp) == 200
    assert "/token" not in seen.paths()


async def test_a_login_while_the_session_goes_on_is_found(tmp_path: Path) -> None:
    with oauth_server() as seen:
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
        await logged_in(seen, tmp_path)
        assert await call(given, seen.mcp) == 200
    assert given.refused() is None


@pytest.mark.behaviour("B-1665")
async def test_calls_at_once_renew_once(tmp_path: Path) -> None:
    with oauth_server() as seen:
        await logged_in(seen, tmp_path)
        seen.good.clear()
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await asyncio.gather(*[call(given, seen.mcp) for _ in range(5)]) == [200] * 5
    assert seen.paths().count("/token") == 1


@pytest.mark.parametrize("fault", [500, 429, "endless"])
async def test_an_authority_out_of_order_does_not_end_the_login(tmp_path: Path, fault: str | int) -> None:
    with oauth_server(faults={"/token": fault}) as seen:
        grant = await logged_in(seen, tmp_path)
        seen.good.clear()
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
        why = given.refused()
        assert why is not None and not isinstance(why, LoginNeeded) and "could not have its login renewed" in str(why)
        assert "canary" not in str(why)
        seen.faults.clear()
        assert await call(given, seen.mcp) == 200 and given.refused() is None
    assert grant.tokens["refresh_token"] not in seen.refreshes


@pytest.mark.behaviour("B-1666")
async def test_the_token_goes_to_its_server_alone(tmp_path: Path) -> None:
    with oauth_server() as seen, oauth_server() as other:
        await logged_in(seen, tmp_path)
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, other.mcp) == 401
        assert await call(given, seen.mcp) == 200
    assert other.asked and all("authorization" not in each.headers for each in other.asked)


@pytest.mark.behaviour("B-1666")
async def test_a_renewal_goes_over_no_open_line(tmp_path: Path) -> None:
    with oauth_server() as seen:
        grant = await logged_in(seen, tmp_path)
        assert grant.authority is not None
        moved = replace(grant, authority={**grant.authority, "token_endpoint": "http://evil.example/token"})
        await tokens.keep(vault_in(tmp_path), server_at(seen.mcp), moved)
        seen.good.clear()
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
    assert "only https is safe" in str(given.refused())


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"tokens": {"access_token": 1}, "client": {}}', "[" * 100_000])
async def test_what_is_kept_and_cannot_be_used_is_no_login(tmp_path: Path, kept: str) -> None:
    with oauth_server() as seen:
        vault_in(tmp_path).put(tokens.SERVICE, tokens.key_of(server_at(seen.mcp)), kept)
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
    assert isinstance(given.refused(), LoginNeeded)


async def test_a_vault_that_cannot_be_trusted_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").mkdir()
    with oauth_server() as seen:
        given = await shown(server_at(seen.mcp), tmp_path)
        assert await call(given, seen.mcp) == 401
    assert isinstance(given.refused(), LoginNeeded) and "secrets.json" in str(given.refused())


@pytest.mark.behaviour("B-1668")
async def test_who_gives_a_header_of_their_own_gets_no_login_beside_it(tmp_path: Path) -> None:
    with oauth_server() as seen:
        await logged_in(seen, tmp_path)
        server = server_at(seen.mcp, headers={"authorization": "Bearer canary-mine"})
        given = await shown(server, tmp_path)
        assert await call(given, seen.mcp, {"authorization": "Bearer canary-mine"}) == 401
    why = given.refused()
    assert why is not None and not isinstance(why, LoginNeeded)
    assert "/home/.claude.json" in str(why) and "coder mcp login files" in str(why) and "canary" not in str(why)
    assert seen.paths() == ["/mcp"]


@pytest.mark.behaviour("B-1667")
async def test_a_helper_gives_headers_and_is_asked_anew_when_they_ran_out(tmp_path: Path) -> None:
    with oauth_server() as seen:
        first, second = seen.new_tokens()["access_token"], seen.new_tokens()["access_token"]
        (tmp_path / "token").write_text(first)
        told = '"x-who": "$CLAUDE_CODE_MCP_SERVER_NAME", "x-where": "$CLAUDE_CODE_MCP_SERVER_URL"'
        script = f"""t=$(cat '{tmp_path}/token'); cat <<E
{{"Authorization": "Bearer $t", {told}}}
E"""
        given = await shown(server_at(seen.mcp, helper=script), tmp_path)
        assert given.headers == {"Authorization": f"Bearer {first}", "x-who": "files", "x-where": seen.mcp}
        assert await call(given, seen.mcp) == 200
        seen.good.discard(first)
        (tmp_path / "token").write_text(second)
        assert await call(given, seen.mcp) == 200 and given.refused() is None
        seen.good.clear()
        assert await call(given, seen.mcp) == 401
        assert "headersHelper" in str(given.refused()) and not isinstance(given.refused(), LoginNeeded)
        seen.good.add(second)
        assert await call(given, seen.mcp) == 200 and given.refused() is None


@pytest.mark.behaviour("B-1667")
@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo canary; exit 3", "exit code 3: run it by hand"),
        ("echo canary", "no JSON: it must print one JSON object"),
        ("echo '[\"canary\"]'", "no JSON object"),
        ("echo '{\"a\": 1}'", "whose a is no text on one line"),
        (r"""printf '{"a": "canary\\nx: y"}'""", "whose a is no text on one line"),
        ('echo \'{"a b: canary": "x"}\'', "header 1 has a name that cannot be sent"),
        ('echo \'{"Host": "canary"}\'', "header 1 has a name that cannot be sent"),
        ("yes canary", "printed more than 64 KB"),
        (r"printf '\377'", "no JSON"),
        ("yes '[' | tr -d '\\n' | head -c 60000", "no JSON"),
    ],
)
async def test_a_helper_that_is_of_no_use_is_said_to_be(tmp_path: Path, script: str, why: str) -> None:
    with pytest.raises(ServerError, match=why) as failed:
        await asyncio.wait_for(shown(server_at("http://127.0.0.1:9/mcp", helper=script), tmp_path), 8)
    assert "canary" not in str(failed.value) + repr(failed.value.__cause__) and "\n" not in str(failed.value)


@pytest.mark.behaviour("B-1667")
async def test_a_helper_that_hangs_is_ended_with_all_it_began(tmp_path: Path) -> None:
    from coder.mcp.header_helper import headers_of

    script = f"sleep 1000 & echo $! > '{tmp_path}/pid'; wait"
    with pytest.raises(ServerError, match=r"did not end within 0\.5 s"):
        await headers_of(server_at("http://127.0.0.1:9/mcp", helper=script), tmp_path, ENV, 0.5)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(400):
        if not Path(f"/proc/{pid}").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("still there")


@pytest.mark.behaviour("B-1667")
@pytest.mark.parametrize("scope", ["project", "local", "user"])
async def test_a_helper_of_a_folder_that_is_not_trusted_is_not_run(tmp_path: Path, scope: str) -> None:
    helper = f"touch '{tmp_path}/ran'; echo '{{}}'"
    server = replace(server_at("http://127.0.0.1:9/mcp", helper=helper), scope=scope)  # type: ignore[arg-type]  # a literal
    if scope == "user":
        await shown(server, tmp_path, trusted=False)
        assert (tmp_path / "ran").exists()
        return
    with pytest.raises(ServerError, match="headersHelper not run"):
        await shown(server, tmp_path, trusted=False)
    assert not (tmp_path / "ran").exists()
