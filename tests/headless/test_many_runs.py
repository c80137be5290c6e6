"""Run after run with something going wrong in most: one result each, the right code, no process and no file left.

`make soak` does a thousand in a row; the ordinary run some of them.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support import adopting, ends, full_run
from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import RunningApi, fake_api, fault, turn
from tests.support.processes import linux_only
from tests.support.tripwire import wired

pytestmark = [linux_only, pytest.mark.behaviour("B-2280"), pytest.mark.behaviour("B-2504")]
FAULTS: tuple[Json, ...] = (
    *(fault("status", status) for status in (400, 401, 403, 404, 413, 500, 502, 529)),
    *(fault("status", 529, times=9), fault("status", 429, retry_after=0.1), fault("status", 429, retry_after=3600)),
    *(fault("cut", after=4), fault("cut", at_byte=300), fault("cut", before_headers=True), fault("error_event")),
    *(fault("stall", after=3, times=9), fault("stall", before_headers=True), fault("malformed_json"), fault("html")),
    *(fault("unfinished_json"), fault("unknown_events"), fault("ping_flood"), fault("drip", bytes=200)),
    *(fault("gzip_garbage"), fault("out_of_order"), fault("no_message_stop"), fault("huge_event", size=2_000_000)),
)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL)
SETTINGS = json.dumps({"coder": {"idleTimeout": 1}})
SAID = {"type": "user", "message": {"role": "user", "content": "work"}, "parent_tool_use_id": None, "session_id": ""}
DRIVEN = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in a run, all of it by its number."""

    form: str
    parts: list[str]
    faults: dict[int, Json]
    numbers: list[signal.Signals]
    at_step: int | None  # when the signals come: at the N-th thing it does,
    at_request: tuple[int, float]  # or so many seconds after the N-th request

    @classmethod
    def of(cls, seed: int) -> Plan:
        chosen = random.Random(seed)
        parts = [each for each in full_run.PARTS if chosen.random() < 0.4]
        replies = len(full_run.script(parts=parts))
        return cls(
            form=ends.FORMS[seed % len(ends.FORMS)],
            parts=parts,
            faults={chosen.randrange(replies): chosen.choice(FAULTS)} if chosen.random() < 0.7 else {},
            numbers=chosen.sample(SIGNALS, chosen.choice((1, 1, 1, 2))) if chosen.random() < 0.7 else [],
            # Half of the steps are taken while it works; with the other half it gets itself ready.
            at_step=chosen.choice((5_000, 16_000)) + chosen.randrange(4_000) if chosen.random() < 0.5 else None,
            at_request=(chosen.randrange(replies) + 1, chosen.choice((0.0, chosen.random() / 5))),
        )


def run(place: Place, plan: Plan, api: RunningApi, env: Mapping[str, str]) -> Done:
    asked = DRIVEN if plan.form == "driven" else ("-p", "work", "--output-format", plan.form)
    ends_in = [place.home.parent / name for name in ("stdin", "stdout", "stderr")]
    ends_in[0].write_text(json.dumps(SAID) + "\n" if plan.form == "driven" else "", encoding="utf-8")
    with ends_in[0].open("rb") as said, ends_in[1].open("wb") as out, ends_in[2].open("wb") as errors:
        process = subprocess.Popen(
            [*CODER, *asked, *full_run.flags(place), "--settings", SETTINGS],
            cwd=place.project, env=place.env(api.url, env), stdin=said, stdout=out, stderr=errors,
        )  # fmt: skip
        try:
            if plan.numbers and plan.at_step is None:
                count, later = plan.at_request
                api.wait_until(lambda seen: len(seen.requests) >= count or process.poll() is not None)
                threading.Event().wait(later)
                for each in plan.numbers:
                    process.send_signal(each)
            process.wait(DEADLINE)
        finally:
            process.kill()
            process.wait()
    return Done(process.returncode, *(path.read_text(encoding="utf-8") for path in ends_in[1:]))


def went_on(place: Place) -> None:
    """After `kill -9`: the session, if it got that far, is gone on with, and then nothing is left of that either."""
    stored = [path for path in place.transcripts() if '"type":"user"' in path.read_text(encoding="utf-8")]
    with fake_api([turn("Gone on.")]) as api:
        done = place.coder("-c" if stored else "-p", *(("-p",) if stored else ()), "again", url=api.url)
    assert (done.code, done.stdout) == (0, "Gone on.\n"), done


def tried(root: Path, plan: Plan) -> int:
    root.mkdir()
    place = Place.make(root)
    full_run.prepare(place, plan.parts)
    wire = wired(place, plan.at_step, *plan.numbers) if plan.numbers and plan.at_step is not None else {}
    with adopting.adopting():
        with fake_api(full_run.script(plan.faults, plan.parts), allow_violations=True) as api:
            done = run(place, plan, api, {**full_run.environment(place), **wire})
        if done.code == -signal.SIGKILL:
            ends.check_cut(done, plan.form)
            ends.check_clean(place)
            if any(each["kind"] == "unknown_events" for each in plan.faults.values()):
                return done.code  # what the server has made up is sent back, and no other one would know it
            went_on(place)
        else:
            ends.check_told(done, plan.form, 1, 4, 75, *(128 + each for each in plan.numbers))
        ends.check_clean(place)
        ends.check_kept(place, cut=done.code == -signal.SIGKILL)
        adopting.until_none()
    return done.code


@pytest.mark.parametrize("seed", range(2))
def test_a_run_in_which_anything_goes_wrong_ends_as_it_should(tmp_path: Path, seed: int) -> None:
    tried(tmp_path / "run", Plan.of(seed))


@pytest.mark.soak
def test_a_thousand_runs_in_a_row_end_as_they_should(tmp_path: Path) -> None:
    """All of them are made, whatever becomes of some; how many there were of each code is told."""
    codes: Counter[int] = Counter()
    wrong = []
    for seed in range(1_000):
        try:
            codes[tried(tmp_path / str(seed), Plan.of(seed))] += 1
        except (AssertionError, subprocess.TimeoutExpired) as error:
            wrong.append(f"seed {seed}: {Plan.of(seed)}: {error!r}")
            print(wrong[-1], flush=True)
        else:
            shutil.rmtree(tmp_path / str(seed))
    print(sorted(codes.items()), f"{len(wrong)} wrong")
    assert wrong == []
