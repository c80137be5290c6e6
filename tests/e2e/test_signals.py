from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, tool, turn


def start(place: Place, api: RunningApi, *more: str) -> subprocess.Popen[str]:
    args = ("-p", "go", "--permission-mode", "bypassPermissions", "--output-format", "stream-json")
    return place.start(*args, *more, url=api.url)


def appears(path: Path) -> None:
    """Waits for a file that a command under test makes when it is running."""
    waiting = subprocess.run(
        ["bash", "-c", 'for i in $(seq 600); do test -s "$0" && exit 0; sleep 0.05; done; exit 1', str(path)],
        check=False,
    )
    assert waiting.returncode == 0, f"{path} never came"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z")


def result_of(out: str) -> dict[str, object]:
    results = [line for line in map(json.loads, out.splitlines()) if line["type"] == "result"]
    assert len(results) == 1
    found: dict[str, object] = results[0]
    return found


@pytest.mark.behaviour("B-050")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)])
def test_h5_a_signal_kills_the_tree_and_still_writes_the_result(place: Place, number: int, code: int) -> None:
    command = "sleep 999 & echo $! > pids.txt; echo $$ >> pids.txt; sleep 999"
    with fake_api([turn("Waiting.", tool("Bash", command=command)), turn("Resumed.")]) as api:
        process = start(place, api)
        appears(place.project / "pids.txt")
        while len(pids := (place.project / "pids.txt").read_text(encoding="utf-8").split()) < 2:
            pass
        process.send_signal(number)
        out, error = process.communicate(timeout=DEADLINE)
        assert process.returncode == code and error == ""
        assert not any(is_alive(int(pid)) for pid in pids)
        result = result_of(out)
        assert result["is_error"] is True and result["subtype"] == "error_during_execution"
        again = place.coder("-p", "go on", "-c", url=api.url)
    assert again.stdout == "Resumed.\n"
    answers = [b for m in api.requests[-1]["messages"] for b in m["content"] if b["type"] == "tool_result"]
    assert len(answers) == 1 and answers[0]["is_error"] is True


@pytest.mark.behaviour("B-050")
def test_a_signal_while_the_reply_streams_ends_it_with_one_result(place: Place) -> None:
    with fake_api([turn("These words were said", delta=5, fault=fault("stall", after=4))]) as api:
        process = start(place, api)
        api.wait_until(lambda seen: len(seen.requests) == 1)
        assert process.stdout is not None
        process.stdout.readline()  # the first line is out: the signal handlers stand
        process.send_signal(signal.SIGTERM)
        out, error = process.communicate(timeout=DEADLINE)
        assert process.returncode == 143 and error == "" and result_of(out)["is_error"] is True
        assert place.coder("-p", "and?", "-c", url=api.url).stdout == "These words were said\n"


@pytest.mark.behaviour("B-052")
def test_kill_9_in_a_tool_leaves_a_session_that_goes_on(place: Place) -> None:
    command = "echo ran >> runs.txt; echo $$ > pid.txt; sleep 60"
    with fake_api([turn(tool("Bash", command=command)), turn("Recovered.")]) as api:
        process = start(place, api)
        appears(place.project / "pid.txt")
        process.kill()
        process.communicate(timeout=DEADLINE)
        done = place.coder("-p", "go on", "-c", url=api.url)
    assert done.code == 0 and done.stdout == "Recovered.\n"
    assert (place.project / "runs.txt").read_text(encoding="utf-8") == "ran\n"
    last = api.requests[-1]["messages"]
    assert [b["type"] for b in last[2]["content"]] == ["tool_result", "text"]
