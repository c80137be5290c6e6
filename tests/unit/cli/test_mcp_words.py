"""What `coder mcp` understands and prints, without a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.cli.mcp_add import _spread
from coder.cli.mcp_page import Row, as_json, hidden, list_page, server_page
from coder.core.errors import ConfigError
from coder.mcp.server import Http, Offer, Server, ServerTool, Standing, State, Stdio, Transport

KNOWN = {"-e", "--env", "-H", "--header", "-s", "--scope", "-t", "--client-secret", "--callback-port"}
SECRET = "s3cret-value-that-must-not-show"


def server(transport: Transport) -> Server:
    return Server("s", transport, "local", "/home/.claude.json", "0" * 64)


@pytest.mark.behaviour("B-1582")
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("n -e A=1 B=2 -- cmd -e C=3", "n -e A=1 -e B=2 -- cmd -e C=3"),
        ("-e A=1 B=2 n cmd D=4", "-e A=1 -e B=2 n cmd D=4"),
        ("-H A:1 B:2 n https://x:8", "-H A:1 -H B:2 n https://x:8"),
        ("--env A=1 B=2 -s user n cmd", "--env A=1 -e B=2 -s user n cmd"),
        ("-s user A=1 x", "-s user A=1 x"),
        ("n cmd --scope user", "n cmd --scope user"),
        ("n -- -y", "n -- -y"),
    ],
)
def test_lists_of_options_and_commands(given: str, meant: str) -> None:
    assert list(_spread(given.split(), KNOWN)) == meant.split()


@pytest.mark.behaviour("B-1582")
def test_a_commands_options_without_the_two_dashes_are_told() -> None:
    with pytest.raises(ConfigError, match=r"-y is no option of coder mcp add\. A command stands behind --"):
        list(_spread(["n", "npx", "-y", "pkg"], KNOWN))


@pytest.mark.behaviour("B-1585")
@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (("-y", "pkg", "."), "-y pkg ."),
        (("--api-key", SECRET, "x"), "--api-key … x"),
        ((f"--token={SECRET}",), "--token=…"),
        (("--header", f"Authorization: Bearer {SECRET}"), "--header …"),
        (("-e", f"API={SECRET}"), "-e API=…"),
        ((f"https://a:{SECRET}@x/y?key={SECRET}#{SECRET}",), "https://…@x/y?key=…#…"),
        (("--auth", "--verbose", "x"), "--auth --verbose x"),
    ],
)
def test_a_command_is_shown_without_its_keys(words: tuple[str, ...], seen: str) -> None:
    assert " ".join(hidden(words)) == seen


@pytest.mark.behaviour("B-1585")
@pytest.mark.parametrize(
    "transport",
    [
        Stdio("run", ("--password", SECRET), {"A": SECRET, "CLAUDECODE": "1"}),
        Http(f"https://u:{SECRET}@x/mcp?k={SECRET}", "sse", {"Authorization": SECRET}),
    ],
)
def test_no_page_shows_a_value(transport: Transport) -> None:
    row = Row("s", server(transport), Standing("connected"))
    text = "\n".join((*list_page([row]), *server_page(row), str(as_json(row))))
    assert SECRET not in text and "CLAUDECODE" not in text and "coder mcp remove s -s local" in text


@pytest.mark.behaviour("B-1585")
@pytest.mark.parametrize(
    ("state", "reason", "line"),
    [
        ("connected", "", "✔ Connected (1 tool)"),
        ("needs-auth", "x", "! Needs authentication: coder mcp login s"),
        ("failed", "no\x1b[2J", "✘ Failed to connect: no\\e[2J"),
        ("disabled", "", "⏸ Disabled"),
    ],
)
def test_how_a_server_is_doing(state: State, reason: str, line: str) -> None:
    offer = Offer(tools=(ServerTool("s", "t\x1b", "", {}),))
    row = Row("s", server(Stdio("run me", ("it",))), Standing(state, reason), offer)
    assert list(list_page([row])) == [f"s: 'run me' it - {line}"]
    assert as_json(row)["status"] == state and "\x1b" not in "".join(server_page(row))


@pytest.mark.behaviour("B-1585")
def test_one_that_was_not_approved_is_shown_without_being_read() -> None:
    row = Row("s", None, Standing("unapproved", "why"), origin=str(Path("/p/.mcp.json")))
    assert list(list_page([row])) == ["s: ⏸ Pending approval: why"]
    assert "  File: /p/.mcp.json" in list(server_page(row))


@pytest.mark.behaviour("B-1868")
def test_a_row_names_its_server_once() -> None:
    reason = "The MCP server s cannot be reached: x refuses the connection."
    (line,) = list_page([Row("s", server(Http("http://x/", "http")), Standing("failed", reason))])
    assert line.endswith("✘ Failed to connect: it cannot be reached: x refuses the connection.")
