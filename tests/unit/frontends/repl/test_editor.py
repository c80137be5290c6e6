from __future__ import annotations

from pathlib import Path

import pytest

from coder.frontends.repl.editor import edit, open_file


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_the_text_comes_back(tmp_path: Path) -> None:
    name = program(tmp_path / "ed it", 'echo "$@" > "$(dirname "$0")/said"; printf "B\\r\\nC\\n" >> "$2"')
    edited = edit("A\n漢", {"EDITOR": f"'{name}' -x"}, "plan.md")
    assert (edited.text, edited.problem) == ("A\n漢B\nC", "")
    said = (tmp_path / "said").read_text().split()
    assert said[0] == "-x"
    assert said[1].endswith("/plan.md")
    assert not Path(said[1]).parent.exists()


@pytest.mark.parametrize(
    ("editor", "why"),
    [
        ("no-such-editor --wait", "'no-such-editor' was not found (from VISUAL)"),
        ("'", "VISUAL cannot be read"),
        ("false", "false ended with exit code 1"),
        ("./vim", "'./vim' was not found"),
    ],
)
def test_a_failure_is_said_on_one_line(editor: str, why: str) -> None:
    edited = edit("text", {"VISUAL": editor, "EDITOR": "true", "PATH": "/usr/bin:/bin"})
    assert edited.text is None
    assert why in edited.problem
    assert "\n" not in edited.problem


def test_without_an_editor_it_says_what_to_set() -> None:
    assert "EDITOR=nano" in edit("text", {"PATH": ""}).problem


def test_no_editor_of_the_folder_one_stands_in_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "vim", f"touch {tmp_path}/ran")
    monkeypatch.chdir(tmp_path)
    assert "was not found" in edit("text", {"EDITOR": "vim", "PATH": ".::"}).problem
    assert not (tmp_path / "ran").exists()


def test_an_editor_that_returns_at_once_is_told_to_wait(tmp_path: Path) -> None:
    name = program(tmp_path / "code", f'echo "$@" > {tmp_path}/said')
    assert open_file(tmp_path / "x", {"EDITOR": name}) == ""
    assert (tmp_path / "said").read_text() == f"--wait {tmp_path}/x\n"
