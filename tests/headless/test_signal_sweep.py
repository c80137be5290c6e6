"""A signal at every step of a run, from its first import to its last line: one result, the right code, nothing left.

The ordinary run takes a few steps; `make soak` takes many.
"""

from __future__ import annotations

import random
import signal

import pytest

from tests.support import ends, full_run
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.processes import linux_only
from tests.support.tripwire import wired

pytestmark = [linux_only, pytest.mark.behaviour("B-2275")]
STEPS = 23_000  # about what such a run has
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
ORDINARY = ((3_000, "json", signal.SIGTERM), (8_000, "stream-json", signal.SIGINT), (14_000, "text", signal.SIGHUP))


def swept(place: Place, step: int, form: str, *numbers: int) -> int:
    full_run.prepare(place)
    with fake_api(full_run.script(), allow_violations=True) as api:
        env = {**full_run.environment(place), **wired(place, step, *numbers)}
        done = place.coder("-p", "work", "--output-format", form, *full_run.flags(place), url=api.url, env=env)
    ends.check_told(done, form, *(128 + each for each in numbers))
    ends.check_clean(place)
    return done.code


@pytest.mark.parametrize(("step", "form", "number"), ORDINARY)
def test_a_signal_at_a_step_ends_the_run_with_one_result(place: Place, step: int, form: str, number: int) -> None:
    swept(place, step, form, number)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(300))
def test_a_signal_at_any_step_ends_the_run_with_one_result(place: Place, seed: int) -> None:
    chosen = random.Random(seed)
    swept(place, chosen.randrange(STEPS), chosen.choice(("text", "json", "stream-json")), chosen.choice(SIGNALS))


_AT_THE_VERY_END = """
import codecs, os
class Last:
    def __del__(self, kill=os.kill, pid=os.getpid(), number=15):
        kill(pid, number)
class Search:
    def __init__(self):
        self.last = Last()
    def __call__(self, name):
        return None
codecs.register(Search())  # goes later than any module
last = Last()
"""


@pytest.mark.behaviour("B-2502")
@pytest.mark.parametrize(("args", "code"), [(("-p", "x"), 0), (("-p", "x", "--max-turns", "none"), 2)])
def test_a_signal_while_the_interpreter_is_taken_down_changes_nothing(
    place: Place, args: tuple[str, ...], code: int
) -> None:
    """The interpreter drops the handlers of signals a while before it is gone."""
    env = wired(place, 0)
    (place.home / "wire" / "sitecustomize.py").write_text(_AT_THE_VERY_END, encoding="utf-8")
    with fake_api([turn("Done.")], allow_violations=True) as api:
        done = place.coder(*args, "--output-format", "json", url=api.url, env=env)
    assert done.code == code and done.result["is_error"] is (code != 0)
