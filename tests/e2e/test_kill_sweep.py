"""`kill -9` at every moment of a session that does a bit of everything: it goes on, and nothing is lost or done twice.

The ordinary run takes a seeded sample of each kind of moment; `make soak` takes them all.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault, rule, tool, turn
from tests.support.killing import ASKED, GO_ON, SUMMARY, Kill, Life, Sweep, script
from tests.support.processes import linux_only

pytestmark = [linux_only, pytest.mark.behaviour("B-053")]

LINES = 36  # events; more than the session shows: the last ones are killed after the end, or not at all
STORED = 66  # lines of the transcript; also more than there are
EVENTS = 9
MOMENTS = 200
LONGEST = 1.8  # seconds; a little more than the session takes here
PATIENCE = 0.15  # seconds
WINDOW = ("--autocompact", "13k")
READS = 14  # of a file each; more than stay when old results are cleared
COMMANDS = ["one", "two", "three", "four", "five"]


def swept(tmp_path: Path, kill: Kill, faults: dict[int, Json] | None = None) -> Life:
    place = Place.make(tmp_path)
    with fake_api(script(place, faults)) as api:
        sweep = Sweep(place, api, WINDOW)
        life = sweep.live_and_die(kill)
        sweep.check(life)
    return life


def after_line(number: int) -> Kill:
    return lambda life: life.line_count >= number


def after_stored(number: int) -> Kill:
    return lambda life: life.stored.count(b"\n") >= number


def after_seconds(moment: float) -> Kill:
    return lambda life: life.seconds >= moment


def streams() -> Iterator[tuple[int, int]]:
    yield from ((request, event) for request in ASKED for event in range(EVENTS))


def test_the_session_does_all_of_it_when_nobody_kills_it(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    with fake_api(script(place)) as api:
        sweep = Sweep(place, api, WINDOW)
        life = sweep.live_and_die(lambda life: False)
        assert api.context_edits == ["compaction"] and len(api.requests) == len(ASKED)
        sweep.check(life)
    assert life.lines[-1]["type"] == "result" and life.lines[-1]["is_error"] is False
    assert (place.project / "ran.log").read_text(encoding="utf-8").split() == COMMANDS
    assert b"run_in_background" in life.stored
    assert life.line_count < LINES and life.stored.count(b"\n") < STORED, "the sweep would not reach its end"


@pytest.mark.parametrize("number", [2, 5, 9, 15, 25])
def test_killed_after_an_event_was_shown(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_line(number))


@pytest.mark.parametrize(("request_number", "event"), [(1, 4), (3, 7), (SUMMARY, 0), (SUMMARY, 4), (5, 2)])
def test_killed_while_a_reply_streams(tmp_path: Path, request_number: int, event: int) -> None:
    assert not kill_in_stream(tmp_path, request_number, event).ended


@pytest.mark.parametrize("number", range(4))
def test_killed_at_a_random_moment(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_seconds(random.Random(number).uniform(0.1, LONGEST)))


def test_killed_between_two_commands_of_one_reply(tmp_path: Path) -> None:
    log = tmp_path / "project" / "ran.log"
    life = swept(tmp_path, lambda life: log.exists() and log.read_text(encoding="utf-8").endswith("three\n"))
    assert not life.ended


def test_killed_when_the_compaction_has_just_been_stored(tmp_path: Path) -> None:
    life = swept(tmp_path, lambda life: b"compact_boundary" in life.stored)
    assert not life.ended


def test_killed_when_old_results_have_just_been_cleared(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    reads = []
    for number in range(READS):
        path = place.project / f"notes{number}.txt"
        path.write_text(f"a line of notes, number {number}\n" * 1200, encoding="utf-8")
        reads.append(turn(tool("Read", file_path=str(path))))
    rules = [rule({"last_user_contains": GO_ON}, "All done.")]
    with fake_api({"rules": rules, "turns": [*reads, turn("Done.", fault=fault("stall", after=1))]}) as api:
        sweep = Sweep(place, api)
        life = sweep.live_and_die(lambda life: b"content-replacement" in life.stored)
        assert not life.ended
        stored = life.stored
        assert sweep.resume().returncode == 0
        api.check()
    cleared = [line for line in stored.splitlines() if b'"content-replacement"' in line]
    names = {each["toolUseId"]: each["replacement"] for line in cleared for each in json.loads(line)["replacements"]}
    sent = {
        block["tool_use_id"]: block["content"][0]["text"]
        for message in api.requests[-1]["messages"]
        for block in message["content"]
        if block["type"] == "tool_result"
    }
    assert names and names.keys() <= sent.keys()
    assert {name for name, text in sent.items() if "a line of notes" not in text} == set(names)
    assert all(sent[name] == text for name, text in names.items())


@pytest.mark.soak
@pytest.mark.parametrize("number", range(1, STORED + 1))
def test_killed_after_every_line_of_the_transcript(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_stored(number))


@pytest.mark.soak
@pytest.mark.parametrize("number", range(1, LINES + 1))
def test_killed_after_every_event(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_line(number))


@pytest.mark.soak
@pytest.mark.parametrize(("request_number", "event"), list(streams()))
def test_killed_at_every_event_of_every_stream(tmp_path: Path, request_number: int, event: int) -> None:
    kill_in_stream(tmp_path, request_number, event)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(MOMENTS))
def test_killed_at_many_random_moments(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_seconds(random.Random(f"moment {number}").uniform(0.0, LONGEST)))


def kill_in_stream(tmp_path: Path, number: int, event: int) -> Life:
    """The reply to one request stops after so many events; then the session is killed."""
    place = Place.make(tmp_path)
    with fake_api(script(place, {number: fault("stall", after=event)})) as api:
        sweep = Sweep(place, api, WINDOW)
        reached: list[float] = []

        def stalled(life: Life) -> bool:
            """The stall lasts until the client is gone, so a little patience is enough for the events before it."""
            if len(api.requests) <= ASKED.index(number):
                return False
            reached.append(life.seconds)
            return life.seconds - reached[0] > PATIENCE

        life = sweep.live_and_die(stalled)
        sweep.check(life)
    return life
