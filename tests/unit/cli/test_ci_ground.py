"""Where a job works: files of the trusted commit, objects of the checkout, and nothing else of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coder.cli.ci_ground import Ground
from coder.cli.ci_job import Job
from coder.core.errors import ConfigError
from tests.support.cli import Place
from tests.support.repositories import Repository


def opened(place: Place, root: Path) -> Ground:
    return Ground({**os.environ, "HOME": str(place.home), "RUNNER_TEMP": str(root)}, place.project)


@pytest.mark.behaviour("B-2317")
def test_a_folder_that_became_a_link_is_not_written_through(place: Place, tmp_path: Path) -> None:
    repository, outside = Repository.make(place), tmp_path / "outside"
    outside.mkdir()
    repository.write("docs/CLAUDE.md", "notes")
    repository.write(".claude/rules/a.md", "rule")
    repository.commit("begin")
    base = repository.git("rev-parse", "HEAD").strip()
    repository.git("rm", "-rq", "docs", ".claude")
    (place.project / "docs").symlink_to(outside)
    (place.project / ".claude").symlink_to(outside)
    repository.commit("links")
    head = repository.git("rev-parse", "HEAD").strip()
    with opened(place, tmp_path) as ground:
        filled = ground.fill(head, configuration=base)
        assert (ground.folder / "docs" / "CLAUDE.md").read_text() == "notes"
        assert not os.listdir(outside)
        (ground.folder / "new.txt").write_text("new")
        (ground.folder / "docs" / "CLAUDE.md").unlink()
        made = ground.fix(head, filled, "something")
        ground.hand_over(made, "fix")
    assert repository.git("diff", "--name-status", head, "fix").split() == ["A", "new.txt"]
    assert not list(tmp_path.glob("coder-ci-*"))


@pytest.mark.behaviour("B-2317")
def test_a_link_in_the_place_of_settings_gives_way_to_the_bases(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write(".claude/settings.json", "{}")
    repository.write("CLAUDE.md", "base")
    repository.write("gone.md", "x")
    repository.commit("begin")
    base = repository.git("rev-parse", "HEAD").strip()
    repository.git("rm", "-rq", ".claude", "CLAUDE.md", "gone.md")
    (place.project / ".claude").symlink_to(tmp_path)
    (place.project / "CLAUDE.md").symlink_to("/etc/passwd")
    repository.write("deep/AGENTS.md", "theirs")
    repository.write("name with\nline.txt", "x")
    repository.commit("links")
    head = repository.git("rev-parse", "HEAD").strip()
    repository.git("config", "http.extraheader", "secret")
    (place.project / "not-committed").write_text("x")
    with opened(place, tmp_path) as ground:
        ground.named(base=base, head=head)
        filled = ground.fill(head, configuration=base)
        ground.begin_at(head)
        there = {str(each.relative_to(ground.folder)) for each in ground.folder.rglob("*") if each.is_file()}
        assert {each for each in there if not each.startswith(".git/")} == {
            ".claude/settings.json", "CLAUDE.md", "name with\nline.txt",
        }  # fmt: skip
        assert (ground.folder / "CLAUDE.md").read_text() == "base"
        assert "secret" not in (ground.folder / ".git" / "config").read_text()
        assert ground.fix(head, filled, "nothing") == ""  # that the base's files are there is no change
        (ground.folder / "new.txt").write_text("new")
        (ground.folder / "CLAUDE.md").write_text("changed")
        made = ground.fix(head, filled, "something")
        ground.hand_over(made, "coder/fix")
        with pytest.raises(ConfigError, match="is there already"):
            ground.hand_over(made, "coder/fix")
    assert repository.git("diff", "--name-status", head, "coder/fix") == "A\tnew.txt"
    repository.git("fsck", "--strict")


@pytest.mark.behaviour("B-2317")
def test_a_shallow_checkout_is_compared_as_far_as_it_goes(place: Place, tmp_path: Path) -> None:
    origin = Repository.make(place)
    for number in range(3):
        origin.write("a.txt", f"{number}\n" * 3)
        origin.commit(f"commit {number}")
    clone = Place(place.home, tmp_path / "clone")
    origin.git("clone", "-q", "--depth=2", f"file://{place.project}", str(clone.project))
    with opened(clone, tmp_path) as ground:
        head, base = ground.commit("HEAD", "head"), ground.commit("HEAD~1", "base")
        files, diff = ground.diff(base, head)
        assert "a.txt" in files and "+2" in diff
        with pytest.raises(ConfigError, match="fetch-depth: 0"):
            ground.commit("HEAD~2", "base")
    with pytest.raises(ConfigError, match="no git repository"):
        Ground(dict(os.environ), tmp_path)


@pytest.mark.behaviour("B-2317")
def test_a_prompt_of_the_maintainer_works_among_the_files_of_the_base(place: Place, tmp_path: Path) -> None:
    repository = Repository.make(place)
    repository.write("a.txt", "base")
    repository.commit("begin")
    base = repository.git("rev-parse", "HEAD").strip()
    repository.write("a.txt", "head")
    repository.commit("change")
    job = Job("prompt", {}, place.project, base, "", "  Is it right?  ")
    with opened(place, tmp_path) as ground:
        words = job.prepare(ground, "", ())
        assert (ground.folder / "a.txt").read_text() == "base"
        assert words.startswith("Is it right?\n")
        assert "+head" in ground.diff("base", "head")[1]
    alone = Job("prompt", {}, place.project, "", "", "Look.")  # in a job without a request the checkout is trusted
    with opened(place, tmp_path) as ground:
        alone.prepare(ground, "", ())
        assert (ground.folder / "a.txt").read_text() == "head"


@pytest.mark.behaviour("B-2714")
def test_what_a_killed_job_has_left_goes_with_the_next_one(place: Place, tmp_path: Path) -> None:
    killed = "import os, sys; from coder.core.scratch import Scratch; Scratch('ci', sys.argv[1]); os._exit(9)"
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    (left,) = tmp_path.glob("coder-ci-*")
    Repository.make(place)
    with opened(place, tmp_path) as made:
        assert not left.exists() and made.folder.is_dir()
    assert not list(tmp_path.glob("coder-ci-*"))
