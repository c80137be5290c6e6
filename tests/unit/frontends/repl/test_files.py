from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from coder.frontends.files import Files

ENV = dict(os.environ)


class Looking:
    """Files, and whether something more was found."""

    def __init__(self, folder: Path, env: dict[str, str] = ENV) -> None:
        self._changed = Event()
        self.files = Files(folder, env, self._changed.set)

    def now(self, query: str) -> list[tuple[str, str]]:
        """Without waiting for more."""
        return self.files.best(query, 50)

    def best(self, query: str, most: int = 50) -> list[tuple[str, str]]:
        state = self.files.state
        found = self.files.best(query, most)
        if found or not self._changed.wait(20):
            return found
        assert self.files.state > state
        self._changed.clear()
        return self.files.best(query, most)


def tree(folder: Path) -> Path:
    for name in ("app.py", "src/one.py", "src/deep/two words.md", "build/out.js", ".hidden"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * 1500)
    (folder / ".gitignore").write_text("build/\n")
    (folder / "odd\nname").write_text("")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


def with_git(folder: Path) -> dict[str, str]:
    git(folder, "init", "-q")
    git(folder, "add", "app.py")
    return ENV


def without_git(folder: Path) -> dict[str, str]:
    return ENV | {"PATH": ""}


@pytest.mark.parametrize("prepare", [with_git, without_git])
def test_what_can_be_named(tmp_path: Path, prepare: Callable[[Path], dict[str, str]]) -> None:
    looking = Looking(tree(tmp_path), prepare(tmp_path))
    assert looking.best("") == [
        (".gitignore", "7 B"),
        (".hidden", "1.5 KB"),
        ("app.py", "1.5 KB"),
        ("src/", "2 files"),
        ("src/deep/", "1 file"),
        ("src/one.py", "1.5 KB"),
        ("src/deep/two words.md", "1.5 KB"),
    ]
    assert looking.best("two") == [("src/deep/two words.md", "1.5 KB")]
    assert looking.best("src/")[0] == ("src/deep/", "1 file")
    assert looking.now("HEAD") == looking.now("out.js") == []
    (tmp_path / "src" / "one.py").unlink()
    assert looking.now("one.py") == []


def test_paths_outside_come_from_the_disk(tmp_path: Path) -> None:
    home = tree(tmp_path / "home")
    (home / ".git").mkdir()
    inside = tmp_path / "home" / "src"
    looking = Looking(inside, ENV | {"HOME": str(home)})
    assert looking.best("~") == [("~/", "")]
    assert looking.best("~/") == [("~/app.py", ""), ("~/build/", ""), ("~/src/", "")]
    assert looking.best("~/.") == [("~/.gitignore", ""), ("~/.hidden", "")]
    assert looking.best("../AP") == [("../app.py", "")]
    assert looking.best(f"{home}/b") == [(f"{home}/build/", "")]
    assert looking.best("./de") == [("./deep/", "")]
    assert looking.best("/no/such/folder/") == []


def test_a_repository_cannot_run_programs(tmp_path: Path) -> None:
    tree(tmp_path)
    with_git(tmp_path)
    script = tmp_path / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    script.chmod(0o755)
    git(tmp_path, "config", "core.fsmonitor", str(script))
    assert Looking(tmp_path).best("app")
    assert not (tmp_path / "ran").exists()
