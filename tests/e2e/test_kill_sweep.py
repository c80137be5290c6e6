"""`kill -9` at every moment of a session that does a bit of everything: it goes on, and nothing is lost or done twice.

The ordinary run takes a seeded sample of each kind of moment; `make soak` takes them all.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, fault
from tests.support.killing import Kill, Life, Sweep, script
from tests.support.processes import linux_only

pytestmark = [linux_only, pytest.mark.behaviour("B-053")]

LINES = 24  # more than the session writes: the last ones are killed after the end, or not at all
REQUESTS = 6
EVENTS = 9
MOMENTS = 200
LONGEST = 1.3  # seconds; a little more than the session takes here
PATIENCE = 0.15  # seconds
WINDOW = ("--autocompact", "12k")


def swept(tmp_path: Path, kill: Kill, faults: dict[int, Json] | None = None) -> Life:
    place = Place.make(tmp_path)
    marker = f"{random.Random(str(tmp_path)).randrange(10**8, 10**9)}.5"
    with fake_api(script(place, marker, faults)) as api:
        sweep = Sweep(place, api, marker, WINDOW)
        life = sweep.live_and_die(kill)
        sweep.check(life)
    return life


def after_line(number: int) -> Kill:
    return lambda life: life.line_count >= number


def after_seconds(moment: float) -> Kill:
    return lambda life: life.seconds >= moment


def streams() -> Iterator[tuple[int, int]]:
    yield from ((request, event) for request in range(1, REQUESTS + 1) for event in range(EVENTS))


def test_the_session_does_all_of_it_when_nobody_kills_it(tmp_path: Path) -> None:
    life = swept(tmp_path, lambda life: False)
    assert life.lines[-1]["type"] == "result" and life.lines[-1]["is_error"] is False
    assert (tmp_path / "project" / "ran.log").read_text(encoding="utf-8").split() == [
        "one",
        "two",
        "three",
        "four",
        "five",
    ]


@pytest.mark.parametrize("number", [2, 5, 9, 13, 15])
def test_killed_after_an_event_was_shown(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_line(number))


@pytest.mark.parametrize(("request_number", "event"), [(1, 4), (3, 2), (3, 7)])
def test_killed_while_a_reply_streams(tmp_path: Path, request_number: int, event: int) -> None:
    kill_in_stream(tmp_path, request_number, event)


@pytest.mark.parametrize("number", range(4))
def test_killed_at_a_random_moment(tmp_path: Path, number: int) -> None:
    swept(tmp_path, after_seconds(random.Random(number).uniform(0.1, LONGEST)))


def test_killed_between_two_commands_of_one_reply(tmp_path: Path) -> None:
    log = tmp_path / "project" / "ran.log"
    life = swept(tmp_path, lambda life: log.exists() and log.read_text(encoding="utf-8").endswith("three\n"))
    assert not life.ended


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


def kill_in_stream(tmp_path: Path, request_number: int, event: int) -> None:
    """The stream of one request stops after so many events; then the session is killed."""
    place = Place.make(tmp_path)
    marker = f"{random.Random(str(tmp_path)).randrange(10**8, 10**9)}.5"
    stall = {request_number: fault("stall", after=event)}
    with fake_api(script(place, marker, stall)) as api:
        sweep = Sweep(place, api, marker, WINDOW)

        def stalled(life: Life) -> bool:
            """The stall lasts until the client is gone, so a little patience is enough for the events before it."""
            asked = [exchange for exchange in api.exchanges if exchange.path.startswith("/v1/messages")]
            if len(asked) < request_number:
                return False
            reached.append(life.seconds)
            return life.seconds - reached[0] > PATIENCE

        reached: list[float] = []
        sweep.check(sweep.live_and_die(stalled))
