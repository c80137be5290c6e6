"""Run after run with something going wrong in most: one result each, the right code, no process and no file left.

`make soak` does a thousand in a row; the ordinary run some of them.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from coder.core.messages import Json
from tests.support import ends, full_run
from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api, fault
from tests.support.processes import linux_only
from tests.support.tripwire import wired

pytestmark = [linux_only, pytest.mark.behaviour("B-2280")]
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


def run(place: Place, form: str, url: str, env: Mapping[str, str]) -> Done:
    asked = DRIVEN if form == "driven" else ("-p", "work", "--output-format", form)
    done = subprocess.run(
        [*CODER, *asked, *full_run.flags(place), "--settings", SETTINGS],
        cwd=place.project,
        env=place.env(url, env),
        input=json.dumps(SAID) + "\n" if form == "driven" else "",
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def tried(root: Path, seed: int) -> None:
    chosen = random.Random(seed)
    form = ends.FORMS[seed % len(ends.FORMS)]
    parts = [each for each in full_run.PARTS if chosen.random() < 0.4]
    root.mkdir()
    place = Place.make(root)
    full_run.prepare(place, parts)
    replies = len(full_run.script(parts=parts))
    faults = {chosen.randrange(replies): chosen.choice(FAULTS)} if chosen.random() < 0.7 else {}
    numbers = [chosen.choice(SIGNALS)] if chosen.random() < 0.6 else []
    # Half of them come while it works; the other half of what it does is to get itself ready.
    step = chosen.choice((5_000, 16_000)) + chosen.randrange(4_000)
    env = {**full_run.environment(place), **wired(place, step, *numbers)}
    about = f"seed {seed}: {form} {parts} {faults} {numbers}"
    with fake_api(full_run.script(faults, parts), allow_violations=True) as api:
        try:
            done = run(place, form, api.url, env)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{about}: it never ended")
    try:
        if done.code == -signal.SIGKILL:
            ends.check_cut(done, form)
        else:
            ends.check_told(done, form, 1, 4, 75, *(128 + each for each in numbers))
        ends.check_clean(place)
    except AssertionError as error:
        raise AssertionError(about) from error


@pytest.mark.parametrize("seed", range(2))
def test_a_run_in_which_anything_goes_wrong_ends_as_it_should(tmp_path: Path, seed: int) -> None:
    tried(tmp_path / "run", seed)


@pytest.mark.soak
def test_a_thousand_runs_in_a_row_end_as_they_should(tmp_path: Path) -> None:
    for seed in range(1_000):
        tried(tmp_path / str(seed), seed)
