"""faults.md B14: runs that may open few files, or have little memory. They are done, or say in one result that not."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.support import ends, full_run
from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api, turn
from tests.support.hosted import said
from tests.support.processes import linux_only

pytestmark = [linux_only, pytest.mark.behaviour("B-2505")]


def limited(place: Place, limit: str, form: str, parts: tuple[str, ...]) -> Done:
    full_run.prepare(place, parts)
    with fake_api(full_run.script(parts=parts), allow_violations=True) as api:
        done = subprocess.run(
            ["/bin/sh", "-c", f'ulimit {limit}; exec "$@"', "sh", *CODER, "-p", "work", "--output-format", form,
             *full_run.flags(place)],
            cwd=place.project, env=place.env(api.url, full_run.environment(place)), stdin=subprocess.DEVNULL,
            capture_output=True, encoding="utf-8", timeout=DEADLINE, check=False,
        )  # fmt: skip
    return Done(done.returncode, done.stdout, done.stderr)


def test_too_few_files_for_anything_is_one_result_and_no_traceback(place: Place) -> None:
    """Not even the session can be closed as it should be."""
    done = limited(place, "-n 8", "json", ("hooks",))
    ends.check_told(done, "json")
    assert (done.code, done.stderr) == (1, "") and "Too many open files" in done.stdout
    ends.check_clean(place)


def starved(place: Place, kilobytes: int, form: str) -> None:
    done = limited(place, f"-v {kilobytes}", form, ())
    ends.check_told(done, form, 1, 4)
    assert form == "text" or len(done.stderr.splitlines()) == ('"session_id":""' in done.stdout), done


@pytest.mark.behaviour("B-2713")
@pytest.mark.parametrize("kilobytes", [24_100, 34_500])
def test_too_little_memory_is_one_result_and_one_line(place: Place, kilobytes: int) -> None:
    starved(place, kilobytes, "json")


def told(place: Place, kilobytes: int) -> None:
    """A host's one message has one result, or none was said to have worked."""
    flags = ("--input-format", "stream-json", "--output-format", "stream-json", "--verbose")
    with fake_api([turn("Done.")], allow_violations=True) as api:
        done = subprocess.run(
            ["/bin/sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh", *CODER, *flags],
            cwd=place.project, env=place.env(api.url), input=json.dumps(said("hi")) + "\n",
            capture_output=True, encoding="utf-8", timeout=DEADLINE, check=False,
        )  # fmt: skip
    (result,) = ends.results(Done(done.returncode, done.stdout, done.stderr))
    assert result["is_error"] is (done.returncode != 0) and len(done.stderr.splitlines()) <= 1, done


@pytest.mark.behaviour("B-2713")
def test_a_host_whose_words_find_no_memory_is_told_so(place: Place) -> None:
    told(place, 47_900)


@pytest.mark.soak
@pytest.mark.behaviour("B-2713")
def test_so_is_one_whose_words_find_any_little(tmp_path: Path) -> None:
    for kilobytes in range(20_000, 150_000, 3_100):
        (tmp_path / str(kilobytes)).mkdir()
        told(Place.make(tmp_path / str(kilobytes)), kilobytes)


@pytest.mark.soak
@pytest.mark.behaviour("B-2713")
@pytest.mark.parametrize("form", ["text", "json", "stream-json"])
def test_so_it_is_with_any_little_memory(tmp_path: Path, form: str) -> None:
    for kilobytes in range(15_000, 220_000, 5_300):
        (tmp_path / str(kilobytes)).mkdir()
        starved(Place.make(tmp_path / str(kilobytes)), kilobytes, form)


@pytest.mark.soak
@pytest.mark.parametrize("limit", ["-n 24", "-n 64", f"-v {512 << 10}", "-f 32", "-s 128"])
@pytest.mark.parametrize("form", ["text", "stream-json"])
def test_a_run_needs_little(place: Place, limit: str, form: str) -> None:
    done = limited(place, limit, form, full_run.PARTS)
    ends.check_told(done, form)
    assert done.code == 0, done
    ends.check_clean(place)
