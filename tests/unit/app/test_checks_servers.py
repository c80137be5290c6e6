"""`coder doctor` on MCP servers and extensions: what is written down of them, with none started."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from coder.app.checks import Check, Site
from coder.app.checks_servers import extensions, mcp_servers
from tests.support.bundles import bundle
from tests.support.installs import Installs


def site(root: Path) -> Site:
    home, project = root / "home", root / "project"
    for folder in (home / ".coder", project):
        folder.mkdir(parents=True, exist_ok=True)
    return Site({"HOME": str(home), "PATH": "/usr/bin:/bin"}, project, home / ".coder")


def found(checks: Iterable[Check]) -> list[tuple[str, str]]:
    return [(check.state, check.what) for check in checks]


def test_where_there_are_none_nothing_is_said(tmp_path: Path) -> None:
    assert not [*mcp_servers(site(tmp_path)), *extensions(site(tmp_path))]


@pytest.mark.behaviour("B-1876")
def test_what_is_written_down_of_servers_is_looked_at_and_none_is_started(tmp_path: Path) -> None:
    here = site(tmp_path)
    mark = tmp_path / "started"
    runs = {"command": "touch", "args": [str(mark)]}
    own = {"good": runs, "off": runs, "wrong": {"url": "ftp://x"}, "unset": {"command": "${CODER_NO_SUCH}"}}
    project = {"disabledMcpServers": ["off"]}
    (here.home / ".claude.json").write_text(json.dumps({"mcpServers": own, "projects": {str(here.cwd): project}}))
    (here.cwd / ".mcp.json").write_text(json.dumps({"mcpServers": {"their\x1b[31ms": runs}}))
    said = found(mcp_servers(here))
    assert [state for state, _ in said] == ["warn", "warn", "warn", "ok"]
    assert "wrong" in said[0][1] and ".claude.json" in said[0][1] and "CODER_NO_SUCH" in said[1][1]
    assert said[2][1] == "not used before you say yes: their\\x1b[31ms"
    assert said[3][1] == "3 configured, 1 turned off; how they are: coder mcp list"
    (here.home / ".claude.json").write_text('{"mcpServers": 5}')
    said = found(mcp_servers(here))
    assert said[0][0] == "warn" and "mcpServers" in said[0][1] and ".claude.json" in said[0][1]
    assert not mark.exists()


@pytest.mark.behaviour("B-1876")
def test_an_extension_that_is_not_started_is_said_to_be(tmp_path: Path) -> None:
    here = site(tmp_path)
    installs = Installs(tmp_path / "home")
    record = installs.install(bundle(tmp_path / "one.mcpb"))
    assert found(extensions(here)) == [("ok", "1 turned on: coder extension list")]
    (installs.store.top / record.name / "extension.json").write_text("[")
    ((state, what),) = found(extensions(here))
    assert state == "warn" and what.startswith(f"{record.name} is not started: ")
