"""`coder -p --auto-commit` and `coder undo` with the real command line, real git and the fake API."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.autocommits import SESSION
from tests.support.cli import Done, Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.processes import linux_only
from tests.support.repositories import Repository
from tests.support.rewinding import tree

BYPASS = ("--permission-mode", "bypassPermissions")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path)


@pytest.fixture
def shop(place: Place) -> Repository:
    return Repository.shop(place)


def run(
    place: Place, prompt: str, *commands: str, more: tuple[str, ...] = ("--auto-commit",), env: Mapping[str, str] = {}
) -> Done:
    calls = [turn(tool("Bash", command=command)) for command in commands]
    with fake_api([*calls, turn("Done.")]) as api:
        return place.coder("-p", prompt, *BYPASS, *more, url=api.url, env=env)


def settings(place: Place, folder: Path, **values: Any) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "settings.json").write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.behaviour("B-1475")
def test_it_is_off_unless_it_is_asked_for(place: Place, shop: Repository) -> None:
    tip = shop.git("rev-parse", "HEAD")
    run(place, "one", "echo a > a", more=())
    settings(place, shop.folder / ".coder", autoCommit=True)
    run(place, "two", "echo b > b", more=())  # a folder that nobody trusts
    (shop.folder / ".coder/settings.json").unlink()
    settings(place, place.home / ".coder", autoCommit=True)
    run(place, "three", "echo c > c", more=("--no-auto-commit",))
    assert (shop.git("rev-parse", "HEAD"), shop.git("symbolic-ref", "--short", "HEAD")) == (tip, "main")
    run(place, "four", "echo d > d", more=())
    assert shop.messages()[0].startswith("four\n") and shop.git("show", "--format=", "--name-only") == "d"


def test_a_project_that_switches_it_on_is_shown_before_it_is_trusted(place: Place, shop: Repository) -> None:
    settings(place, shop.folder / ".coder", autoCommit=True)
    assert "autoCommit" in place.coder("trust").stdout
    run(place, "go", "echo a > a", more=("--trust-folder",))
    assert shop.messages()[0].startswith("go\n")


@pytest.mark.behaviour("B-1488")
def test_it_is_told_on_one_line_and_clients_hear_a_message_they_know(place: Place, shop: Repository) -> None:
    done = run(place, "Fix it", "echo a > a")
    assert done.stdout == "Done.\n"
    short = shop.git("rev-parse", "--short=7", "HEAD")
    branch = shop.git("symbolic-ref", "--short", "HEAD")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"coder: Committed 1 file as {short} on {branch} (HEAD was on main")
    assert line.endswith(" · coder undo takes it back")
    done = run(
        place, "More", "echo b > b; echo k > k.pem", more=("--auto-commit", "-c", "--output-format", "stream-json")
    )
    told = [line for line in done.lines if line.get("subtype") == "informational"]
    assert [(each["level"], each["content"].split(" as ")[0]) for each in told] == [
        ("info", "Committed 1 file"),
        ("warning", "Left out of the commit: k.pem (looks like a secret by its name)"),
    ]
    assert done.lines[-1]["type"] == "result" and done.result["is_error"] is False


@pytest.mark.behaviour("B-1489")
def test_a_run_that_was_ended_early_is_committed_too(place: Place, shop: Repository) -> None:
    done = run(place, "Fix it", "echo a > a", "sleep 50", more=("--auto-commit", "--time-budget", "3"))
    assert done.code != 0 and "Committed 1 file" in done.stderr
    assert shop.git("show", "--format=", "--name-only") == "a"
    done = run(place, "Go on", "echo b > b", "echo c > c", more=("--auto-commit", "-c", "--max-turns", "1"))
    assert "Committed 1 file" in done.stderr and shop.git("show", "--format=", "--name-only") == "b"


def test_without_checkpoints_it_says_that_nothing_is_committed(place: Place, shop: Repository) -> None:
    done = run(place, "go", "echo a > a", env={"CLAUDE_CODE_DISABLE_FILE_CHECKPOINTING": "1"})
    assert "Nothing is committed by itself in this session" in done.stderr
    assert shop.git("symbolic-ref", "--short", "HEAD") == "main"


@pytest.mark.behaviour("B-1479")
def test_files_that_rules_deny_are_not_committed(place: Place, shop: Repository) -> None:
    shop.write("make.sh", "mkdir private; echo x > private/x; echo a > a\n")
    shop.commit("make")
    denied = json.dumps({"permissions": {"deny": ["Read(./private/**)"]}})
    done = run(place, "go", "sh make.sh", more=("--auto-commit", "--settings", denied))
    assert "private/x (your rules deny reading it)" in done.stderr
    assert shop.git("show", "--format=", "--name-only") == "a"


@pytest.mark.behaviour("B-1481")
def test_outside_git_the_run_goes_on_and_the_reason_is_told(place: Place) -> None:
    done = run(place, "go", "echo a > a")
    assert (done.code, done.stdout) == (0, "Done.\n")
    assert "Not committed: this folder is in no git repository. Make one: git init." in done.stderr


@pytest.mark.behaviour("B-1483")
def test_undo_takes_the_commit_back_and_redo_brings_it_again(place: Place, shop: Repository) -> None:
    shop.write("README.md", "staged\n")
    shop.git("add", "README.md")
    shop.write("own.txt", "mine\n")
    before = (tree(shop.folder), shop.git("ls-files", "--stage"), shop.git("for-each-ref"))
    run(place, "Fix it", "echo a > a; rm shop/tax.py; chmod +x shop/cart.py")
    after = (tree(shop.folder), shop.git("ls-files", "--stage"), shop.git("for-each-ref"))
    short = shop.git("rev-parse", "--short=7", "HEAD")
    shown = place.coder("undo", "--dry-run").stdout
    assert "Would bring back:\n    shop/tax.py" in shown and "HEAD would go back to main" in shown
    assert place.coder("undo", "--list").stdout.startswith(f"{short}  Fix it · just now · 3 files · coder/fix-it-")
    assert (tree(shop.folder), shop.git("ls-files", "--stage"), shop.git("for-each-ref")) == after
    done = place.coder("undo")
    assert done.stdout.startswith(f"✓ Took back: {short} Fix it · 3 files · coder undo --redo brings it again\n")
    assert "HEAD is on main again" in done.stdout
    assert (tree(shop.folder), shop.git("ls-files", "--stage"), shop.git("for-each-ref")) == before
    assert "taken back" in place.coder("undo", "--list").stdout
    assert place.coder("undo", "--redo").stdout.startswith(f"✓ Back again: {short}")
    assert (tree(shop.folder), shop.git("ls-files", "--stage"), shop.git("for-each-ref")) == after
    told = json.loads(place.coder("undo", "--json").stdout)
    assert told["subject"] == "Fix it" and len(told["files"]) == 3
    assert (tree(shop.folder), shop.git("ls-files", "--stage"), shop.git("for-each-ref")) == before


@pytest.mark.behaviour("B-1484")
def test_undo_says_what_stands_in_its_way(place: Place, shop: Repository) -> None:
    done = place.coder("undo")
    assert done.code == 1 and "coder has made no commit by itself in this repository" in done.stderr
    run(place, "Fix it", "echo a > a")
    shop.write("a", "mine")
    done = place.coder("undo")
    assert done.code == 2 and "changed since" in done.stderr and "coder undo --force" in done.stderr
    assert (shop.folder / "a").read_text() == "mine"
    assert place.coder("undo", "--redo", "--list").code == 2
    shop.git("switch", "-q", "-c", "other")
    assert "First: git switch coder/fix-it-" in place.coder("undo", "--force").stderr


# kill -9 before or after a call of git that makes a step of the commit. Other calls may run beside it.
GIT = """#!/bin/sh
case "${GIT_INDEX_FILE:+scratch}|$*" in $KILL_AT) is_it=1 ;; esac
[ "$is_it$KILL_WHEN" = 1before ] && kill -9 $PPID && exit 1
"$KILL_GIT" "$@"; code=$?
[ "$is_it$KILL_WHEN" = 1after ] && kill -9 $PPID
exit $code
"""
STEPS = {
    "look": "|*diff-index*",
    "identity": "*var*IDENT*",
    "read": "scratch|*read-tree*",
    "take in": "scratch|*update-index*--add*",
    "tree": "scratch|*write-tree*",
    "commit": "*commit-tree*",
    "branch": "*update-ref*coder:*branch*",
    "head": "*symbolic-ref*-m*",
    "index": "|*update-index*--index-info*",
    "land": "*update-ref*coder:*auto-commit*",
}


def killing(tmp_path: Path, step: str, when: str) -> dict[str, str]:
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "git").write_text(GIT, encoding="utf-8")
    (folder / "git").chmod(0o755)
    git = shutil.which("git")
    assert git is not None
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "KILL_GIT": git, "KILL_AT": STEPS[step], "KILL_WHEN": when}


def killed(tmp_path: Path, step: str, when: str) -> None:
    """One run that is killed, the next one, and all that must hold after each."""
    place = Place.make(tmp_path)
    shop = Repository.shop(place)
    shop.write("README.md", "staged\n")
    shop.git("add", "README.md")
    shop.write("own.txt", "mine\n")
    session = ("--auto-commit", "--session-id", SESSION)
    done = run(
        place,
        "First",
        "echo a > a; rm shop/tax.py; echo s >> README.md",
        more=session,
        env=killing(tmp_path, step, when),
    )
    assert done.code == -9, done
    kept, staged = tree(shop.folder), shop.git("rev-parse", ":README.md")
    is_noted = any((place.home / ".coder/file-history").glob("*/commits.jsonl"))
    assert shop.git("show", ":README.md") == "staged"
    assert shop.git("rev-list", "--count", "main") == "3"
    shop.git("fsck", "--strict")
    assert not (shop.folder / ".git/index.lock").exists()
    for line in shop.git("status", "--porcelain", "-uall").splitlines():
        assert line.split()[-1] in ("README.md", "own.txt", "a", "shop/tax.py"), line
    more = ("--auto-commit", "--resume", SESSION) if place.transcripts() else session
    done = run(place, "Second", "echo b > b", more=more)
    assert done.code == 0 and "Committed 1 file" in done.stderr, done
    assert shop.git("show", "--format=", "--name-only") == "b"
    (shop.folder / "b").unlink()
    assert tree(shop.folder) == kept and shop.git("rev-parse", ":README.md") == staged
    (shop.folder / "b").write_text("b\n")
    shop.git("fsck", "--strict")
    assert ("First" in shop.git("log", "--format=%s")) == is_noted
    if is_noted:
        assert shop.git("show", "--format=", "--name-only", "HEAD~").split() == ["README.md", "a", "shop/tax.py"]
        assert not {"a", "shop/tax.py"} & set(shop.git("status", "--porcelain").split())
    assert place.coder("undo").code == 0
    assert not (shop.folder / "b").exists() and shop.git("rev-parse", ":README.md") == staged


@linux_only
@pytest.mark.behaviour("B-1482")
@pytest.mark.parametrize("step", ["take in", "commit", "branch", "head", "index", "land"])
def test_killed_after_a_step_nothing_is_lost(tmp_path: Path, step: str) -> None:
    killed(tmp_path, step, "after")


@pytest.mark.soak
@linux_only
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_round_every_step_nothing_is_lost(tmp_path: Path, when: str, step: str) -> None:
    killed(tmp_path, step, when)
