from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.app.notes import add_note, note_places
from coder.app.plans import save_plan
from coder.core.errors import ConfigError, SessionError

SHOP = Path("/src/Shop")


@pytest.mark.behaviour("B-970")
def test_a_plan_is_kept_for_its_owner_and_replaces_no_other(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = save_plan(home, SHOP, "# Plan: Greet people\n\n1. say hello")
    assert first == home / "plans" / "shop-greet-people.md"
    assert first.read_text() == "# Plan: Greet people\n\n1. say hello\n"
    assert (first.stat().st_mode & 0o777, first.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert save_plan(home, SHOP, "# Plan: Greet people\n\n1. say hello") == first
    other = save_plan(home, SHOP, "# Greet people\n\n1. say goodbye")
    assert other.name == "shop-greet-people-2.md" and "hello" in first.read_text()


@pytest.mark.parametrize(
    ("folder", "plan", "name"),
    [
        ("/src/shop", "", "shop-plan.md"),
        ("/", "# Plan", "project-plan.md"),
        ("/src/Größe", "**Fix** the `cart`/../../etc", "große-fix-the-cart-etc.md".replace("ß", "")),
        ("/src/shop", "# " + "word " * 40, "shop-word-word-word-word-word-word-word-word.md"),
        ("/src/shop", "x" * 100, f"shop-{'x' * 40}.md"),
        ("/src/shop", "# 計画\nmore", "shop-plan.md"),
    ],
)
def test_a_plan_is_called_after_its_project_and_first_words(tmp_path: Path, folder: str, plan: str, name: str) -> None:
    assert save_plan(tmp_path, Path(folder), plan).name == name


@pytest.mark.behaviour("B-970")
def test_a_link_in_the_place_of_a_plan_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "shop-greet.md").symlink_to(tmp_path / "elsewhere")
    assert save_plan(tmp_path, SHOP, "greet").name == "shop-greet-2.md"
    assert not (tmp_path / "elsewhere").exists()


def test_a_plan_that_cannot_be_kept_says_so(tmp_path: Path) -> None:
    (tmp_path / "plans").write_text("no folder")
    with pytest.raises(SessionError, match=r"could not be saved below .*plans: File exists"):
        save_plan(tmp_path, SHOP, "greet")


@pytest.mark.behaviour("B-971")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, b"- use tabs\n"),
        (b"", b"- use tabs\n"),
        (b"# Rules\n", b"# Rules\n- use tabs\n"),
        (b"# Rules", b"# Rules\n- use tabs\n"),
        (b"# Rules\r\n- x\r\n", b"# Rules\r\n- x\r\n- use tabs\r\n"),
        (b"\xff odd \xe9\n", b"\xff odd \xe9\n- use tabs\n"),
    ],
)
def test_a_note_goes_to_the_end(tmp_path: Path, old: bytes | None, new: bytes) -> None:
    path = tmp_path / "sub" / "CLAUDE.md"
    if old is not None:
        path.parent.mkdir()
        path.write_bytes(old)
        path.chmod(0o640)
    add_note(path, "  use tabs \n")
    assert path.read_bytes() == new
    assert old is None or path.stat().st_mode & 0o777 == 0o640
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.behaviour("B-971")
@given(st.binary(max_size=60), st.text(max_size=40))
def test_nothing_but_the_end_of_a_file_changes(tmp_path_factory: pytest.TempPathFactory, old: bytes, text: str) -> None:
    path = tmp_path_factory.mktemp("notes") / "CLAUDE.md"
    path.write_bytes(old)
    try:
        add_note(path, text)
    except ConfigError:
        assert path.read_bytes() == old
    else:
        added = path.read_bytes().removeprefix(old)
        assert len(added) + len(old) == path.stat().st_size and added.strip().startswith(b"- ")
        assert added.endswith(b"\n")


def test_a_note_of_several_lines_is_one_item(tmp_path: Path) -> None:
    add_note(tmp_path / "CLAUDE.md", "first\n\nsecond")
    assert (tmp_path / "CLAUDE.md").read_text() == "- first\n\n  second\n"


@pytest.mark.behaviour("B-971")
def test_a_link_is_followed_to_a_memory_file_only(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("# x\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    add_note(tmp_path / "CLAUDE.md", "y")
    assert (tmp_path / "AGENTS.md").read_text() == "# x\n- y\n" and (tmp_path / "CLAUDE.md").is_symlink()
    (tmp_path / ".bashrc").write_text("")
    (tmp_path / "CLAUDE.local.md").symlink_to(".bashrc")
    with pytest.raises(ConfigError, match=r"is a link to .*bashrc, which is no \.md file"):
        add_note(tmp_path / "CLAUDE.local.md", "rm -rf ~")
    assert (tmp_path / ".bashrc").read_text() == ""


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_note_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="no note"):
        add_note(tmp_path / "CLAUDE.md", text)
    assert not (tmp_path / "CLAUDE.md").exists()


def test_a_note_that_cannot_be_added_says_why(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").mkdir()
    with pytest.raises(ConfigError, match="Is a directory"):
        add_note(tmp_path / "CLAUDE.md", "x")
    (tmp_path / "wide.md").write_text("x", encoding="utf-16")
    with pytest.raises(ConfigError, match="not in UTF-8"):
        add_note(tmp_path / "wide.md", "x")


def test_a_note_goes_to_the_file_that_is_there_or_begins_one(tmp_path: Path) -> None:
    home, cwd = tmp_path / ".coder", tmp_path / "shop"
    cwd.mkdir()

    def places() -> list[tuple[str, str, bool]]:
        return [(os.path.relpath(each.path, tmp_path), each.whose, each.is_there) for each in note_places(cwd, home)]

    own = ("shop/CLAUDE.local.md", "only you", False), (".coder/CLAUDE.md", "yours", False)
    assert places() == [("shop/CLAUDE.md", "project", False), *own]
    (cwd / "CLAUDE.md").mkdir()
    (cwd / "AGENTS.md").write_text("agents")
    assert places() == [("shop/AGENTS.md", "project", True), *own]
    (cwd / ".claude").mkdir()
    (cwd / ".claude" / "CLAUDE.md").write_text("shop")
    assert places()[0] == ("shop/.claude/CLAUDE.md", "project", True)
