"""Places that an answer names and that are not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.evidence.citations import wrong_places


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "cart.py").write_text("one\ntwo\nthree")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "app [id].tsx").write_text("x\n")
    return tmp_path


@pytest.mark.behaviour("B-1214")
@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("The bug is in src/cart.py:2.", []),
        ("See `src/cart.py:1-3`, ./src/cart.py:3 and b/src/cart.py:1", []),
        ("src/cart.py:4", ["src/cart.py:4 (the file has 3 lines)"]),
        ("src/cart.py:2-9", ["src/cart.py:2-9 (the file has 3 lines)"]),
        ("src/cart.py:3-2", ["src/cart.py:3-2 (the file has 3 lines)"]),
        ("src/cart.py:0", ["src/cart.py:0 (the file has 3 lines)"]),
        ("empty.py:1", ["empty.py:1 (the file has 0 lines)"]),
        ("src/nope.py:4 and src/nope.py:4 again", ["src/nope.py:4 (no such file)"]),
        ("[src/cart.py:9](src/cart.py#L9)", ["src/cart.py:9 (the file has 3 lines)"]),
        ("src/cart.py:L2-L3 is fine", []),
        ("src/cart.py:2:14 has a column", []),
        ("at 12:30 on localhost:8080, example.com:443, https://a.example/x.html:80, 1.2.3.4:80, ratio 3:4", []),
        ("version 1.2:3, key.value:1.5", []),
    ],
)
def test_places_are_looked_up(shop: Path, answer: str, wrong: list[str]) -> None:
    assert [str(each) for each in wrong_places(answer, (shop,))] == wrong


def test_a_place_in_any_of_the_folders_counts(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    assert not wrong_places("src/cart.py:3", (other, shop))
    assert not wrong_places(f"{shop}/src/cart.py:3", (other,))
    assert wrong_places(f"{shop}/src/cart.py:5", (other,))


def test_what_is_no_ordinary_file_is_not_waited_for(shop: Path) -> None:
    os.mkfifo(shop / "pipe.py")
    (shop / "folder.py").mkdir()
    (shop / "loop.py").symlink_to("loop.py")
    (shop / "zero.py").symlink_to("/dev/zero")
    answer = "pipe.py:1 folder.py:1 loop.py:1 zero.py:1"
    assert [each.lines for each in wrong_places(answer, (shop,))] == [None] * 4


def test_a_name_that_no_file_can_have_is_none(shop: Path) -> None:
    assert len(wrong_places(f"{'x' * 5000}.py:1 and {'d/' * 20}{'y' * 300}.py:2", (shop,))) == 2


@given(st.text())
def test_any_answer_can_be_looked_at(answer: str) -> None:
    wrong_places(answer, (Path("/nonexistent"),))
