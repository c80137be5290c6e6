"""`coder mcp` as people type it: servers added, shown, taken out, taken over."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.support.cli import CODER, Place

SECRET = "s3cret-value-that-must-not-show"


def own(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place.home / ".coder" / ".claude.json").read_text("utf-8"))
    return found


@pytest.mark.behaviour("B-1582")
def test_servers_are_added_shown_and_removed(place: Place) -> None:
    done = place.coder("mcp", "add", "-e", f"KEY={SECRET}", "B=2", "--", "files", "npx", "-y", "fs", "--", ".")
    assert (done.code, done.stderr) == (0, "")
    path = place.home / ".coder" / ".claude.json"
    assert done.stdout == (
        f"Added stdio MCP server files to local config\nFile modified: {path} [project: {place.project}]\n"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    entry = own(place)["projects"][str(place.project)]["mcpServers"]["files"]
    assert entry == {
        "type": "stdio",
        "command": "npx",
        "args": ["-y", "fs", "--", "."],
        "env": {"KEY": SECRET, "B": "2"},
    }
    header = f"Authorization: Bearer {SECRET}"
    remote = ("mcp", "add", "--transport", "http", "-s", "user", "docs", "http://127.0.0.1:1/mcp", "--header", header)
    assert place.coder(*remote, "--client-id", "me", "--callback-port", "8080").code == 0
    assert own(place)["mcpServers"]["docs"] == {
        "type": "http",
        "url": "http://127.0.0.1:1/mcp",
        "headers": {"Authorization": f"Bearer {SECRET}"},
        "oauth": {"clientId": "me", "callbackPort": 8080},
    }
    gone = place.coder("mcp", "remove", "docs")
    assert gone.stdout.startswith("Removed MCP server docs from user config\nFile modified: ")
    assert own(place)["mcpServers"] == {}


def test_no_session_is_missed_where_none_begins(place: Place) -> None:
    """Where there is no home folder, a session is told that it is not saved."""
    done = place.coder("mcp", "list", env={"HOME": "/"})
    assert (done.code, done.stderr) == (0, "") and done.stdout.startswith("No MCP servers configured.")


def test_what_a_server_logs_is_not_among_the_answers(place: Place) -> None:
    program = Path(__file__).parents[1] / "support" / "mcp_servers" / "asking.py"
    assert place.coder("mcp", "add", "shop", "--", sys.executable, str(program)).code == 0
    done = place.coder("mcp", "get", "shop")
    assert "Connected" in done.stdout and done.stderr == ""


@pytest.mark.behaviour("B-1585")
def test_every_server_is_asked_how_it_is_doing(place: Place) -> None:
    program = Path(__file__).parents[1] / "support" / "mcp_servers" / "odd.py"
    servers = {
        "good": {"command": sys.executable, "args": [str(program)], "env": {"KEY": SECRET}},
        "gone": {"command": "no-such-program"},
        "off": {"command": "no-such-program"},
        "wrong": {"url": "https://x"},
    }
    path = place.home / ".coder" / ".claude.json"
    path.parent.mkdir()
    projects = {str(place.project): {"disabledMcpServers": ["off"]}}
    path.write_text(json.dumps({"mcpServers": servers, "projects": projects}), encoding="utf-8")
    done = place.coder("mcp", "list", "--json")
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert {name: row["status"] for name, row in rows.items()} == {
        "good": "connected",
        "gone": "failed",
        "off": "disabled",
    }
    assert rows["good"]["tools"] == ["echo"] and rows["good"]["env"] == {"KEY": "…"}
    assert "no-such-program" in rows["gone"]["reason"] and SECRET not in done.stdout + done.stderr
    shown = place.coder("mcp", "get", "gone").stdout
    assert "  Status: ✘ Failed to connect: " in shown and "  Scope: User config" in shown
    assert done.code == 0 and f'{path}: MCP server "wrong" has a "url" but no "type"; ' in done.stderr


@pytest.mark.behaviour("B-1868")
def test_on_a_terminal_it_says_that_it_asks_and_no_more_once_there_are_answers(place: Place) -> None:
    assert place.coder("mcp", "add", "gone", "--", "no-such-program").code == 0
    child = pexpect.spawn(
        CODER[0], [*CODER[1:], "mcp", "list"], cwd=str(place.project), env=place.env(None), timeout=30
    )
    child.expect_exact("Asking 1 MCP server how it is doing")
    child.expect_exact("\r\x1b[2K")
    child.expect("gone: no-such-program - (?s:.*)Failed to(?s:.*)it cannot be started")
    child.expect(pexpect.EOF)


@pytest.mark.behaviour("B-1868")
@pytest.mark.behaviour("B-1587")
def test_what_a_project_brings_waits_and_can_be_reset(place: Place) -> None:
    assert place.coder("mcp", "add", "--scope", "project", "shared", "--", "no-such-program").code == 0
    settings = place.project / ".coder" / "settings.local.json"
    settings.parent.mkdir()
    settings.write_text('{"model": "x", "disabledMcpjsonServers": ["shared"]}', encoding="utf-8")
    assert json.loads(place.coder("mcp", "list", "--json").stdout)[0]["status"] == "disabled"
    assert place.coder("mcp", "reset-project-choices").code == 0
    assert json.loads(settings.read_text("utf-8")) == {"model": "x"}
    listed = place.coder("mcp", "list")
    assert listed.code == 0 and listed.stdout.startswith(
        "shared: ⏸ Pending approval: it is new in .mcp.json. See it with: "
    )
    assert "Approve it with: coder trust add" in listed.stdout and listed.stderr == ""


@pytest.mark.behaviour("B-1869")
@pytest.mark.behaviour("B-1582")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("get", "a"), 'No MCP server found with name: "a"'),
        (("add", "a__b", "x"), "must not hold __"),
        (("add", "a", "-t", "ws", "wss://x"), "--transport must be one of"),
        (("add", "a", "ftp://x", "-t", "http"), "url must be an http or https address. Nothing was added."),
        (("add", "a", "x.example/mcp"), "begins with http:// or https://: coder mcp add a https://x.example/mcp"),
        (("add", "a", "localhost:8080"), "coder mcp add a http://localhost:8080"),
        (("add", "a", "-s", "global", "x"), "--scope must be one of local, project, user"),
        (("add-json", "a", f'{{"type": "http", "url": "{SECRET}"}}'), "url must be an http or https address"),
        (("add-json", "a", '{"type": "sdk", "name": "a"}'), "lives in the program that embeds coder"),
        (("add", "a", "https://x", "-H", SECRET), '--header must be "Name: value".'),
    ],
)
def test_what_cannot_be_used_is_not_written(place: Place, words: tuple[str, ...], said: str) -> None:
    done = place.coder("mcp", *words)
    assert done.code == 2 and done.stdout == "" and said in done.stderr and SECRET not in done.stderr
    assert done.stderr.startswith("coder: ") and done.stderr.count("\n") == 1
    assert not (place.home / ".coder" / ".claude.json").exists()


@pytest.mark.behaviour("B-1586")
def test_servers_of_another_tool_are_shown_and_taken_over(place: Place) -> None:
    theirs = place.project / ".vscode" / "mcp.json"
    theirs.parent.mkdir()
    files = {"command": "npx", "args": ["fs", "--token", SECRET], "env": {"K": SECRET}}
    text = f'{{// mine\n"servers": {{"My Files": {json.dumps(files)}, "old": {{"type": "ws", "url": "ws://x"}},}}}}'
    theirs.write_text(text, encoding="utf-8")
    asked = place.coder("mcp", "import", "vscode")
    assert asked.code == 2 and "say it with --yes" in asked.stderr
    assert "  My-Files: npx fs --token …\n    with K\n" in asked.stdout and SECRET not in asked.stdout
    assert not (place.home / ".coder" / ".claude.json").exists()
    done = place.coder("mcp", "import", str(theirs), "--yes", "-s", "user")
    assert (
        done.code == 0
        and "! old: " in done.stdout
        and done.stdout.endswith("Added 1 MCP server. See: coder mcp list\n")
    )
    assert own(place)["mcpServers"]["My-Files"]["env"] == {"K": SECRET}
    assert "there is no file" in place.coder("mcp", "add-from-claude-desktop").stderr
