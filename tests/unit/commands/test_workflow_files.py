"""The built-in workflows as files: what they gather before the model is asked, and what they allow."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from coder.commands.check import check
from coder.core import prompts
from coder.core.tools import Mode, Runs
from tests.support.cli import Place
from tests.support.policy import Policy, policy, project
from tests.support.repositories import Repository

FILES = sorted((prompts.folder() / "commands").glob("*.md"))
NAMES = ["commit", "explain", "init", "plan", "pr", "release-notes", "review", "security-review", "test"]
INLINE = re.compile(r"(?:^|(?<=\s))!`([^`]+)`", re.MULTILINE)
RULE = re.compile(r"\w+\([^)]*\)")
FACTS = sorted({command for file in FILES for command in INLINE.findall(file.read_text(encoding="utf-8"))})
GRANTED = {"commit": "Git(add *), Git(commit *), Git(restore --staged *)", "init": "Edit(./CLAUDE.md)"}


def head(name: str) -> dict[str, str]:
    text = (prompts.folder() / "commands" / f"{name}.md").read_text(encoding="utf-8")
    pairs = (
        line.partition(": ") for line in text.split("\n---\n")[0].splitlines() if not line.startswith(("#", "---"))
    )
    return {key: value for key, _, value in pairs}


@pytest.mark.behaviour("B-1240")
def test_there_are_nine_short_files() -> None:
    assert [file.stem for file in FILES] == NAMES
    assert max(len(file.read_text(encoding="utf-8").splitlines()) for file in FILES) <= 45


def test_they_are_without_a_mistake() -> None:
    assert check(prompts.folder() / "commands") == ()


@pytest.mark.behaviour("B-1240")
@pytest.mark.parametrize("mode", ["default", "plan", "dontAsk"])
@pytest.mark.parametrize("command", FACTS)
def test_every_fact_is_gathered_by_commands_that_only_read(tmp_path: Path, command: str, mode: Mode) -> None:
    common = ["Read(./.env)", "Read(./secrets/**)", "Edit", "Write", "NotebookEdit"]
    decision = policy(project(tmp_path), mode, deny=common).bash(command)
    assert decision.verdict == "allow", decision


def shell(command: str, place: Place) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(place.home), "LANG": "C.UTF-8", "GIT_CEILING_DIRECTORIES": "/"}
    return subprocess.run(
        ["bash", "-c", command], cwd=place.project, env=env, capture_output=True, encoding="utf-8", check=False
    )


@pytest.mark.behaviour("B-1240")
@pytest.mark.parametrize("state", ["no repository", "no commit", "a history", "a remote"])
def test_no_fact_fails_whatever_the_folder_is(place: Place, state: str) -> None:
    if state != "no repository":
        made = Repository.make(place) if state == "no commit" else Repository.shop(place)
        if state == "a remote":
            made.publish()
    failed = [(command, done.stderr) for command in FACTS if (done := shell(command, place)).returncode]
    assert failed == []


@pytest.mark.behaviour("B-1241")
def test_what_may_be_done_unasked_is_no_more_than_the_name_says() -> None:
    assert {name: head(name)["allowed-tools"] for name in NAMES if "allowed-tools" in head(name)} == GRANTED
    assert all(head(name)["disable-model-invocation"] == "true" and head(name)["description"] for name in NAMES)


@pytest.mark.behaviour("B-1241")
@pytest.mark.parametrize(
    ("action", "command", "outcome"),
    [
        ("add", "git add -- a.py", "allow"),
        ("unstage", "git restore --staged -- a.py", "allow"),
        ("unstage", "git restore -- a.py", "ask"),
        ("commit", "git commit -m 'a: b\n\nWhy: it works.'", "allow"),
        ("commit", "git commit -m 'a: b' --only -- a.py", "allow"),
        ("switch", "git switch main", "ask"),
        ("stash", "git stash push", "ask"),
    ],
)
def test_commit_may_stage_and_commit_with_the_git_tool(tmp_path: Path, action: str, command: str, outcome: str) -> None:
    decision = of_commit(tmp_path).call("Git", Runs(command), action=action)
    assert decision.verdict == outcome, decision


@pytest.mark.behaviour("B-1241")
@pytest.mark.parametrize(
    ("command", "outcome"),
    [
        ("git add -- a.py", "ask"),
        ("git commit -m x", "ask"),
        ("git commit --no-verify -m x", "deny"),
        ("git commit -m x --no-verif", "deny"),
        ("git commit -nm x", "deny"),
        ("git commit -m x -n", "deny"),
        ("git add -f .env", "deny"),
        ("git add --force .env", "deny"),
        ("git -c core.hooksPath=/dev/null commit -m x", "ask"),
        ("git push", "ask"),
        ("git reset --hard", "ask"),
        ("git stash", "ask"),
    ],
)
def test_commit_goes_past_no_hook_by_another_way(tmp_path: Path, command: str, outcome: str) -> None:
    decision = of_commit(tmp_path).bash(command)
    assert decision.verdict == outcome, decision


def of_commit(folder: Path) -> Policy:
    rules = {key: RULE.findall(head("commit")[f"{key}ed-tools"]) for key in ("allow", "disallow")}
    return policy(project(folder), allow=rules["allow"], deny=rules["disallow"])


@pytest.mark.behaviour("B-1469")
@pytest.mark.parametrize("mode", ["default", "bypassPermissions"])
@pytest.mark.parametrize(
    ("command", "is_denied"),
    [
        ("git push -u origin feature", False),
        ("git push -u origin tax-fix", False),
        ("git push --force origin feature", True),
        ("git push --force-with-lease", True),
        ("git push -f", True),
        ("git push -f origin x", True),
        ("git push origin x -f", True),
        ("git push -uf origin x", True),
        ("git push origin +x", True),
        ("git push --mirror origin", True),
        ("git push origin --delete x", True),
        ("git push -d origin x", True),
    ],
)
def test_a_pull_request_pushes_without_force(tmp_path: Path, mode: Mode, command: str, is_denied: bool) -> None:
    decision = policy(project(tmp_path), mode, deny=RULE.findall(head("pr")["disallowed-tools"])).bash(command)
    assert (decision.verdict == "deny") == is_denied, decision
