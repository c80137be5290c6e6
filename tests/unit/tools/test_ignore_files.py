from __future__ import annotations

import os
from pathlib import Path

import pytest

from coder.core.nofollow import Folders
from coder.tools.walk import Walk, start_at


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "repo"
    (place / ".git/info").mkdir(parents=True)
    monkeypatch.chdir(place)
    return place


def plant(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8", newline="")


def seen(root: Path, *tops: Path) -> set[str]:
    os.chdir(root)
    with Folders(".") as top:
        files = Walk(top).files(start_at(root, list(tops)))
        return {path for path in files if not Path(path).name.startswith(".")}


@pytest.mark.behaviour("B-302")
@pytest.mark.parametrize(
    ("rules", "visible"),
    [
        ("*.log", {"a.py", "src/a.py", "src/build/x.py"}),
        ("/a.py", {"a.log", "src/a.py", "src/build/x.py"}),
        ("a.py", {"a.log", "src/build/x.py"}),
        ("build/", {"a.py", "a.log", "src/a.py"}),
        ("a.py/", {"a.py", "a.log", "src/a.py", "src/build/x.py"}),
        ("src/*\n!src/a.py", {"a.py", "a.log", "src/a.py"}),
        ("src\n!src/a.py", {"a.py", "a.log"}),
        ("**/build", {"a.py", "a.log", "src/a.py"}),
        ("src/**", {"a.py", "a.log"}),
        ("*\n!*.py\n!*/", {"a.py", "src/a.py", "src/build/x.py"}),
        ("a.log \r\n#a.py\n\n", {"a.py", "src/a.py", "src/build/x.py"}),
        ("\ufeffa.log", {"a.py", "src/a.py", "src/build/x.py"}),
        ("[a", {"a.py", "a.log", "src/a.py", "src/build/x.py"}),
        ("a\\", {"a.py", "a.log", "src/a.py", "src/build/x.py"}),
    ],
)
def test_gitignore_rules_hide_what_git_hides(root: Path, rules: str, visible: set[str]) -> None:
    plant(root, {"a.py": "", "a.log": "", "src/a.py": "", "src/build/x.py": "", ".gitignore": rules})
    assert seen(root) == visible


def test_nearer_files_win_and_other_kinds_win_over_gitignore(root: Path) -> None:
    plant(root, {".gitignore": "*.log", "src/.gitignore": "!keep.log", ".ignore": "!deep.log", ".rgignore": "a.py"})
    plant(root, dict.fromkeys(("a.py", "a.log", "src/keep.log", "src/b.log", "src/deep.log"), ""))
    assert seen(root) == {"src/keep.log", "src/deep.log"}


def test_info_exclude_counts_also_in_a_worktree(root: Path, tmp_path: Path) -> None:
    plant(root, {".git/info/exclude": "*.log", "a.log": "", "a.py": ""})
    assert seen(root) == {"a.py"}
    plant(root, {".git/worktrees/w/commondir": "../..\n"})
    plant(tmp_path / "tree", {".git": f"gitdir: {root}/.git/worktrees/w\n", "a.log": "", "a.py": ""})
    assert seen(tmp_path / "tree") == {"a.py"}


@pytest.mark.behaviour("B-302")
def test_rules_above_the_search_root_count_up_to_the_repository(root: Path, tmp_path: Path) -> None:
    plant(tmp_path, {".gitignore": "*.py"})
    plant(root, {".gitignore": "/src/a.py\n*.log", "src/a.py": "", "src/a.log": "", "src/b.py": ""})
    assert seen(root / "src") == {"b.py"}


def test_without_a_repository_rules_count_up_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plant(tmp_path, {"top/.gitignore": "*.log", "top/src/a.log": "", "top/src/a.py": ""})
    assert seen(tmp_path / "top/src", tmp_path / "top") == {"a.py"}
    assert seen(tmp_path / "top/src") == {"a.py", "a.log"}


def test_a_repository_inside_another_has_its_own_rules(root: Path) -> None:
    plant(root, {".gitignore": "*.log", "inner/.git/HEAD": "", "inner/a.log": "", "a.log": ""})
    assert seen(root) == {"inner/a.log"}


@pytest.mark.behaviour("B-302")
def test_no_setting_of_the_machine_hides_anything(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, {"home/.config/git/ignore": "*.py", "home/.gitignore": "*.py"})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    plant(root, {"a.py": ""})
    assert seen(root) == {"a.py"}


def test_an_ignore_file_that_is_a_link_or_a_pipe_is_passed_over(root: Path, tmp_path: Path) -> None:
    plant(tmp_path, {"rules": "*.py"})
    plant(root, {"a.py": "", "src/b.py": ""})
    (root / ".gitignore").symlink_to(tmp_path / "rules")
    os.mkfifo(root / "src/.gitignore")
    assert seen(root) == {"a.py", "src/b.py"}


def test_a_whitelist_at_the_top_of_a_repository_stays_in_force(root: Path) -> None:
    plant(root, {".gitignore": "*\n!*.py\n", "a.py": "", "b.log": ""})
    assert seen(root) == {"a.py"}
