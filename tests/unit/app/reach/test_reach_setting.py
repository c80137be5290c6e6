"""The set of servers that a program which embeds us may change: what is refused, and what stays the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.hosted import HOST
from coder.app.reach.host import SessionHost
from coder.app.reach.setting import Setting, judged
from coder.app.reach.turning import Turning
from coder.core.config import Config, ServerSettings
from coder.mcp.link import Host
from coder.mcp.server import Offer, Server
from tests.support.linked import MemoryLink, server
from tests.support.talks import Talk

PROGRAM = {"command": "true"}
BOUNDS: list[tuple[str, dict[str, Any], ServerSettings, str]] = [
    ("bad", PROGRAM, ServerSettings(denied=({"serverName": "bad"},)), "deniedMcpServers"),
    ("bad", PROGRAM, ServerSettings(allowed=()), "allowedMcpServers"),
    ("bad", PROGRAM, ServerSettings(is_closed=True, is_managed=True), "the administrator says"),
    ("bad", PROGRAM, ServerSettings(off=("bad",)), "turned off"),
    ("bad", {**PROGRAM, "disabled": True}, ServerSettings(), "disabled"),
    ("bad", {"type": "http"}, ServerSettings(), "url"),
    ("bad", {"type": "carrier pigeon"}, ServerSettings(), "type"),
    ("workspace", PROGRAM, ServerSettings(), "reserved"),
    ("theirs", {"type": "sdk"}, ServerSettings(), "administrator has that name"),
    ("a.b", {"type": "sdk"}, ServerSettings(), "called like those of a_b"),
]


def config(root: Path, servers: ServerSettings) -> Config:
    return replace(Talk.at(root, "http://127.0.0.1:1").config(), servers=servers)


@pytest.mark.behaviour("B-2872")
@pytest.mark.parametrize(("name", "entry", "bounds", "why"), BOUNDS)
def test_what_nobody_may_use_is_refused_and_the_rest_is_used(
    tmp_path: Path, name: str, entry: dict[str, Any], bounds: ServerSettings, why: str
) -> None:
    own = {"type": "sdk"}
    there = {"theirs": replace(server("theirs"), scope="managed"), "a_b": server("a_b")}
    found = judged(config(tmp_path, bounds), {}, {name: entry, "own": own}, there)
    assert list(found.entries) == ["own"] and [each.name for each in found.servers] == ["own"]
    assert list(found.errors) == [name] and why in found.errors[name] and "\n" not in found.errors[name]


@pytest.mark.behaviour("B-2872")
def test_where_others_are_left_out_the_host_may_set_its_own(tmp_path: Path) -> None:
    found = judged(config(tmp_path, ServerSettings(is_closed=True)), {}, {"good": PROGRAM}, {})
    assert list(found.entries) == ["good"] and not found.errors


class Held:
    """Implements `coder.app.reach.linking.Linking`; `ended` says which of its servers have ended."""

    def __init__(self, servers: Sequence[Server], ended: list[Server]) -> None:
        self.links: Sequence[MemoryLink] = [MemoryLink(each, Offer()) for each in servers]
        self._ended = ended

    def start(self) -> None:
        for link in self.links:
            link.becomes("connected")

    async def drop(self, name: str) -> None:
        self._ended += [link.server for link in self.links if link.server.name == name]

    async def aclose(self) -> None:
        self._ended += [link.server for link in self.links]


ENTRIES = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), max_size=4)


@pytest.mark.behaviour("B-2871")
@given(st.lists(ENTRIES, min_size=1, max_size=5), ENTRIES)
def test_after_each_set_there_are_those_that_stay_and_those_of_the_set(
    sets: list[dict[str, int]], first: dict[str, int]
) -> None:
    async def play() -> None:
        ended: list[Server] = []
        settled = [server("kept"), *(replace(server(name), digest=str(n), origin=HOST) for name, n in first.items())]
        base = Held(settled, ended)
        links = list(map(Turning, base.links))
        changes: list[int] = []
        host = SessionHost(tuple, lambda link: None)

        def connect(servers: Sequence[Server], host: Host) -> Held:
            return Held(servers, ended)

        setting = Setting(links, base, connect, host, lambda: changes.append(1))
        before = dict(first)
        for entries in sets:
            was = {link.server.name: link for link in links}
            wanted = [replace(server(name), digest=str(n), origin=HOST) for name, n in entries.items()]
            changed = await setting.replace(wanted)
            now = {link.server.name: link for link in links}
            assert set(now) == {"kept", *entries} and len(links) == len(now) and not changed.errors
            same = {name for name, n in entries.items() if before.get(name) == n}
            assert all(now[name] is was[name] for name in ("kept", *same))
            assert set(changed.added) == set(entries) - same and set(changed.removed) == set(before) - set(entries)
            before = dict(entries)
        alive = {id(link.server) for link in links}
        assert not alive & set(map(id, ended)) and len(changes) == len(sets)
        await setting.aclose()
        assert "kept" not in {each.name for each in ended}  # the session ends those that it began with

    asyncio.run(play())
