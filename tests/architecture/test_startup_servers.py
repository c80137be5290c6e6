"""What is loaded when the first request of a session with servers leaves: nothing of what connects them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support import marked
from tests.support.cli import Place
from tests.support.fakeapi import fake_api

_PROBE = """
import json, runpy, sys
def leaves(event, arguments):
    global leaves
    if event == "socket.connect" and leaves is not None:
        leaves = None
        sys.stderr.write(json.dumps(sorted(sys.modules)) + "\\n")
sys.addaudithook(leaves)
sys.argv = ["coder", *sys.argv[1:]]
runpy.run_module("coder", run_name="__main__")
"""
LATER = {
    *("mcp", "mcp_types", "pydantic"),
    *(f"coder.mcp.{name}" for name in ("attempt", "client", "connection", "http", "login", "oauth", "stdio")),
    *("coder.vault.vault", "coder.app.reach.results", "coder.tools.finding.index", "coder.tools.finding.searching"),
}


@pytest.mark.behaviour("B-1835")
def test_the_first_request_leaves_before_what_connects_servers_is_loaded(place: Place) -> None:
    program = {"command": sys.executable, "args": [marked.ODD]}
    given = json.dumps({"mcpServers": {"good": program, "away": {"type": "http", "url": "http://127.0.0.1:1/mcp"}}})
    with fake_api([{"text": "Hello."}]) as api:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE, "-p", "hello", "--mcp-config", given],
            cwd=place.project,
            env=place.env(api.url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=60,
        )
    loaded = set(json.loads(done.stderr.split("\n")[0]))
    assert "coder.mcp.links" in loaded and sorted(loaded & LATER) == []
