"""Servers that agents bring, in whole runs: killed at once, none is left; a host's agents have theirs too."""

from __future__ import annotations

import json
import signal
import sys

import pytest

from coder.core.messages import Json
from tests.support import marked
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, rule, tool
from tests.support.fanout import GO, asks
from tests.support.processes import linux_only

pytestmark = linux_only
BOUND = 15.0


def agents(mark: str, fault: str = "") -> str:
    own = {"odd": {"command": sys.executable, "args": [marked.ODD, fault], "env": {marked.NAME: mark}}}
    return json.dumps({"baker": {"description": "bakes", "prompt": "You bake.", "mcpServers": [own]}})


@pytest.mark.behaviour("B-2745")
@pytest.mark.parametrize(
    ("number", "kind", "behind"),
    [
        (signal.SIGKILL, "", True),
        pytest.param(signal.SIGKILL, "", False, marks=pytest.mark.soak),
        pytest.param(signal.SIGTERM, "grandchild", False, marks=pytest.mark.soak),
        pytest.param(signal.SIGINT, "stubborn", True, marks=pytest.mark.soak),
        pytest.param(signal.SIGKILL, "silent", False, marks=pytest.mark.soak),
    ],
)
def test_a_run_that_is_ended_leaves_none(place: Place, number: int, kind: str, behind: bool) -> None:
    mark = str(place.home)
    stalls: Json = fault("stall", before_headers=True, times="forever")
    script = {
        "rules": [
            rule({"last_user_contains": GO}, *asks("part one", subagent_type="baker", run_in_background=behind)),
            rule({"last_user_contains": "part one"}, "Never.", fault=stalls),
            rule({"last_tool": "Agent"}, "Never.", fault=stalls),
        ]
    }
    with fake_api(script, allow_violations=True) as api:
        given = ("-p", GO, "--agents", agents(mark, kind))
        process = place.start(*given, url=api.url, env={marked.NAME: mark})
        marked.until_programs(mark, 1)
        process.send_signal(number)
        _, error = process.communicate(timeout=BOUND)
    assert process.returncode == (-9 if number == signal.SIGKILL else 128 + number) and "Traceback" not in error
    marked.until_none(mark)


@pytest.mark.soak
def test_tools_are_called_in_a_whole_run(place: Place) -> None:
    mark = str(place.home)
    script = {
        "rules": [
            rule({"last_user_contains": GO}, *asks("part one", subagent_type="baker")),
            rule({"last_user_contains": "part one"}, tool("mcp__odd__echo", text="hello"), times=1),
            rule({"last_tool": "mcp__odd__echo"}, "It is baked."),
            rule({"last_tool": "Agent"}, "All is done."),
        ]
    }
    with fake_api(script) as api:
        done = place.coder("-p", GO, "--agents", agents(mark), "--allowedTools", "mcp__odd__echo", url=api.url)
    assert (done.code, done.stdout.strip(), done.stderr) == (0, "All is done.", "")
    marked.until_none(mark)
