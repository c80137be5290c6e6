from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.config.write import add_rule
from coder.core.programs import program_folders
from coder.tools.ripgrep import locate
from coder.workspace.shell import child_environment, find_shell


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.behaviour("B-646")
def test_helpers_are_never_taken_from_the_folder_worked_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "repo"
    for name in ("bash", "rg"):
        program(root / name)
        program(root / "bin" / name)
        program(tmp_path / "mine" / name)
    (tmp_path / "link").symlink_to(root / "bin")
    monkeypatch.chdir(root)
    env = {"PATH": f".::bin:{root}:{root}/bin:{tmp_path}/link:{tmp_path}/mine:/usr/bin", "CODER_RG": "./rg"}
    assert find_shell(env, (root,)).program == tmp_path / "mine" / "bash"
    assert locate(env, (root,)) == tmp_path / "mine" / "rg"
    assert locate({**env, "CODER_RG": str(root / "rg")}, (root,)) == root / "rg", "the person named it"
    assert program_folders({"PATH": f"{root}2:{root}"}, (root,)) == [f"{root}2"]


@pytest.mark.behaviour("B-646")
def test_helpers_are_not_taken_from_the_repository_around_the_folder_either(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for folder in (home / ".git", home / "repo" / ".git", home / "repo" / "sub", home / "notes"):
        folder.mkdir(parents=True)
    tree = home / "repo" / ".claude" / "worktrees" / "task"
    tree.mkdir(parents=True)
    (tree / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    (tmp_path / "link").symlink_to(home / "repo" / "sub")
    mine, theirs = f"{home}/.local/bin", f"{home}/repo/bin"
    env = {"HOME": str(home), "PATH": f"{theirs}:{mine}"}
    for root in (home / "repo" / "sub", home / "repo" / "sub" / "gone", tmp_path / "link", tree):
        assert program_folders(env, (root,)) == [mine]
    assert program_folders(env, (home / "notes",)) == [theirs, mine], "a home kept in git is still the person's"
    assert program_folders({**env, "HOME": f"{home}/"}, (home / "notes",)) == [theirs, mine]


@pytest.mark.behaviour("B-646")
def test_a_git_of_the_repository_is_not_asked_where_to_keep_things_out_of_it(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    (repo / ".git").mkdir(parents=True)
    git = program(repo / "bin" / "git")
    git.write_text(f"#!/bin/sh\n: > {tmp_path}/ran\n", encoding="utf-8")
    env = {"HOME": str(tmp_path / "home"), "PATH": f"{repo}/bin:/usr/bin:/bin"}
    assert add_rule(repo / "sub" / ".coder" / "settings.local.json", "allow", "Bash(make)", env)
    assert not (tmp_path / "ran").exists()


@pytest.mark.behaviour("B-646")
@pytest.mark.parametrize(
    ("path", "kept"),
    [(".:/a::b:/c", "/a:/c"), ("/a", "/a"), ("", os.defpath), (".", os.defpath), (None, os.defpath)],
)
def test_commands_find_no_program_through_a_relative_entry(path: str | None, kept: str) -> None:
    base = {} if path is None else {"PATH": path}
    assert child_environment(base, Path("/"))["PATH"] == kept


@pytest.mark.behaviour("B-639")
def test_commands_do_not_inherit_trust_for_one_run() -> None:
    assert "CODER_TRUST_FOLDER" not in child_environment({"CODER_TRUST_FOLDER": "1"}, Path("/"))
