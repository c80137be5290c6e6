"""The Git tool in real runs of `coder -p`: it commits by the person's settings, and what it did goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.repositories import Repository
from tests.support.rewinding import tree


def shop(folder: Path) -> tuple[Place, Repository]:
    place = Place.make(folder)
    return place, Repository.shop(place)


@pytest.mark.behaviour("B-1415")
@pytest.mark.parametrize(
    ("settings", "ends"),
    [
        ('{"includeCoAuthoredBy": true}', "Co-Authored-By: Claude"),
        ("{}", "tax: raise the rate"),
        ('{"attribution": {"commit": ""}}', "tax: raise the rate"),
    ],
)
def test_a_run_commits_with_the_trailer_that_is_set(tmp_path: Path, settings: str, ends: str) -> None:
    place, repository = shop(tmp_path)
    repository.write("shop/tax.py", "RATE = 20\n")
    message = "tax: raise the rate\n\nCo-Authored-By: Claude <noreply@anthropic.com>"
    calls = (tool("Git", action="add", paths=["shop"]), tool("Git", action="commit", message=message))
    allowed = ("--allowedTools", "Bash(git add *)", "Bash(git commit *)", "--settings", settings)
    with fake_api([*(turn(call) for call in calls), turn("Done.")]) as api:
        done = place.coder("-p", "commit it", *allowed, url=api.url)
    assert done.code == 0, done.stderr
    last = repository.messages()[0].splitlines()
    assert last[0] == "tax: raise the rate" and last[-1].startswith(ends)
    assert sum("Co-Authored-By" in line for line in last) == (1 if "true" in settings else 0)
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.behaviour("B-1430")
def test_a_run_with_nobody_to_ask_says_which_rule_would_have_allowed_it(tmp_path: Path) -> None:
    place, repository = shop(tmp_path)
    repository.write("shop/tax.py", "RATE = 20\n")
    call = tool("Git", action="commit", message="x", paths=["shop"])
    with fake_api([turn(call), turn("Done.")]) as api:
        done = place.coder("-p", "commit it", url=api.url)
    assert '--allowedTools "Bash(git commit *)"' in done.stderr
    assert repository.messages()[0] == "tax: know the rate"


@pytest.mark.behaviour("B-1433")
def test_what_a_run_put_aside_goes_back(tmp_path: Path) -> None:
    place, repository = shop(tmp_path)
    repository.write("shop/tax.py", "RATE = 20\n")
    repository.write("notes.txt", "mine\n")
    before = tree(place.project)
    call = tool("Git", action="stash", paths=["shop", "notes.txt"])
    with fake_api([turn(call), turn("Done.")]) as api:
        done = place.coder("-p", "put it aside", "--allowedTools", "Git", url=api.url)
    assert "Checkpoint k" in done.stderr
    assert tree(place.project) != before
    assert "coder " in repository.git("stash", "list")
    back = place.coder("rewind", "1", "-y", "--files")
    assert back.code == 0, back.stderr
    assert tree(place.project) == before


@pytest.mark.behaviour("B-1419")
def test_what_was_changed_before_the_session_is_said(tmp_path: Path) -> None:
    place, repository = shop(tmp_path)
    repository.write("shop/tax.py", "RATE = 20\n")
    calls = (
        tool("Write", file_path=str(place.project / "new.txt"), content="x\n"),
        tool("Git", action="add", paths=["."]),
    )
    with fake_api([*(turn(call) for call in calls), turn("Done.")]) as api:
        place.coder("-p", "add it", "--allowedTools", "Git", "Edit", "--permission-mode", "acceptEdits", url=api.url)
        said = str(api.requests[-1]["messages"][-1])
    assert "Staged 2 files: shop/tax.py, new.txt." in said
    assert "changed before this session began: shop/tax.py." in said
