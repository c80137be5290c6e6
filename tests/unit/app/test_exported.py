"""Variables that a hook leaves: what a shell would only quote and fill in is taken, nothing is run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.app.hooking.exported import LARGEST, exported

ENV = {"HOME": "/home/me", "PATH": "/usr/bin:/bin", "A": "it's"}
SAFE = st.text(st.sampled_from("ab =:'\"\\$`{}A_#~*;&|<>()\t"), max_size=12)


def of(tmp_path: Path, text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    path = tmp_path / "env"
    path.write_text(text, encoding="utf-8")
    return exported(path, ENV)


@pytest.mark.behaviour("B-1198")
@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("export X=plain", "plain"),
        ("export X=", ""),
        ("export X='a b $HOME'", "a b $HOME"),
        ('export X="a b $HOME"', "a b /home/me"),
        ('export X="say \\"hi\\" \\$5"', 'say "hi" $5'),
        ("export X=$HOME/bin:${PATH}", "/home/me/bin:/usr/bin:/bin"),
        ("export X=a\\ b", "a b"),
        ("export X='a'\"b\"c", "abc"),
        ("export X=$NOBODY", ""),
        ("  export X=1  ", "1"),
    ],
)
def test_what_a_shell_would_make_of_it(tmp_path: Path, line: str, value: str) -> None:
    assert of(tmp_path, line) == ({"X": value}, ())


@pytest.mark.behaviour("B-1198")
@pytest.mark.parametrize(
    "line",
    [
        "export X=$(id)",
        "export X=`id`",
        'export X="$(id)"',
        'export X="`id`"',
        "export X=${HOME:-x}",
        'export X="${HOME#/}"',
        "export X=1; touch y",
        "export X=1 Y=2",
        "export X='open",
        'export X="open',
        "X=1",
        "export 1X=1",
        "declare -x X=1",
        "unset PATH",
        "export X=$((1+1))",
        "export X=<(id)",
    ],
)
def test_what_would_have_to_be_run_does_not_count(tmp_path: Path, line: str) -> None:
    assert of(tmp_path, f"# a remark\n\n{line}\nexport Z=9\n") == ({"Z": "9"}, (line,))


def test_later_lines_see_earlier_ones_and_come_first(tmp_path: Path) -> None:
    assert of(tmp_path, "export X=1\nexport Y=$X$X\nexport X=2\n")[0] == {"X": "2", "Y": "11"}


@pytest.mark.parametrize("make", [lambda path: os.mkfifo(path), lambda path: path.mkdir(), lambda path: None])
def test_a_pipe_a_folder_or_nothing_in_its_place_holds_nothing_up(tmp_path: Path, make: object) -> None:
    make(tmp_path / "env")  # type: ignore[operator]  # each of them is called with the path
    assert exported(tmp_path / "env", ENV) == ({}, ())


def test_a_huge_file_is_read_to_its_bound(tmp_path: Path) -> None:
    found, _ = of(tmp_path, "export X=1\n" * (LARGEST // 5))
    assert found == {"X": "1"}


@pytest.mark.behaviour("B-1198")
@settings(max_examples=60, deadline=None)
@given(st.lists(SAFE, max_size=4))
def test_it_is_what_the_shell_makes_of_it_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Compared with a real shell, in an empty folder with nothing on its PATH."""
    folder = tmp_path_factory.mktemp("shell")
    for text in texts:
        path = folder / "env"
        path.write_text(f"export X={text}\n", encoding="utf-8")
        found, _ = exported(path, {"A": "it's"})
        if "X" not in found or any(sign in text for sign in "~*"):
            continue
        script = f'export X={text}\nprintf %s "$X"'
        done = subprocess.run(
            ["/bin/sh", "-c", script], env={"A": "it's", "PATH": "/x"}, cwd=folder, capture_output=True, check=False
        )
        assert done.stdout.decode() == found["X"], text
