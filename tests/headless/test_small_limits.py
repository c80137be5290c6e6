"""faults.md B14: runs that may open few files, or have little memory. They are done, or say in one result that not."""

from __future__ import annotations

import subprocess

import pytest

from tests.support import ends, full_run
from tests.support.cli import CODER, DEADLINE, Done, Place
from tests.support.fakeapi import fake_api
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


@pytest.mark.soak
@pytest.mark.parametrize("limit", ["-n 24", "-n 64", f"-v {512 << 10}", "-f 32", "-s 128"])
@pytest.mark.parametrize("form", ["text", "stream-json"])
def test_a_run_needs_little(place: Place, limit: str, form: str) -> None:
    done = limited(place, limit, form, full_run.PARTS)
    ends.check_told(done, form)
    assert done.code == 0, done
    ends.check_clean(place)
