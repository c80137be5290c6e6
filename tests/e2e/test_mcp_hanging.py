"""Servers that hang before they are there, in each way one can: no run waits for them longer than it says."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from coder.core.messages import Json
from tests.support import marked
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool_input, turn
from tests.support.mcp_links import odd

# A resolver that does not answer, as where the network is gone: nothing can end that call.
_DEAF = """
import socket, time
known = socket.getaddrinfo
def getaddrinfo(host, *more, **options):
    if host in ("deaf.example", b"deaf.example"):
        time.sleep(600)
    return known(host, *more, **options)
socket.getaddrinfo = getaddrinfo
"""
BOUND = 15.0  # seconds; each of these would hang for minutes
HANGS = ("names", "connects", "speaks")


def settings(url: str, *names: str) -> str:
    silent = odd("silent").transport
    every: Json = {
        "names": {"type": "http", "url": "http://deaf.example/mcp"},
        "connects": {"type": "http", "url": url},
        "speaks": {"command": silent.command, "args": list(silent.args)},  # type: ignore[union-attr]  # a program
        "good": {"command": silent.command, "args": [marked.ODD]},  # type: ignore[union-attr]  # a program
    }
    return json.dumps({"mcpServers": {name: every[name] for name in names}})


@contextmanager
def mute() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"


@pytest.fixture
def env(place: Place) -> dict[str, str]:
    folder = place.home / "deaf"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_DEAF, encoding="utf-8")
    return {"PYTHONPATH": os.pathsep.join((str(folder), place.env(None)["PYTHONPATH"])), "MCP_TIMEOUT": "700"}


@pytest.mark.behaviour("B-1832")
def test_a_run_goes_on_without_servers_that_hang_and_ends_when_it_is_done(place: Place, env: dict[str, str]) -> None:
    """It looks for a tool, so that they have all begun, and asks for one that it must have."""
    with mute() as url, fake_api([turn(tool_input("ToolSearch", {"query": "echo"})), turn("Done.")]) as api:
        given = ("--mcp-config", settings(url, "good", *HANGS), "--require-mcp", "good")
        done = place.coder("-p", "go", *given, url=api.url, env=env, timeout=BOUND)
    assert (done.code, done.stdout) == (0, "Done.\n"), done
    found = json.dumps(api.requests[1]["messages"][-1])
    assert "mcp__good__echo" in found and all(f"- {name}: not there" in found for name in HANGS), found


@pytest.mark.behaviour("B-1832")
@pytest.mark.parametrize("required", [HANGS, *(pytest.param((name,), marks=pytest.mark.soak) for name in HANGS)])
def test_h11_a_server_that_must_be_there_and_hangs_ends_the_run_in_time(
    place: Place, env: dict[str, str], required: tuple[str, ...]
) -> None:
    with mute() as url, fake_api([turn("Never.")]) as api:
        given = ("--mcp-config", settings(url, *HANGS), *(f"--require-mcp={name}" for name in required))
        done = place.coder("-p", "go", *given, url=api.url, env=env, timeout=BOUND)
    assert (done.code, done.stdout) == (3, ""), done
    for name in required:
        assert f"MCP server {name} is not there: it was not ready within 0.7 s" in done.stderr
    assert api.requests == []
