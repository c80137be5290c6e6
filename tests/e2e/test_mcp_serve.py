"""`coder mcp serve` as other programs use it: a process of its own, in both eras of the protocol."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import mcp_types
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

from coder.core.messages import Json
from tests.support.cli import CODER, Place
from tests.support.fakeapi import fake_api, tool_input, turn
from tests.support.processes import is_alive, pid_in, until

SLEEPS = 'sh -c "echo \\$\\$ > pid; echo at work; sleep 600"'
ALLOWED = ("--allowedTools", "Bash(sh *)")


class Person:
    def __init__(self, *answers: Json) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.words: list[str] = []

    async def answer(self, context: object, params: Any) -> mcp_types.ElicitResult:
        self.asked.append(params.message)
        return mcp_types.ElicitResult(action="accept", content=self.answers.pop(0))

    async def hear(self, progress: float, total: float | None, message: str | None) -> None:
        self.words.append(message or "")


@asynccontextmanager
async def client_of(place: Place, mode: Any, person: Person, *flags: str) -> AsyncIterator[Client]:
    command, *rest = CODER
    program = StdioServerParameters(
        command=command, args=[*rest, "mcp", "serve", *flags], cwd=place.project, env=place.env(None)
    )
    with (place.home / "stderr").open("w") as log:
        transport = stdio_client(program, errlog=log)
        async with Client(transport, mode=mode, elicitation_callback=person.answer) as client:
            yield client


def said(result: mcp_types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, mcp_types.TextContent))


@pytest.mark.behaviour("B-1810")
@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
async def test_another_program_uses_our_tools(place: Place, mode: str, version: str) -> None:
    ann = Person({"answer": "Yes, this once"}, {"answer": "No", "instead": "use b.txt"})
    async with client_of(place, mode, ann, *ALLOWED) as client:
        assert client.session.protocol_version == version
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        read = tools["Read"]
        assert read.annotations is not None and read.annotations.read_only_hint
        assert read.input_schema["required"] == ["file_path"]
        path = str(place.project / "a.txt")
        done = await client.call_tool("Write", {"file_path": path, "content": "one\n"})
        assert not done.is_error and Path(path).read_text("utf-8") == "one\n"
        assert "Create a.txt?" in ann.asked[0]
        told = await client.call_tool("Bash", {"command": "touch c"})
        assert told.is_error and "use b.txt" in said(told)
        assert not (place.project / "c").exists() and len(ann.asked) == 2
        with pytest.raises(MCPError, match="Unknown tool: Nope"):
            await client.call_tool("Nope", {})
        wrong = await client.call_tool("Read", {"path": 1})
        assert wrong.is_error and said(wrong).startswith("Read was not run: its input has ")
        await cancelled(place, client, ann)
    log = (place.home / "stderr").read_text("utf-8")
    (session,) = [path.stem for path in place.transcripts()]
    assert f"coder rewind {session} --files" in log and "Traceback" not in log
    back = place.coder("rewind", session, "1", "--files", "--yes")
    assert back.code == 0 and not Path(path).exists(), back


async def cancelled(place: Place, client: Client, ann: Person) -> None:
    """A call that is given up ends with its processes; another one is answered meanwhile."""
    running = asyncio.create_task(client.call_tool("Bash", {"command": SLEEPS}, progress_callback=ann.hear))
    await until(lambda: bool(ann.words))
    assert not (await client.call_tool("Glob", {"pattern": "*"})).is_error
    pid = pid_in(place.project / "pid")
    assert pid is not None and is_alive(pid) and ann.words[0] == "at work"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await until(lambda: not is_alive(pid))


def request(id: int, method: str, **params: Any) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params}) + "\n"


HELLO = request(
    1, "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "plain", "version": "1"}
)


def call(id: int, name: str, **given: Any) -> str:
    return request(id, "tools/call", name=name, arguments=given)


def heard(process: subprocess.Popen[str]) -> Json:
    assert process.stdout is not None
    answer: Json = json.loads(process.stdout.readline())
    return answer


@pytest.mark.behaviour("B-1811")
@pytest.mark.parametrize("how", ["left", "told"])
async def test_nothing_is_left_when_it_ends(place: Place, how: str) -> None:
    process = place.start("mcp", "serve", *ALLOWED, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(HELLO)
    process.stdin.write("no json\n" + call(2, "Bash", command="make all") + call(3, "Bash", command=SLEEPS))
    process.stdin.flush()
    answers = [await asyncio.to_thread(heard, process) for _ in range(3)]
    denied = next(each for each in answers if each["id"] == 2)["result"]
    assert denied["isError"] and '--allowedTools "Bash(make all *)"' in denied["content"][1]["text"], denied
    assert next(each for each in answers if each["id"] == 1)["result"]["serverInfo"]["name"] == "coder"
    await until(lambda: pid_in(place.project / "pid") is not None)
    pid = pid_in(place.project / "pid")
    assert pid is not None
    if how == "told":
        process.send_signal(signal.SIGTERM)
    else:
        process.stdin.close()
    await asyncio.to_thread(process.wait, 60)
    with process:  # its pipes are closed
        assert process.stdout is not None and process.stderr is not None
        out, log = process.stdout.read(), process.stderr.read()
    assert process.returncode == (128 + signal.SIGTERM if how == "told" else 0), log
    assert not is_alive(pid) and "Traceback" not in log
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in out.splitlines())


@pytest.mark.behaviour("B-1813")
def test_coder_is_a_client_of_coder(place: Place) -> None:
    server: Json = {"command": sys.executable, "args": ["-m", "coder", "mcp", "serve", "--tools", "Glob"]}
    server |= {"env": {"PYTHONPATH": os.environ.get("PYTHONPATH", "") or str(Path(__file__).parents[2])}}
    (place.project / "found.txt").write_text("x", "utf-8")
    use = {"name": "mcp__own__Glob", "input": {"pattern": "*.txt"}}
    calls = [tool_input("ToolSearch", {"query": "select:mcp__own__Glob"}), tool_input("UseTool", use)]
    given = json.dumps({"mcpServers": {"own": server}})
    with fake_api([*map(turn, calls), turn("Done.")]) as api:
        done = place.coder("-p", "go", "--mcp-config", given, "--allowedTools", "mcp__own", url=api.url)
        assert (done.code, done.stdout) == (0, "Done.\n"), done
    assert "found.txt" in json.dumps(api.requests[2]["messages"][-1]["content"])
