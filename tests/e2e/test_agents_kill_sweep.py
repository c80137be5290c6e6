"""`kill -9` at every moment of a fan-out: what agents finished is not done again, and the rest goes on where it was.

The ordinary run takes a few moments; `make soak` takes them all.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import RunningApi, fake_api, rule, tool
from tests.support.fanout import asked, asks, of, results
from tests.support.killing import GO_ON, Life, Sweep
from tests.support.processes import linux_only

pytestmark = [linux_only, pytest.mark.behaviour("B-1916")]
NAMES = ("one", "two", "three")
PARTS = tuple(f"part {name}" for name in NAMES)
MOMENTS = 40  # lines of all transcripts; more than there are


def script() -> Json:
    """The model asks again, in the same words, for what it is told was cut off."""

    def goes_on(**more: str) -> Json:
        return {"last_user_contains": GO_ON, **more}

    cut = ("Call Agent again", "This call was not run", "Unknown outcome", "The session ended before this call did")
    return {
        "rules": [
            *[rule(goes_on(any_tool_result_contains=words), *asks(*PARTS)) for words in cut],
            rule(goes_on(any_tool_result_contains="Report"), "All reported."),
            rule({"user_regex": f"^({GO_ON}|work)$"}, *asks(*PARTS)),
            *[rule({"user_regex": f"^part {name}$"}, work(name)) for name in NAMES],
            *[rule({"last_tool_result_contains": f"{name}-was-run"}, f"Report {name}.") for name in NAMES],
            rule({"last_user_contains": "goes on now"}, "Report after the crash."),
            rule({"last_tool": "Agent"}, "All reported."),
        ]
    }


def work(name: str) -> Json:
    return tool("Bash", command=f"echo {name} >> ran.log; sleep 0.02; echo {name}-was-run")


def stored(life: Life) -> int:
    return sum(path.read_bytes().count(b"\n") for path in transcripts(life.place))


def transcripts(place: Place) -> list[Path]:
    return sorted((place.home / ".coder" / "projects").rglob("*.jsonl"))


def ledger(place: Place) -> list[Json]:
    files = (place.home / ".coder" / "ledger").glob("*.jsonl")
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def reported(place: Place) -> set[str]:
    """The prompts of the agents that had reported."""
    files = (place.home / ".coder" / "projects").rglob("*.meta.json")
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return {row["prompt"] for row in rows if row["state"] == "completed"}


def swept(tmp_path: Path, moment: int) -> tuple[Life, RunningApi]:
    place = Place.make(tmp_path)
    with fake_api(script()) as api:
        sweep = Sweep(place, api)
        life = sweep.live_and_die(lambda life: stored(life) >= moment)
        before, finished = len(api.requests), reported(place)
        done = sweep.resume()
        if done.returncode == 1 and "No conversation found" in done.stdout + done.stderr:
            return life, api
        assert done.returncode == 0, (done.stdout[-2000:], done.stderr[-2000:])
    log = place.project / "ran.log"  # one that was cut off before it ran is left to the agent, which does not know
    ran = log.read_text(encoding="utf-8").split() if log.exists() else []
    assert all(count == 1 for count in Counter(ran).values()), f"done twice: {ran}"
    told = [text for body in api.requests if asked(body) in ("work", GO_ON) for text in results(body)]
    assert all(any(f"Report {name}." in text or "Report after" in text for text in told) for name in NAMES)
    if not life.ended:
        again = {asked(body) for body in api.requests[before:]}
        assert not again & finished, f"asked again although it had reported: {again & finished}"
    ids = [row["request_id"] for row in ledger(place) if row.get("request_id")]
    assert len(ids) == len(set(ids))
    return life, api


@pytest.mark.parametrize("moment", [16, 22])
def test_killed_in_a_fan_out(tmp_path: Path, moment: int) -> None:
    swept(tmp_path, moment)


@pytest.mark.soak
@pytest.mark.parametrize("moment", range(1, MOMENTS))
def test_killed_at_every_moment_of_a_fan_out(tmp_path: Path, moment: int) -> None:
    swept(tmp_path, moment)


@pytest.mark.soak
def test_the_fan_out_does_all_of_it_when_nobody_kills_it(tmp_path: Path) -> None:
    life, api = swept(tmp_path, MOMENTS)
    assert life.ended and len(of(api, "part one")) == 2
