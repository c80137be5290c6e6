from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support.cli import CODER, Place
from tests.support.hostile import Hostile
from tests.support.repositories import Repository


def bring(place: Place, **settings: object) -> Path:
    path = place.project / ".coder" / "settings.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"env": {"A": "1"}, **settings}), encoding="utf-8")
    return path


@pytest.mark.behaviour("B-643")
def test_a_folder_is_shown_approved_listed_and_forgotten(place: Place) -> None:
    path = bring(place)
    before = place.coder("trust")
    assert (before.code, before.stderr) == (0, "")
    assert before.stdout == (
        f"Not trusted: {place.project}\n\nWaits for your trust:\n  .coder/settings.json: variable A: 1\n\n"
        "Deny and ask rules count already.\nTo trust this folder: coder trust add\n"
    )
    assert place.coder("trust", "add", "--yes").stdout.endswith("Trusted.\n")
    assert place.coder("trust").stdout.startswith(f"Trusted: {place.project}\n")
    assert place.coder("trust", "list").stdout == f"{place.project}\n"
    path.write_text(json.dumps({"env": {"A": "2"}}), encoding="utf-8")
    changed = place.coder("trust").stdout
    assert (
        changed.startswith("Changed since you trusted it: ")
        and "changed: .coder/settings.json: variable A: 2\n" in changed
    )
    assert place.coder("trust", "remove").stdout == f"No longer trusted: {place.project}\n"
    assert place.coder("trust", "remove", ".").stdout == f"{place.project} was not trusted.\n"
    assert place.coder("trust", "list").stdout == ""


@pytest.mark.behaviour("B-1563")
def test_in_a_repository_it_says_that_hooks_wait_though_no_setting_needs_trust(place: Place) -> None:
    assert "hooks" not in place.coder("trust").stdout
    Repository.make(place)
    told = place.coder("trust").stdout
    assert told.startswith("No settings here run, contact or loosen anything, so they need no trust: ")
    assert told.endswith("run only after a question.\nTo trust this folder: coder trust add\n")
    place.coder("trust", "add", "--yes")
    assert place.coder("trust").stdout == f"Trusted: {place.project}\n"


@pytest.mark.behaviour("B-643")
def test_without_a_terminal_nothing_is_approved_silently(place: Place) -> None:
    bring(place)
    done = place.coder("trust", "add", stdin="y\n")
    assert (done.code, done.stderr.count("\n")) == (2, 1) and "--yes" in done.stderr
    assert not (place.home / ".coder").exists()
    missing = place.coder("trust", "add", "nowhere", "--yes")
    assert (missing.code, missing.stderr) == (2, f"coder: there is no folder {place.project}/nowhere.\n")


@pytest.mark.behaviour("B-643")
@pytest.mark.parametrize(("typed", "trusted"), [("\r", False), ("n\r", False), ("\x04", False), ("y\r", True)])
def test_the_question_takes_no_for_the_default(place: Place, typed: str, trusted: bool) -> None:
    bring(place)
    child = pexpect.spawn(
        sys.executable, [*CODER[1:], "trust", "add"], cwd=str(place.project), env=place.env(None), encoding="utf-8"
    )
    child.expect(r"variable A: 1(?s:.*)Trust this folder\? \[y/N\]")
    child.send(typed)
    child.expect(pexpect.EOF)
    child.close()
    assert (place.home / ".coder" / "trust.json").exists() is trusted
    assert child.exitstatus == (0 if trusted else 1)


@pytest.mark.behaviour("B-643")
def test_a_broken_trust_file_is_told_in_one_line(place: Place) -> None:
    bring(place)
    (place.home / ".coder").mkdir()
    (place.home / ".coder" / "trust.json").write_text("{", encoding="utf-8")
    assert "trusts nothing" in place.coder("trust").stdout
    for argv in (["add", "--yes"], ["remove"], ["list"]):
        done = place.coder("trust", *argv)
        assert (done.code, done.stderr.count("\n")) == (2, 1) and "trust.json, line 1" in done.stderr


@pytest.mark.behaviour("B-640")
def test_names_in_the_terminal_hide_nothing(place: Place) -> None:
    bring(place, hooks={"Stop\x1b[2J": [{"hooks": [{"type": "command", "command": "a\u202eb\nc"}]}]})
    out = place.coder("trust").stdout
    assert "hook Stop\\e[2J: a\\u202eb\\nc\n" in out


@pytest.mark.behaviour("B-630")
def test_approving_runs_nothing(place: Place, tmp_path: Path) -> None:
    hostile = Hostile.make(place.project, tmp_path / "canaries")
    assert place.coder("trust", "add", "--yes", env={"PATH": hostile.reckless_path()}).code == 0
    assert place.coder("trust").stdout.startswith("Trusted: ")
    assert hostile.sung == [] and os.listdir(place.home / ".coder") != []


@pytest.mark.behaviour("B-643")
def test_a_secret_that_a_folder_brings_is_not_shown(place: Place) -> None:
    path = bring(place, env={"ANTHROPIC_AUTH_TOKEN": "tok-first-secret"})
    assert "variable ANTHROPIC_AUTH_TOKEN" in (told := place.coder("trust").stdout) and "first" not in told
    place.coder("trust", "add", "--yes")
    path.write_text(json.dumps({"env": {"ANTHROPIC_AUTH_TOKEN": "tok-other-secret"}}), encoding="utf-8")
    assert "changed" in (told := place.coder("trust").stdout) and "other" not in told and "first" not in told
