"""Servers of other makers, only as far as they can be had without an account or a browser: begun and listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.mcp.server import Stdio
from tests.support.mcp_links import linked, place_in, server_of
from tests.support.real_servers import Shelf

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]

CLUSTER = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
users: [{name: u, user: {token: t}}]
"""
TOOLS = {
    "playwright": "browser_navigate",
    "context7": "resolve-library-id",
    "chrome-devtools": "navigate_page",
    "kubernetes": "pods_list",  # a binary made with Go
    "sqlite": "read_query",
}


def program(name: str, servers: Shelf, folder: Path) -> Stdio:
    if name == "sqlite":
        return servers.sqlite("--db-path", str(folder / "data.db"))
    if name == "kubernetes":
        (folder / "cluster").write_text(CLUSTER)
        return servers.node(name, "--kubeconfig", str(folder / "cluster"))
    return servers.node(name)


@pytest.mark.behaviour("B-1820")
@pytest.mark.parametrize("name", TOOLS)
async def test_the_tools_of(name: str, servers: Shelf, tmp_path: Path) -> None:
    async with linked(server_of(program(name, servers, tmp_path), name), place_in(tmp_path)) as link:
        assert await link.ready(), link.standing.reason
        assert TOOLS[name] in [tool.tool for tool in link.offer.tools]
        assert not link.offer.problems
        assert all(tool.description and tool.schema["type"] == "object" for tool in link.offer.tools)
