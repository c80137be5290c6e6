"""`coder ci` says what it cannot do before it makes or asks anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.cli import main
from tests.support.cli import Place
from tests.support.repositories import Repository

OWN, THEIRS = "shop/shop", "enemy/shop"


@pytest.mark.behaviour("B-2319")
@pytest.mark.parametrize(
    ("arguments", "repo", "said"),
    [
        (("fix", "--log", "x"), THEIRS, "comes from a fork"),
        (("fix",), OWN, "needs the log"),
        (("fix", "--log", "no-such"), OWN, "no-such cannot be read"),
        (("deploy",), OWN, "no 'deploy'"),
        (("triage",), "", "no issue to triage"),
        (("triage", "--labels", "a;b"), OWN, "no name of a label"),
        (("prompt",), OWN, "no prompt"),
        (("prompt", "--prompt", "Look."), "nowhere", "or --base HEAD for what is checked out"),
        (("review",), "", "which commit is to be trusted"),
        (("review",), OWN, "changes nothing"),
        (("review", "--base", "--output=x"), OWN, "no commit of this checkout"),
        (("review", "--comment"), OWN, "needs a token"),
        (("review", "--comment"), "", "no pull request or issue"),
        (("review", "--push"), OWN, "--push is for fix"),
    ],
)
def test_what_cannot_be_done_is_said_first(
    arguments: tuple[str, ...],
    repo: str,
    said: str,
    place: Place,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    repository = Repository.make(place)
    repository.write("a.py", "1\n")
    repository.commit("begin")
    commit = {"sha": repository.git("rev-parse", "HEAD").strip()}
    request = {"number": 7, "head": {**commit, "repo": {"full_name": repo}}, "base": commit}
    event = {"repository": {"full_name": OWN}, **({"pull_request": request} if repo else {})}
    told_by_service = repo != "nowhere"
    (tmp_path / "event.json").write_text(json.dumps(event), "utf-8")
    monkeypatch.chdir(place.project)
    for name, value in {
        "HOME": place.home,
        "GITHUB_EVENT_PATH": tmp_path / "event.json" if told_by_service else "",
        "RUNNER_TEMP": tmp_path,
    }.items():
        monkeypatch.setenv(name, str(value))
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    assert main.run(["ci", *arguments]) == 2
    told = capsys.readouterr().err
    assert said in told and told.startswith("coder: ") and told.count("\n") == 1
    assert not list(tmp_path.glob("coder-ci-*"))
