from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coder.core.nofollow import Folders
from coder.tools.walk import Walk, start_at

LONG = os.environ.get("CODER_FUZZ") == "long"
GIT = shutil.which("git")

NAMES = ["a", "b", "ab", "a.c", "b.c", ".x", "a b", "[a]", "é", "#a", "!a", "a*", "build"]
PARTS = [
    *("a", "b", "ab", "a.c", ".x", "é", "build", "*", "**", "*.c", "a*", "?", "??", "*b*", "***", "a**", "**b"),
    *(
        "[ab]",
        "[!a]",
        "[^a]",
        "[a-c]b",
        "[]a]",
        "[",
        "[a",
        "[[:alpha:]]",
        "[[:digit:]x]",
        "[[:nope:]]",
        "[z-a]",
        "\\[a\\]",
    ),
    *("\\a", "a\\*", "\\#a", "\\!a", "#a", "a b", "{a,b}", "[a]", "[!", "[a-]", "[-a]", "[\\]]", "a\\", "", " "),
]
lines = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "", "", "!", "!", "#"]),
    st.sampled_from(["", "", "/"]),
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=3).map("/".join),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "", " ", "\r", "\\ ", "\t"]),
)
ignore_files = st.tuples(
    st.sampled_from(["", "", "\ufeff"]),
    st.lists(lines, min_size=2, max_size=8).map("\n".join),
    st.sampled_from(["", "\n"]),
).map("".join)
folders = st.lists(st.sampled_from(NAMES), max_size=3).map("/".join)
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
FRESH = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "HOME": "/nonexistent",
    "PATH": os.environ["PATH"],
}


def plant(root: Path, files: dict[str, str]) -> None:
    """Makes the files that can be made: what is a file is no folder any more, and the other way round."""
    for path, text in files.items():
        place = root / path
        if not any(parent.is_file() for parent in place.parents) and not place.is_dir():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="")


def seen_by_git(root: Path) -> set[str]:
    command = ["git", "ls-files", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, env=FRESH, capture_output=True, check=True).stdout
    return {os.fsdecode(path) for path in listed.split(b"\0") if path}


@pytest.mark.skipif(GIT is None, reason="git is not installed")
@pytest.mark.behaviour("B-302")
@settings(
    max_examples=10_000 if LONG else 120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    files=st.lists(paths, min_size=1, max_size=12),
    ignores=st.dictionaries(folders, ignore_files, min_size=1, max_size=3),
    exclude=ignore_files,
)
def test_the_walk_sees_what_git_sees(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    files: list[str],
    ignores: dict[str, str],
    exclude: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for old in tmp_path.iterdir():
        shutil.rmtree(old)
    root = tmp_path / "repo"
    root.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, env=FRESH, check=True)
    plant(root, dict.fromkeys(files, ""))
    plant(root, {f"{folder}/.gitignore".lstrip("/"): text for folder, text in ignores.items()})
    plant(root, {".git/info/exclude": exclude})
    monkeypatch.chdir(root)
    with Folders(".") as top:
        walk = Walk(top)
        seen = set(walk.files(start_at(root, [])))
    event("something hidden" if walk.hidden_files or walk.hidden_folders else "nothing hidden")
    assert seen == seen_by_git(root)
