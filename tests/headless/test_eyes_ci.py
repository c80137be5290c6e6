"""Jobs whose end can be seen from the beginning cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.repositories import Repository


@pytest.mark.behaviour("B-2856")
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "is there already. Remove it, or name another one: --branch"),
        (("--branch", "a fix"), "a fix is no name for a branch. Name another one: --branch"),
    ],
)
def test_a_fix_that_can_have_no_branch_is_never_begun(
    place: Place, tmp_path: Path, flags: tuple[str, ...], words: str
) -> None:
    repository = Repository.make(place)
    repository.write("a.txt", "1")
    repository.commit("base")
    head = repository.git("rev-parse", "HEAD").strip()
    repository.git("branch", f"coder/fix-{head[:12]}")
    log = tmp_path / "build.log"
    log.write_text("FAILED", encoding="utf-8")
    with fake_api([turn("Never asked.")]) as api:
        done = place.coder("ci", "fix", "--base", "HEAD", "--log", str(log), *flags, url=api.url)
        assert api.requests == []
    assert (done.code, done.stdout) == (2, "") and words in done.stderr and done.stderr.count("\n") == 1
