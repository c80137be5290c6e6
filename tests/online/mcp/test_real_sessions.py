"""Whole runs with servers that others made: found by the tool search, called by dispatch, native the next time."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from coder.core.messages import Json
from coder.mcp.server import Stdio
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool_input, turn
from tests.support.one_page import page
from tests.support.real_servers import Shelf, running

pytestmark = [pytest.mark.online, pytest.mark.timeout(600)]


@dataclass(frozen=True, slots=True)
class Case:
    """How a server stands in a file of servers, one of its tools, and a word of what it then answers."""

    entry: Json
    tool: str
    given: Json
    word: str


def entry(program: Stdio, **env: str) -> Json:
    return {"command": program.command, "args": list(program.args), "env": env}


def case(name: str, servers: Shelf, project: Path, stack: ExitStack) -> Case:
    match name:
        case "filesystem":
            (project / "a.txt").write_text("It is bread.\n")
            program = servers.node("filesystem", str(project))
            return Case(entry(program), "read_text_file", {"path": str(project / "a.txt")}, "It is bread.")
        case "git":
            subprocess.run(["git", "init", "-q", "-b", "main", str(project)], check=True, timeout=30)
            return Case(entry(servers.python("git")), "git_status", {"repo_path": str(project)}, "On branch main")
        case "fetch":
            address = stack.enter_context(page("<html><body><h1>Bread</h1></body></html>"))
            program = servers.python("fetch", "--allow-private-ips", "--ignore-robots-txt")
            return Case(entry(program), "fetch", {"url": address}, "Bread")
        case "time":
            program = servers.python("time")
            return Case(entry(program), "get_current_time", {"timezone": "Asia/Tokyo"}, "Asia/Tokyo")
        case "memory":
            program = servers.node("memory")
            there = {"MEMORY_FILE_PATH": str(project / "memory.jsonl")}
            return Case(entry(program, **there), "read_graph", {}, "relations")
        case "sequential-thinking":
            thought = {"thought": "One.", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1}
            program = servers.node("sequential-thinking")
            return Case(entry(program), "sequentialthinking", thought, "thoughtHistoryLength")
        case "everything over HTTP":
            port = stack.enter_context(running(servers.node("everything", "streamableHttp")))
            at = {"type": "http", "url": f"http://127.0.0.1:{port}/mcp"}
            return Case(at, "get-sum", {"a": 2, "b": 3}, "The sum of 2 and 3 is 5.")
        case "everything over SSE":
            port = stack.enter_context(running(servers.node("everything", "sse")))
            at = {"type": "sse", "url": f"http://127.0.0.1:{port}/sse"}
            return Case(at, "echo", {"message": "hi"}, "Echo: hi")
        case _:
            return Case(entry(servers.node("everything")), "simulate-research-query", {"topic": "rye"}, "Report: rye")


NAMES = (
    "filesystem",
    "git",
    "fetch",
    "time",
    "memory",
    "sequential-thinking",
    "everything",
    "everything over HTTP",
    "everything over SSE",
)


@pytest.fixture(params=NAMES)
def real(request: pytest.FixtureRequest, servers: Shelf, place: Place) -> Iterator[Case]:
    with ExitStack() as stack:
        yield case(request.param, servers, place.project, stack)


@pytest.mark.behaviour("B-1819")
def test_a_session_with(real: Case, place: Place) -> None:
    """The first run finds the tool and calls it by dispatch; the second has it from the start."""
    name = f"mcp__real__{real.tool}"
    turns = [
        turn(tool_input("ToolSearch", {"query": f"select:{real.tool}"})),
        turn(tool_input("UseTool", {"name": name, "input": real.given})),
        turn("Once."),
        turn(tool_input(name, real.given)),
        turn("Twice."),
    ]
    common = ("-p", "go", "--mcp-config", json.dumps({"mcpServers": {"real": real.entry}}), "--allowedTools", name)
    with fake_api(turns) as api:
        first = place.coder(*common, url=api.url)
        assert (first.code, first.stdout, first.stderr) == (0, "Once.\n", ""), first
        again = place.coder(*common, url=api.url)
        assert (again.code, again.stdout, again.stderr) == (0, "Twice.\n", ""), again
    assert name in json.dumps(api.requests[1]["messages"][-1])
    for request in (api.requests[2], api.requests[4]):
        (result,) = [block for block in request["messages"][-1]["content"] if block["type"] == "tool_result"]
        assert not result.get("is_error") and real.word in json.dumps(result["content"]), result
    assert name in [tool["name"] for tool in api.requests[3]["tools"]]
