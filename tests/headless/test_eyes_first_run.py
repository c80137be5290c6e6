"""What a newcomer's first run leaves on a machine that others use, too."""

from __future__ import annotations

import stat
import subprocess

import pytest

from tests.support.cli import CODER, DEADLINE, Place
from tests.support.fakeapi import fake_api, tool, turn


@pytest.mark.behaviour("B-2850")
def test_what_a_first_run_makes_is_for_its_owner_alone(place: Place) -> None:
    subprocess.run(["git", "init", "-q"], cwd=place.project, check=True)  # how git stands is kept, before anything else
    with fake_api([turn(tool("Bash", command="echo x")), turn("Done.")]) as api:
        done = subprocess.run(
            [*CODER, "-p", "hello", "--allowed-tools", "Bash"],
            cwd=place.project,
            env=place.env(api.url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DEADLINE,
            umask=0o022,
            check=False,
        )
    assert (done.returncode, done.stdout) == (0, b"Done.\n")
    home = place.home / ".coder"
    made = [each for each in (home, *home.rglob("*")) if not each.is_symlink()]
    assert len(made) > 3
    assert [str(each) for each in made if stat.S_IMODE(each.stat().st_mode) & 0o077] == []
