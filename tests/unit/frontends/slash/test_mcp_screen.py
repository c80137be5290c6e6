"""`/mcp`, the row of `/status` and the rows of `/context`, as people see them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from coder.core.config import ServerSettings, ServerSource
from coder.frontends.slash.dispatch import run_line
from coder.frontends.stream_json import convert
from coder.frontends.styled import Row
from coder.mcp.server import Offer, Standing, State
from tests.support.desks import FakeDesk, FakeUi, by, desk_at
from tests.support.linked import MemoryLink, MemoryLinks, offered, server

OFFER = Offer((offered("good", "make", "Makes\x1b[2J it."), offered("good", "list")), title="Good one", version="1.2")


@asynccontextmanager
async def serving(root: Path, *, unapproved: bool = False) -> AsyncIterator[tuple[FakeDesk, MemoryLinks]]:
    entries = {name: {"command": "x"} for name in ("good", "bad")}

    def on_start(link: MemoryLink) -> None:
        if link.server.name == "bad":
            link.becomes("failed", "it exited with code 1")
        else:
            link.becomes("connected")

    links = MemoryLinks(MemoryLink(server("good"), OFFER, OFFER), MemoryLink(server("bad"), Offer()), on_start=on_start)
    waiting = {"new": "it is new in .mcp.json"} if unapproved else {}
    settings = ServerSettings((ServerSource("/f.json", "user", entries, root),), unapproved=waiting)
    async with desk_at(root, connect=links, servers=settings) as desk:
        assert desk.session.reach is not None
        desk.session.reach.begin()
        yield desk, links


@pytest.mark.behaviour("B-1633")
async def test_each_server_is_a_row_and_its_tools_a_page(tmp_path: Path) -> None:
    async with serving(tmp_path, unapproved=True) as (desk, _):
        desk.ui.picks = [by("good"), None]
        await run_line(desk, "/mcp")
        assert desk.ui.items(0) == [
            "good | connected | 2 tools | ",
            "bad | failed |  | it exited with code 1",
            "new | not approved |  | it is new in .mcp.json",
        ]
        assert "tokens in every request" in desk.ui.pickers[0].hint
        assert "good · connected" in desk.ui.page_words
        assert any("calls itself Good one 1.2 · user test" in line for line in desk.ui.page_words)
        assert "make  Makes\\x1b[2J it." in desk.ui.page_words
        await run_line(desk, "/mcp goood")
        assert desk.ui.words[-1].endswith("Did you mean good?")


@pytest.mark.behaviour("B-1633")
async def test_a_server_is_begun_anew(tmp_path: Path) -> None:
    async with serving(tmp_path) as (desk, links):
        await run_line(desk, "/mcp reconnect bad")
        assert links.links[1].reconnected == 1 and desk.ui.words[-1] == "✓ bad is connected."


@pytest.mark.behaviour("B-1866")
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("failed", "/mcp reconnect bad begins it anew."),
        ("needs-auth", "/mcp reconnect bad begins it anew once you are logged in."),
        ("connecting", "What it offers is not known yet."),
        ("connected", "It offers no tools."),
    ],
)
async def test_a_server_without_tools_says_what_can_be_done(tmp_path: Path, state: State, said: str) -> None:
    async with serving(tmp_path, unapproved=True) as (desk, links):
        links.links[1].becomes(state, "it is as it is")
        await run_line(desk, "/mcp bad")
        assert desk.ui.page_words[-1] == said
        await run_line(desk, "/mcp disable bad")
        await run_line(desk, "/mcp bad")
        assert desk.ui.page_words[-1] == "/mcp enable bad turns it on in this project."
        await run_line(desk, "/mcp reconnect new")
        assert desk.ui.words[-1] == "✗ new is not used: it is new in .mcp.json."


class Seeing(FakeUi):
    def __init__(self) -> None:
        super().__init__()
        self.seen = asyncio.Event()

    def say(self, rows: Iterable[Row]) -> None:
        super().say(rows)
        self.seen.set()


class Slow(MemoryLink):
    """Ready when the person has seen a sign of it."""

    ui: Seeing

    async def reconnect(self) -> None:
        await asyncio.wait_for(self.ui.seen.wait(), 10)
        self.becomes("connected")


@pytest.mark.behaviour("B-1866")
async def test_a_server_that_takes_its_time_gives_a_sign(tmp_path: Path) -> None:
    link = Slow(server("slow"), Offer())
    link.ui = Seeing()
    entries = ServerSource("/f.json", "user", {"slow": {"command": "x"}}, tmp_path)
    links = MemoryLinks(link, on_start=lambda link: link.becomes("failed", "it broke"))
    async with desk_at(tmp_path, ui=link.ui, connect=links, servers=ServerSettings((entries,))) as desk:
        await run_line(desk, "/mcp reconnect slow")
        assert desk.ui.words[-2:] == ["  Connecting slow …", "✓ slow is connected."]


@pytest.mark.behaviour("B-1866")
async def test_the_log_of_a_server_has_one_row(tmp_path: Path) -> None:
    async with serving(tmp_path) as (desk, links):
        log = tmp_path / "bad.log"
        links.links[1].standing = Standing("failed", f"The MCP server bad exited. Its log is {log}.", log)
        await run_line(desk, "/mcp bad")
        assert "  ! it exited." in desk.ui.page_words
        assert sum("bad.log" in line for line in desk.ui.page_words) == 1


async def test_what_is_wrong_goes_on_under_itself(tmp_path: Path) -> None:
    async with desk_at(tmp_path, warnings=(f"x: {'is not used ' * 9}",)) as desk:
        await run_line(desk, "/status")
        at = next(at for at, line in enumerate(desk.ui.page_words) if line.startswith("! x: "))
        assert desk.ui.page_words[at + 1].startswith("  not")


@pytest.mark.behaviour("B-1633")
async def test_a_server_is_turned_off_and_on_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as (desk, _):
        await run_line(desk, "/mcp disable good")
        assert [(each.name, each.state) for each in desk.session.servers.rows] == [
            ("bad", "failed"),
            ("good", "disabled"),
        ]
        kept = json.loads((tmp_path / "home" / ".coder" / ".claude.json").read_text())
        assert kept["projects"][str(tmp_path / "project")]["disabledMcpServers"] == ["good"]
        await run_line(desk, "/mcp reconnect good")
        assert desk.ui.words[-1] == "✗ good is off. /mcp enable good turns it on."
        await run_line(desk, "/mcp enable good")
        assert {each.name: each.state for each in desk.session.servers.rows} == {"good": "connected", "bad": "failed"}
        assert desk.ui.words[-1].startswith("✓ good is on in this project")


@pytest.mark.behaviour("B-1634")
async def test_status_and_init_list_them_and_context_counts_them(tmp_path: Path) -> None:
    async with serving(tmp_path, unapproved=True) as (desk, _):
        await run_line(desk, "/status")
        row = next(line for line in desk.ui.page_words if line.startswith("MCP"))
        assert row.startswith("MCP        bad ✗ it exited with code 1 · new not approved · good ok")
        told = convert.init(desk.session.facts, (), desk.session.servers.rows)["mcp_servers"]
        assert told == [
            {"name": "good", "status": "connected"},
            {"name": "bad", "status": "failed"},
            {"name": "new", "status": "pending"},
        ]
        desk.ui.pages.clear()
        await run_line(desk, "/context")
        assert any(line.strip().startswith("good, 2") for line in desk.ui.page_words)


async def test_without_servers_there_is_a_way_to_one_and_no_row(tmp_path: Path) -> None:
    async with desk_at(tmp_path) as desk:
        await run_line(desk, "/mcp")
        assert "coder mcp add" in desk.ui.pickers[0].empty
        await run_line(desk, "/status")
        assert not any(line.startswith("MCP") for line in desk.ui.page_words)


@pytest.mark.behaviour("B-1726")
async def test_an_extension_is_told_from_other_servers_with_what_is_held_back(tmp_path: Path) -> None:
    held = replace(OFFER, held=(offered("good", "new\x1b[2J"),))
    one = MemoryLink(replace(server("good"), scope="extension"), held)
    entries = ServerSource("/f.json", "user", {"good": {"command": "x"}}, tmp_path)
    async with desk_at(tmp_path, connect=MemoryLinks(one), servers=ServerSettings((entries,))) as desk:
        await run_line(desk, "/mcp good")
        assert "  ! held back: new\\x1b[2J" in desk.ui.page_words
        assert "  an extension: coder extension show good" in desk.ui.page_words
