"""What is loaded when the first request of a session with servers leaves: nothing of what connects them."""

from __future__ import annotations

import json
import sys

import pytest

from tests.support import marked
from tests.support.cli import Place
from tests.support.loaded import loaded

LATER = {
    *("mcp", "mcp_types", "pydantic"),
    *(f"coder.mcp.{name}" for name in ("attempt", "client", "connection", "http", "login", "oauth", "stdio")),
    *("coder.vault.vault", "coder.app.reach.results", "coder.tools.finding.index", "coder.tools.finding.searching"),
}


@pytest.mark.behaviour("B-1835")
def test_the_first_request_leaves_before_what_connects_servers_is_loaded(place: Place) -> None:
    program = {"command": sys.executable, "args": [marked.ODD]}
    given = json.dumps({"mcpServers": {"good": program, "away": {"type": "http", "url": "http://127.0.0.1:1/mcp"}}})
    found = loaded(place, "--mcp-config", given)
    assert "coder.mcp.links" in found and sorted(found & LATER) == []
