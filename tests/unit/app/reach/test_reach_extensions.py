"""Extensions as servers of a session: which there are, what of them may be used, and what stays unseen."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coder.app.build import open_session
from coder.app.reach.extending import Extensions, extensions_of, joined
from coder.app.reach.host import SessionHost
from coder.app.reach.linking import Linking
from coder.app.reach.looking import look
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import Config, ExtensionSettings, ServerSettings
from coder.core.events import Notice
from coder.core.messages import Json
from coder.core.requests import Allow
from coder.extensions import updating
from coder.mcp.errors import ServerError
from coder.mcp.link import Host
from coder.mcp.server import Offer, Server, Standing, Stdio
from tests.support.bundles import bundle
from tests.support.engine import Recorder
from tests.support.fakeapi import KEY, running_api, tool_input, turn
from tests.support.installs import Installs
from tests.support.linked import MemoryLink, offered

SECRET = "canary-p$& ${HOME} \"'\n$(id) é"
FIELDS = {"key": {"type": "string", "title": "Key", "sensitive": True}}
ECHO, NEW = "mcp__echo__echo", "mcp__echo__new"


class Links:
    """Every server that was to be reached, each with the tools of `offers`. What was heard of one is known anew by its
    digest."""

    def __init__(self, *tools: str) -> None:
        self.offers = tools
        self.every: list[MemoryLink] = []
        self.heard: dict[str, Offer] = {}

    def __call__(self, servers: Sequence[Server], host: Host) -> Linking:
        return _Some([self._link(server, host) for server in servers], self)

    def _link(self, server: Server, host: Host) -> MemoryLink:
        plan = Offer(tuple(offered(server.name, tool) for tool in self.offers))
        link = MemoryLink(server, plan, self.heard.get(server.digest))
        link.host = host
        return link

    @property
    def servers(self) -> dict[str, Server]:
        return {link.server.name: link.server for link in self.every}

    @property
    def calls(self) -> list[str]:
        return [tool for link in self.every for tool, _ in link.calls]


class _Some:
    def __init__(self, links: list[MemoryLink], every: Links) -> None:
        self.links = links
        self._every = every

    def start(self) -> None:
        for link in self.links:
            self._every.every.append(link)
            self._every.heard[link.server.digest] = link.plan
            link.becomes("connected")

    async def drop(self, name: str) -> None:
        self.links = [link for link in self.links if link.server.name != name]

    async def aclose(self) -> None:
        pass


class Place:
    def __init__(self, root: Path, url: str = "", **settings: Any) -> None:
        self.installs = Installs(root)
        self.file = root / "echo.mcpb"
        (root / "project").mkdir()
        env = {**self.installs.env, "ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": KEY}
        config = load(Flags(), env, root / "project", managed=root / "managed")
        self.config: Config = replace(config, servers=ServerSettings(**settings))
        self.front = Recorder(Allow())

    def install(self, **changes: Any) -> None:
        self.installs.install(bundle(self.file, **changes), **changes.get("values", {}))

    def extensions(self, **taken: str) -> Extensions:
        return extensions_of(self.config, self.installs.env, taken)

    async def standing(self, extensions: Extensions, links: Links) -> dict[str, Standing]:
        """How they are doing once they were begun, with what each offered before that."""
        host = SessionHost(tuple, lambda link: None)
        linking = joined(links, extensions)(extensions.servers, host)
        self.before = {link.server.name: [tool.tool for tool in link.offer.tools] for link in linking.links}
        linking.start()
        await asyncio.gather(*(link.ready() for link in linking.links))
        found = {link.server.name: link.standing for link in linking.links}
        await linking.aclose()
        return found

    async def run(self, links: Links, *prompts: str) -> list[str]:
        """One session, with the notices of it."""
        self.front.events.clear()
        session = await open_session(self.config, self.front, connect=links)
        for prompt in prompts:
            await session.prompt(prompt)
        self.rows = session.servers.rows
        await session.aclose()
        return [event.text for event in self.front.of(Notice)]


def use(name: str) -> Json:
    return turn(tool_input("UseTool", {"name": name, "input": {}}))


def names(body: Json) -> list[str]:
    return [each["name"] for each in body["tools"] if each["name"].startswith("mcp__")]


def last_result(body: Json) -> str:
    found = [b for m in body["messages"] for b in m["content"] if b["type"] == "tool_result"]
    return "".join(part.get("text", "") for part in found[-1]["content"])


@pytest.mark.behaviour("B-1726")
@pytest.mark.behaviour("B-1727")
async def test_a_tool_that_nobody_said_yes_to_is_neither_found_nor_called_until_then(tmp_path: Path) -> None:
    search = turn(tool_input("ToolSearch", {"query": "echo new"}))
    script = [search, use(NEW), use(ECHO), turn("One."), turn("Two."), search, use(NEW), turn("Three.")]
    async with running_api(script) as api:
        place, links = Place(tmp_path, api.url), Links("echo", "new")
        place.install()
        said = await place.run(links, "Go.")
        assert said == [
            "The extension echo offers tools that you have not said yes to: new. They are held back. To see and allow "
            "them: coder extension enable echo"
        ]
        assert links.calls == ["echo"]  # and never new
        found, held, called = map(last_result, api.requests[1:4])
        assert ECHO in found and NEW not in found
        assert held.removeprefix("<tool_use_error>").removesuffix("</tool_use_error>") == (
            "new was not called: it is a tool of the extension echo that the person has not said yes to. They see and "
            "allow it with: coder extension enable echo"
        )
        assert called.startswith("echo was called")
        assert [request.call.name for request in place.front.asked] == [ECHO]  # nobody is asked about the other
        assert place.rows[0].held == ("new",) and place.rows[0].scope == "extension"
        assert place.installs.store.found("echo").waiting == ("new",)
        await place.run(links, "And then?")
        place.installs.enable("echo")
        assert await place.run(links, "Go on.") == []
        assert links.calls == ["echo", "new"] and NEW in last_result(api.requests[6])
    assert [names(body) for body in api.requests if len(body["messages"]) == 1] == [[], [ECHO], [ECHO, NEW]]


@pytest.mark.behaviour("B-1727")
async def test_one_that_declares_nothing_is_held_to_its_first_word_at_once(tmp_path: Path) -> None:
    place, links = Place(tmp_path), Links("a")
    place.install(tools=[])
    extensions = place.extensions()
    linking = joined(links, extensions)(extensions.servers, SessionHost(tuple, lambda link: None))
    (link,) = linking.links
    linking.start()
    assert await link.ready()
    more = Offer((*links.every[0].plan.tools, offered("echo", "b")))
    links.every[0].becomes("connected", offer=more)
    assert [tool.tool for tool in link.offer.tools] == ["a"] and link.offer is link.offer
    assert [tool.tool for tool in link.offer.held] == ["b"]
    assert (await link.call("a", {}, lambda *_: None)).content
    with pytest.raises(ServerError, match="b was not called"):
        await link.call("b", {}, lambda *_: None)
    await linking.aclose()
    record = place.installs.store.found("echo")
    assert (record.pinned, record.waiting) == (("a",), ("b",))
    extensions, seen = place.extensions(), []
    host = SessionHost(tuple, lambda link: seen.append((link.standing.state, len(link.offer.held))))
    linking = joined(links, extensions)(extensions.servers, host)
    (link,) = linking.links
    links.offers = ("a", "b")
    linking.start()
    await link.ready()
    assert seen[-1] == ("connected", 1)
    place.installs.enable("echo")
    seen.clear()
    await link.reconnect()
    assert await link.ready() and ("connected", 1) not in seen  # it was said yes to before it was begun anew
    assert [tool.tool for tool in link.offer.tools] == ["a", "b"]
    await linking.aclose()


def tampered(place: Place) -> None:
    (place.installs.home / "extensions/echo/1.0.0/server/main.py").write_text("print()")


def broken(place: Place) -> None:
    (place.installs.home / "extensions/echo/extension.json").write_text("{")


def blocked(place: Place) -> None:
    place.config = replace(place.config, extensions=ExtensionSettings(blocked=({"name": "echo"},)))


def denied(place: Place) -> None:
    place.config = replace(place.config, servers=ServerSettings(denied=({"serverName": "echo"},)))


def not_allowed(place: Place) -> None:
    place.config = replace(place.config, servers=ServerSettings(allowed=({"serverCommand": ["other"]},)))


@pytest.mark.behaviour("B-1728")
@pytest.mark.parametrize(
    ("change", "why", "offers"),
    [
        (tampered, "its files were changed after it was installed. Install it again", ["echo"]),
        (broken, "extension.json cannot be used: ", []),
        (blocked, "the administrator has blocked name echo. To be rid of it: coder extension remove", ["echo"]),
        (denied, "deniedMcpServers names it. Ask the administrator.", []),
        (not_allowed, "it is not among allowedMcpServers. Ask the administrator.", []),
    ],
)
async def test_one_that_must_not_start_is_there_with_the_reason(
    change: Any, why: str, offers: list[str], tmp_path: Path
) -> None:
    place, links = Place(tmp_path), Links("echo")
    place.install()
    assert (await place.standing(place.extensions(), links))["echo"].state == "connected"
    change(place)
    for _ in range(2):  # the second time it is known from the record
        begun = len(links.every)
        standing = (await place.standing(place.extensions(), links))["echo"]
        assert standing.state == "failed" and why in standing.reason
        assert len(links.every) == begun
        assert place.before["echo"] == offers


@pytest.mark.behaviour("B-1728")
async def test_one_that_is_off_gone_closed_out_or_shadowed_is_no_part_of_a_session(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.install()
    store = place.installs.store
    assert [server.name for server in place.extensions().servers] == ["echo"]
    for name in ("echo", "e_cho"):
        shadowed = place.extensions(**{name: "/x/.mcp.json"})
        assert [server.name for server in shadowed.servers] == ([] if name == "echo" else ["echo"])
    (said,) = place.extensions(echo="/x/.mcp.json").problems
    assert said == (
        "The extension echo is not used: /x/.mcp.json has an MCP server echo. Call that one otherwise, or say: coder "
        "extension disable echo"
    )
    closed = replace(place.config, servers=ServerSettings(is_closed=True))
    assert extensions_of(closed, {}, {}).servers == ()
    off = replace(place.config, servers=ServerSettings(off=("echo",)))
    session = await open_session(off, place.front, connect=Links())
    assert [(row.name, row.state, row.scope) for row in session.servers.rows] == [("echo", "disabled", "extension")]
    await session.aclose()
    updating.disable(store, "echo")
    assert place.extensions().servers == ()
    place.installs.remove("echo")
    assert place.extensions().servers == ()


@pytest.mark.behaviour("B-1728")
@pytest.mark.parametrize(
    ("flags", "closed"),
    [
        (Flags(), False),
        (Flags(bare=True), True),
        (Flags(safe_mode=True), True),
        (Flags(strict_mcp_config=True), True),
        (Flags(mcp_config=('{"mcpServers": {}}',)), False),
    ],
)
def test_who_asks_for_no_further_server_gets_no_extension(flags: Flags, closed: bool, tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "ANTHROPIC_API_KEY": KEY}
    assert load(flags, env, tmp_path, managed=tmp_path / "managed").servers.is_closed is closed
    (tmp_path / "managed").mkdir()
    (tmp_path / "managed" / "managed-mcp.json").write_text('{"mcpServers": {}}')
    assert load(flags, env, tmp_path, managed=tmp_path / "managed").servers.is_closed


@pytest.mark.behaviour("B-1729")
async def test_what_was_set_is_known_to_the_server_that_runs_alone(tmp_path: Path) -> None:
    place, links = Place(tmp_path), Links("echo")
    made = bundle(place.file, env={"KEY": "${user_config.key}"}, args=["${user_config.key}"], user_config=FIELDS)
    place.installs.install(made, key=SECRET)
    extensions = place.extensions()
    (shown,) = extensions.servers
    assert isinstance(shown.transport, Stdio)
    assert shown.transport.args == ("${__dirname}/server/main.py", "<key>") and set(shown.transport.env.values()) == {
        ""
    }
    await place.standing(extensions, links)
    started = links.servers["echo"].transport
    assert isinstance(started, Stdio)
    assert started.env["KEY"] == SECRET and started.args[-1] == SECRET and started.secrets == (SECRET,)
    assert links.servers["echo"].digest == shown.digest  # so that what it offered is known the next time


FAILS = """
import json, os, sys
key = os.environ["KEY"]
print("cannot log in with", json.dumps(key), repr(key), key, sys.argv[1:], file=sys.stderr)
print("no such account:", key.splitlines()[0], json.dumps(key), file=sys.stderr)
sys.exit(3)
"""


@pytest.mark.behaviour("B-1729")
@pytest.mark.behaviour("B-1730")
async def test_one_that_fails_says_its_last_line_and_no_secret(tmp_path: Path) -> None:
    place = Place(tmp_path)
    made = bundle(
        place.file,
        {"server/main.py": FAILS},
        args=["${user_config.key}"],
        env={"KEY": "${user_config.key}"},
        user_config=FIELDS,
    )
    place.installs.install(made, key=SECRET)
    extensions = place.extensions()
    ((server, standing, _),) = await look(extensions.servers, place.config, extensions=extensions)
    assert standing.state == "failed" and "exited with code 3: no such account: [hidden]" in standing.reason
    assert standing.log is not None
    seen = standing.reason + standing.log.read_text() + json.dumps(server.transport.args)  # type: ignore[union-attr]
    assert "canary" not in seen and "cannot log in with" in seen and "$(id)" not in seen


ASSEMBLED = """
import asyncio, os, sys
from pathlib import Path
from coder.app.build import open_session
from coder.config.flags import Flags
from coder.config.load import load

class Front:
    emit = ask = None

async def main():
    session = await open_session(load(Flags(), os.environ, Path.cwd()), Front)
    print([row.name for row in session.servers.rows], *(m for m in sys.modules if m[:9] in ("coder.ext", "coder.vau")))
    print([m for m in ("mcp", "cryptography", "zipfile", "keyring") if m in sys.modules])

asyncio.run(main())
"""


@pytest.mark.behaviour("B-1726")
def test_a_session_is_assembled_by_the_records_alone(tmp_path: Path) -> None:
    place = Place(tmp_path)
    env = {**place.installs.env, "ANTHROPIC_API_KEY": KEY, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    def assembled() -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", ASSEMBLED],
            cwd=tmp_path / "project",
            env=env,
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()

    assert assembled() == ["[] coder.extensions coder.extensions.roster", "[]"]
    place.installs.install(bundle(place.file, user_config=FIELDS), key=SECRET)
    first, second = assembled()
    servers, *modules = first.split(" ")
    assert (servers, second) == ("['echo']", "[]")
    loaded = {name.rpartition(".")[2] for name in modules if name.startswith("coder.extensions.")}
    assert loaded == {"policy", "record", "roster", "store", "toolset"}
