"""What is written down of a server and shown of it: hidden, bounded, on one line; and how long it is waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.mcp.place import patience
from coder.mcp.printed import MOST, Printed
from coder.mcp.server import Hosted, Http, Stdio, Transport
from coder.mcp.veil import one_line, veil_of
from tests.support.mcp_links import server_of


@pytest.mark.parametrize(
    ("transport", "said", "shown"),
    [
        (Stdio("x", env={"KEY": "s3cret\nvalue"}), "is s3cret\nvalue or s3cret alone", "is [hidden] or [hidden] alone"),
        (Stdio("x", env={"PATH": "/usr/bin", "A": "12345"}), "/usr/bin 12345", "/usr/bin 12345"),
        (Http("https://x", headers={"Authorization": "Bearer abcdef"}), "Bearer abcdef abcdef", "[hidden] [hidden]"),
        (Http("https://me:password@x"), "https://me:password@x", "https://me:[hidden]@x"),
        (Hosted(), "one\x1b[31m\ntwo", r"one\x1b[31m two"),
    ],
)
def test_what_a_server_was_trusted_with_is_hidden(transport: Transport, said: str, shown: str) -> None:
    assert one_line(said, veil_of(server_of(transport))) == shown


def test_a_long_line_is_cut() -> None:
    assert len(one_line("x" * 10_000, lambda text: text)) == 300


def test_a_log_is_bounded_and_its_owners_alone(tmp_path: Path) -> None:
    printed = Printed(tmp_path / "logs", "a/../b", lambda text: text.replace("s3cret", "[hidden]"))
    printed.write(b"key s3")
    printed.write(b"cret\n\xff\xfe\n")
    for _ in range(500):
        printed.write(b"x" * 1000 + b"\n" + b"y" * 9000)
    printed.write(b"the last\n\n")
    printed.close()
    printed.close()
    first, second = sorted((tmp_path / "logs").iterdir())
    assert [first.name, second.name] == ["a_.._b.log", "a_.._b.log.1"]
    assert max(first.stat().st_size, second.stat().st_size) <= MOST
    assert first.stat().st_mode & 0o777 == 0o600
    assert printed.last == "the last"


def test_a_secret_is_hidden_in_a_log_though_it_came_in_pieces(tmp_path: Path) -> None:
    printed = Printed(tmp_path, "x", lambda text: text.replace("s3cret", "[hidden]"))
    printed.write(b"key s3")
    printed.write(b"cret\n")
    printed.write(b"end s3cret")
    printed.close()
    assert (tmp_path / "x.log").read_text() == "key [hidden]\nend [hidden]\n"


def test_a_log_that_cannot_be_written_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.log").symlink_to(tmp_path / "elsewhere")
    printed = Printed(tmp_path, "x", lambda text: text)
    printed.write(b"word\n")
    assert printed.last == "word"
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("transport", "env", "own", "seconds"),
    [
        (Stdio("x"), {}, None, (30, 100_000, 1800)),
        (Http("https://x"), {}, None, (30, 100_000, 300)),
        (Http("https://x"), {"MCP_TIMEOUT": "500", "MCP_TOOL_TIMEOUT": "2000"}, None, (0.5, 2, 300)),
        (Stdio("x"), {"MCP_TIMEOUT": "-5", "MCP_TOOL_TIMEOUT": "0"}, 7.0, (30, 7, 1800)),
        (Stdio("x"), {"CLAUDE_CODE_MCP_TOOL_IDLE_TIMEOUT": "1000"}, None, (30, 100_000, 1)),
        (Stdio("x"), {"MCP_TIMEOUT": "٣", "MCP_TOOL_TIMEOUT": "9" * 400}, None, (30, 100_000, 1800)),
    ],
)
def test_how_long_a_server_is_waited_for(
    transport: Transport, env: dict[str, str], own: float | None, seconds: tuple[float, float, float]
) -> None:
    found = patience(server_of(transport, call=own), env)
    assert (found.start, found.call, found.idle) == seconds
