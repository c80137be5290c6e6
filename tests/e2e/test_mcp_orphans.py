"""Whole runs that end in every way, with servers of every kind: nothing is left, and nothing holds the end up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support import marked
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, fault, tool_input, turn
from tests.support.processes import linux_only
from tests.support.sitting import sitting

pytestmark = linux_only
KINDS = {"good": "", "silent": "silent", "stubborn": "stubborn", "forking": "grandchild", "loud": "flood-err"}
BOUND = 15.0  # seconds in which a run ends, whatever its servers do
EVERY = tuple(KINDS)
QUICK = tuple(kind for kind in KINDS if kind != "stubborn")  # it takes three seconds to be ended
ALONE = [pytest.param((kind,), marks=pytest.mark.soak, id=kind) for kind in KINDS]


def settings(mark: str, *kinds: str) -> str:
    def entry(kind: str) -> Json:
        arguments = [marked.ODD, KINDS.get(kind, "")]
        return {"command": sys.executable, "args": arguments, "env": {marked.NAME: mark}}

    return json.dumps({"mcpServers": {kind: entry(kind) for kind in kinds}})


def begun(place: Place, api: RunningApi, mark: str, kinds: tuple[str, ...]) -> subprocess.Popen[str]:
    """A run whose servers have all begun. It never ends by itself: it waits for one that is awaited, or for a reply."""
    awaited = next((kind for kind in kinds if kind == "silent"), kinds[0])
    given = ("-p", "go", "--mcp-config", settings(mark, *kinds), "--require-mcp", awaited)
    process = place.start(*given, url=api.url, env={marked.NAME: mark})
    marked.until_programs(mark, len(kinds))
    return process


@pytest.mark.behaviour("B-1830")
@pytest.mark.parametrize("kinds", [pytest.param(EVERY, id="every"), *ALONE])
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.soak),
        pytest.param(signal.SIGHUP, marks=pytest.mark.soak),
        signal.SIGKILL,
    ],
)
def test_a_run_that_is_ended_leaves_no_process(place: Place, number: int, kinds: tuple[str, ...]) -> None:
    mark = str(place.home)
    with fake_api([turn("Never.", fault=fault("stall", before_headers=True))], allow_violations=True) as api:
        process = begun(place, api, mark, kinds)
        if kinds not in (EVERY, ("silent",)):
            api.wait_until(lambda seen: len(seen.requests) == 1)  # the server is connected
        process.send_signal(number)
        out, error = process.communicate(timeout=BOUND)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert "Traceback" not in error and out == ""
    marked.until_none(mark)


@pytest.mark.behaviour("B-1830")
@pytest.mark.parametrize(
    ("runs", "kinds"),
    [(2, ("good", "loud", "forking")), pytest.param(10, ("good", "stubborn", "forking"), marks=pytest.mark.soak)],
)
def test_h10_runs_that_use_three_servers_leave_no_process(place: Place, runs: int, kinds: tuple[str, ...]) -> None:
    mark = str(place.home)
    calls = [tool_input("UseTool", {"name": f"mcp__{kind}__echo", "input": {"text": kind}}) for kind in kinds]
    given = (
        "-p",
        "go",
        "--mcp-config",
        settings(mark, *kinds),
        "--allowedTools",
        ",".join(f"mcp__{kind}" for kind in kinds),
    )
    with fake_api([turn(*calls), turn("Done.")] * runs) as api:
        for _ in range(runs):
            # What it answers a call with is looked for, so that no run is one without servers.
            args = (*given, *(f"--require-mcp={kind}" for kind in kinds))
            done = place.coder(*args, url=api.url, env={marked.NAME: mark}, timeout=2 * BOUND)
            assert (done.code, done.stdout) == (0, "Done.\n"), done
            assert all(kind in json.dumps(api.requests[-1]["messages"][-1]) for kind in kinds)
            assert marked.alive(mark) == []  # when it has ended, not some time later


@pytest.mark.behaviour("B-1831")
@pytest.mark.parametrize("kinds", [pytest.param(QUICK, id="quick"), *ALONE])
def test_the_prompt_is_free_while_servers_hang_and_leaving_waits_for_none(
    tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    mark = str(tmp_path)
    arguments = ("--mcp-config", settings(mark, *kinds))
    with sitting(tmp_path, turn("Here."), arguments=arguments, env={marked.NAME: mark}) as seat:
        marked.until_programs(mark, len(kinds))
        seat.say("go")
        assert seat.count("Here.") == 1
        seat.terminal.press("ctrl+d")
        assert seat.terminal.end(BOUND) == 0
    assert marked.alive(mark) == []
