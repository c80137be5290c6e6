"""Whoever reads slowly gets all of it, whoever has left ends it, whoever never reads is not waited for for ever."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import pytest

from coder.frontends.outbox import Outbox
from tests.support.cli import CODER, DEADLINE, Place
from tests.support.fakeapi import fake_api, turn
from tests.support.processes import linux_only
from tests.support.tripwire import wired

pytestmark = pytest.mark.behaviour("B-2278")
FORMS = ("text", "json", "stream-json")
MUCH = "0123456789" * 500_000
SAID = {"type": "user", "message": {"role": "user", "content": "x"}, "parent_tool_use_id": None, "session_id": ""}
DRIVEN = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")
PATIENT = 30.0  # seconds that are waited for a reader where no signal has come


def started(
    place: Place,
    form: str,
    url: str,
    stdout: int,
    extra: Mapping[str, str] | None = None,
    errors: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Driven: with one message, and no more to come."""
    (place.home / "said").write_text(json.dumps(SAID) + "\n" if form == "driven" else "", encoding="utf-8")
    flags = DRIVEN if form == "driven" else ("-p", "x", "--output-format", form)
    with (place.home / "said").open("rb") as said:
        return subprocess.Popen(
            [*CODER, *flags], cwd=place.project, env=place.env(url, extra),
            stdin=said, stdout=stdout, stderr=errors,
        )  # fmt: skip


@contextmanager
def full_pipe() -> Iterator[int]:
    """The end to write to of a pipe that nobody will ever read."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    yield writing
    os.close(reading)
    os.close(writing)


def closed(place: Place) -> bool:
    """Whether the session has its answer, and nobody has it open any more."""
    stored = place.transcripts()
    has_answer = any('"An answer."' in path.read_text(encoding="utf-8") for path in stored)
    return has_answer and not any(path.with_suffix(".pid").exists() for path in stored)


@pytest.mark.behaviour("B-018")
@pytest.mark.parametrize("form", ["text", pytest.param("json", marks=pytest.mark.soak), "stream-json"])
def test_h7_five_megabytes_arrive_whole_through_the_smallest_pipe(place: Place, form: str) -> None:
    with fake_api([turn(MUCH, delta=100_000)]) as api:
        process = place.start("-p", "x", "--output-format", form, url=api.url)
        assert process.stdout is not None
        fd, pieces = process.stdout.fileno(), []
        while piece := os.read(fd, 4096):  # a page at a time, of a pipe that holds sixteen
            pieces.append(piece)
        process.communicate()
    assert process.returncode == 0
    said = b"".join(pieces).decode()
    assert (said == f"{MUCH}\n") if form == "text" else json.loads(said.splitlines()[-1])["result"] == MUCH


def test_a_slow_reader_is_waited_for_as_long_as_it_reads() -> None:
    """Its patience would be over many times before all is read."""
    reading, writing = os.pipe()
    box = Outbox(writing)
    box.put(b"x" * 1_000_000)
    patience = 0.05
    seen = 0
    while not box.close(patience / 10):
        assert seen < 1_000_000
        seen += len(os.read(reading, 65536))
    os.close(writing)
    while piece := os.read(reading, 65536):
        seen += len(piece)
    os.close(reading)
    assert seen == 1_000_000


def test_short_and_long_lines_keep_their_order_while_a_reader_comes_and_goes() -> None:
    """Short ones go out at once where there is room, long ones by a thread: none passes another."""
    reading, writing = os.pipe()
    box = Outbox(writing)
    lines = [f"{number} ".encode() + b"x" * (9_000 if number % 7 == 3 else 40) + b"\n" for number in range(400)]
    seen = b""
    for line in lines:
        box.put(line)
        if line.startswith((b"50 ", b"120 ")):
            seen += os.read(reading, 30_000)
    wanted = b"".join(lines)
    while len(seen) < len(wanted):
        seen += os.read(reading, 65536)
    assert box.close() and seen == wanted
    os.close(reading)
    os.close(writing)


def test_a_reader_that_never_reads_is_given_up_and_one_that_has_left_is_told_apart() -> None:
    reading, writing = os.pipe()
    stuck = Outbox(writing)
    stuck.put(b"x" * 1_000_000)
    with pytest.raises(TimeoutError, match="nobody has read any of it"):
        stuck.deliver(0.01)
    os.close(reading)
    gone = Outbox(writing)
    gone.put(b"x")
    with pytest.raises(BrokenPipeError) as caught:
        gone.deliver()
    assert caught.value.errno == errno.EPIPE
    os.close(writing)


@pytest.mark.behaviour("B-019")
@pytest.mark.behaviour("B-2501")
@pytest.mark.parametrize(
    "form", ["text", *(pytest.param(form, marks=pytest.mark.soak) for form in FORMS[1:]), "driven"]
)
def test_a_reader_that_has_left_is_no_success_and_no_noise(place: Place, form: str) -> None:
    with fake_api([turn("An answer.")]) as api:
        process = started(place, form, api.url, subprocess.PIPE)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        error = process.stderr.read()
        process.stderr.close()
        code = process.wait(DEADLINE)
    assert (code, error) == (1, b"")


@pytest.mark.soak
@pytest.mark.parametrize("form", FORMS)
def test_nobody_reads_and_it_ends_all_the_same(place: Place, form: str) -> None:
    """Not standard error either, which more is written to than a pipe holds."""
    words = "/no/such/file/" + "x" * 1500
    reading, writing = os.pipe()
    settings = json.dumps({"permissions": {"allow": [f"Nothing({words}{n}" for n in range(60)]}})
    with fake_api([turn(MUCH, delta=100_000)]) as api:
        process = subprocess.Popen(
            [*CODER, "-p", "x", "--output-format", form, "--settings", settings],
            cwd=place.project, env=place.env(api.url), stdin=subprocess.DEVNULL, stdout=writing, stderr=writing,
        )  # fmt: skip
        assert process.wait(60) == 1
    os.close(reading)
    os.close(writing)


@pytest.mark.behaviour("B-2500")
@pytest.mark.parametrize("again", [pytest.param(False, marks=pytest.mark.soak), True])
@pytest.mark.parametrize(
    "form", ["json", *(pytest.param(f, marks=pytest.mark.soak) for f in ("text", "stream-json", "driven"))]
)
def test_a_signal_ends_a_run_whose_answer_nobody_reads(place: Place, form: str, again: bool) -> None:
    with full_pipe() as writing, fake_api([turn("An answer.")]) as api:
        process = started(place, form, api.url, writing)
        api.wait_until(lambda _: closed(place))
        begun = time.monotonic()
        process.terminate()
        while process.poll() is None and time.monotonic() < begun + PATIENT - 5:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.2 if again else PATIENT - 5)
            if again:  # one that comes at once is taken for the same
                process.terminate()
        assert process.poll() == 143
        _, error = process.communicate()
    assert b"Traceback" not in error


@pytest.mark.soak
@linux_only
@pytest.mark.behaviour("B-2500")
@pytest.mark.parametrize("form", [*FORMS, "driven"])
@pytest.mark.parametrize("step", [50, 400, 1_500, 3_000])
def test_a_signal_ends_a_run_that_has_not_begun_and_cannot_say_so(place: Place, form: str, step: int) -> None:
    """Not even on standard error."""
    with full_pipe() as writing, fake_api([turn("An answer.")], allow_violations=True) as api:
        extra = wired(place, step, signal.SIGTERM)
        said = started(place, form, api.url, writing, extra, errors=writing)
        assert said.wait(PATIENT - 5) == 143
