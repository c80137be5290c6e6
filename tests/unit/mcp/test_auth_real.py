"""A login at a real MCP server, from the first refusal to the last, through the connection of a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.core.messages import Json
from coder.mcp.errors import ServerError
from coder.mcp.link import Link
from coder.mcp.links import Links
from coder.mcp.login import LogIn
from coder.mcp.logins import credentials_of
from coder.mcp.place import Place
from coder.mcp.server import Http, Server
from coder.vault.vault import Vault
from tests.support.guarded_server import guarded_server
from tests.support.oauth_server import oauth_server
from tests.unit.mcp.test_auth_login import Browser

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class _Host:
    def __init__(self) -> None:
        self.heard: list[str] = []

    def roots(self) -> tuple[Path, ...]:
        return ()

    async def sample(self, server: Server, params: Json) -> Json:
        return {"error": "no"}

    async def elicit(self, server: Server, params: Json) -> Json:
        return {"action": "decline"}

    def logged(self, server: Server, level: str, text: str) -> None:
        self.heard.append(text)

    def changed(self, link: Link) -> None:
        self.heard.append(f"{link.standing.state} {link.standing.reason}")


def untold(done: float, total: float | None, text: str) -> None:
    pass


@pytest.mark.behaviour("B-1664")
@pytest.mark.behaviour("B-1665")
async def test_from_the_first_refusal_to_the_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    host = _Host()
    vault = Vault(tmp_path / "home", {"CODER_KEYRING": "off"})
    place = Place(tmp_path, tmp_path / "cache", tmp_path / "logs", {"PATH": "/usr/bin:/bin"})
    with oauth_server() as authority, guarded_server(authority) as url:
        server = Server("guarded", Http(url), "user", "/home/.claude.json", "d")
        links = Links([server], host, place, None, credentials_of(vault, tmp_path, place.env, trusted=True))
        link = links.find("guarded")
        assert link is not None
        links.start()
        assert not await link.ready()
        assert link.standing.state == "needs-auth" and "coder mcp login guarded" in link.standing.reason

        await LogIn(server, vault, Browser(), {}, seconds=30.0).run()
        await link.reconnect()
        assert await link.ready() and [tool.tool for tool in link.offer.tools] == ["add"]
        assert (await link.call("add", {"a": 1, "b": 2}, untold)).structured == {"result": 3}

        authority.good.clear()  # it ran out
        assert (await link.call("add", {"a": 2, "b": 2}, untold)).structured == {"result": 4}
        assert authority.paths().count("/token") == 2

        authority.good.clear()  # it was taken back
        authority.refreshes.clear()
        with pytest.raises(ServerError) as failed:
            await link.call("add", {"a": 3, "b": 2}, untold)
        assert str(failed.value).endswith("Log in with: coder mcp login guarded")
        assert not await link.ready() and link.standing.state == "needs-auth"
        await link.reconnect()
        assert not await link.ready()
        assert link.standing.state == "needs-auth" and "the login that is kept" in link.standing.reason
        await links.aclose()
    everything = [str(failed.value), *host.heard, caplog.text, *capfd.readouterr()]
    everything += [file.read_text() for file in tmp_path.rglob("*") if file.is_file() and file.name != "secrets.json"]
    assert not any("canary" in text for text in everything)
    print(failed.value)
