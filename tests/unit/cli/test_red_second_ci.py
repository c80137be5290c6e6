"""A job on a machine whose git has filters, as hosted runners have that of LFS."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.cli.ci_ground import Ground
from tests.support.cli import Place
from tests.support.repositories import Repository


@pytest.mark.behaviour("B-2627")
def test_no_filter_of_the_machine_is_started_where_the_head_names_it(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write("a.txt", "a\n")
    repository.commit("begin")
    base = repository.git("rev-parse", "HEAD").strip()
    repository.write(".gitattributes", "* filter=lfs\n")
    repository.write(".lfsconfig", "[lfs]\n\turl = http://127.0.0.1:9/\n")
    repository.commit("orders")
    head = repository.git("rev-parse", "HEAD").strip()
    hit = f"touch {tmp_path}/hit && false"
    repository.git("config", "--global", "filter.lfs.smudge", hit)
    repository.git("config", "--global", "filter.lfs.clean", hit)
    repository.git("config", "--global", "filter.lfs.required", "true")
    with Ground({**os.environ, "HOME": str(place.home), "RUNNER_TEMP": str(tmp_path)}, place.project) as ground:
        filled = ground.fill(head, configuration=base)
        (ground.folder / "a.txt").write_text("b\n")
        ground.hand_over(ground.fix(head, filled, "something"), "fix")
    assert repository.git("diff", "--name-status", head, "fix").split() == ["M", "a.txt"]
    assert not (tmp_path / "hit").exists()
