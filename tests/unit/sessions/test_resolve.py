from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

import pytest

from coder.core.errors import SessionError, UnknownSession
from coder.sessions.locate import latest, of_folders
from coder.sessions.rename import rename
from coder.sessions.repository import branch_of, related_folders
from coder.sessions.resolve import offer, resolve
from coder.sessions.store import Transcript
from tests.support.transcripts import VERSION, reply, user, write


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def session(home: Path, cwd: Path, prompt: str, name: str = "", session_id: str = "") -> Path:
    with Transcript.create(home, cwd, session_id or str(uuid.uuid4()), VERSION) as transcript:
        transcript.append(user("<context>", "context"))
        transcript.append(user(prompt))
        if name:
            transcript.label(custom=name)
    return transcript.path


@pytest.mark.behaviour("B-500")
def test_a_session_is_found_by_id_its_beginning_its_title_or_words(home: Path, tmp_path: Path) -> None:
    here = folder(tmp_path / "here")
    path = session(home, here, "Fix rounding in the cart", "Cart fix", "abcdef12-1111-4111-8111-111111111111")
    session(home, here, "Something else", "", "abcdef99-1111-4111-8111-111111111111")
    for handle in (path.stem, path.stem.upper(), "abcdef12", "abcdef1", "Cart fix", " Cart fix ", "rounding", "CART"):
        assert resolve(home, here, handle) == path, handle


@pytest.mark.behaviour("B-500")
def test_a_whole_title_comes_before_words(home: Path, tmp_path: Path) -> None:
    path = session(home, tmp_path, "something", "Cart")
    session(home, tmp_path, "the Cart thing")
    assert resolve(home, tmp_path, "Cart") == path


@pytest.mark.behaviour("B-500")
def test_what_is_offered_fits_a_terminal_and_tells_sessions_apart(home: Path, tmp_path: Path) -> None:
    for end in ("aaaa", "bbbb"):
        session(home, tmp_path, "the cart " * 9, "", f"abcdef12-1111-4111-8111-11111111{end}")
    lines = offer(home, tmp_path).split("\n")
    assert {line.split()[3][-4:] for line in lines} == {"aaaa", "bbbb"}
    session(home, folder(tmp_path / "other"), "the cart " * 9)
    (line,) = offer(home, tmp_path / "other").split("\n")
    assert len(line) <= 80


@pytest.mark.behaviour("B-500")
@pytest.mark.parametrize("handle", ["abcdef", "the cart", "login"])
def test_several_that_fit_are_listed(home: Path, tmp_path: Path, handle: str) -> None:
    for end in ("12", "99"):
        session(home, tmp_path, f"the cart {end}", "login", f"abcdef{end}-1111-4111-8111-111111111111")
    with pytest.raises(SessionError) as caught:
        resolve(home, tmp_path, handle)
    said = str(caught.value).split("\n")
    assert said[0] == f"2 sessions fit '{handle}'. Say which one by its id:" and len(said) == 3
    assert {line.split()[0] for line in said[1:]} == {"abcdef12", "abcdef99"} and "just now  login" in said[1]
    assert not isinstance(caught.value, UnknownSession)


@pytest.mark.behaviour("B-507")
@pytest.mark.parametrize(
    "handle", ["nothing like it", "abcde", "ffffff", "eeeeeeee-1111-4111-8111-111111111111", "\x1b[31mred"]
)
def test_what_fits_nothing_is_said_so(home: Path, tmp_path: Path, handle: str) -> None:
    session(home, tmp_path, "the cart", "", "abcdef12-1111-4111-8111-111111111111")
    with pytest.raises(UnknownSession, match="No conversation found with session ID: ") as caught:
        resolve(home, tmp_path, handle)
    assert "\x1b" not in str(caught.value)


@pytest.mark.behaviour("B-500")
def test_sessions_of_this_folder_come_before_others(home: Path, tmp_path: Path) -> None:
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    mine, other = session(home, here, "the cart"), session(home, there, "the cart")
    assert (resolve(home, here, "cart"), resolve(home, there, "cart")) == (mine, other)
    only = session(home, there, "login")
    assert resolve(home, here, "login") == only


@pytest.mark.behaviour("B-500")
def test_a_title_is_found_from_another_work_tree_of_the_repository(home: Path, tmp_path: Path) -> None:
    main, tree = folder(tmp_path / "main"), tmp_path / "tree"
    git = ["git", "-C", str(main), "-c", "user.name=x", "-c", "user.email=x@x", "-c", "init.defaultBranch=trunk"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", "-b", "topic", str(tree)], check=True)
    sub = folder(tree / "web")
    assert (branch_of(main), branch_of(tree), branch_of(sub)) == ("trunk", "topic", "topic")
    assert set(related_folders(sub)) == {sub, main / "web", main, tree}
    assert related_folders(sub)[0] == sub
    mine = session(home, main, "the cart", "Cart")
    session(home, folder(tmp_path / "strange"), "the cart", "Cart")
    assert resolve(home, sub, "Cart") == mine
    (main / ".git" / "HEAD").write_text("0123456789abcdef\n", encoding="utf-8")
    assert branch_of(main) == "01234567"
    assert (branch_of(tmp_path), related_folders(tmp_path)) == ("", [tmp_path])


@pytest.mark.behaviour("B-523")
def test_sessions_of_folders_with_similar_names_never_cross(home: Path, tmp_path: Path) -> None:
    """users.md S15."""
    long = "x" * 120
    places = [folder(tmp_path / name) for name in ("a_b", "a-b", "a.b", f"{long}/{long}/a_b", f"{long}/{long}/a-b")]
    mine = {place: session(home, place, "the cart") for place in places}
    for place, path in mine.items():
        assert latest(home, place) == path
        assert list(of_folders(home, [place])) == [path]
        assert set(of_folders(home, places)) == set(mine.values())
        assert resolve(home, place, "cart") == path
        assert path.stem[:8] in offer(home, place) and offer(home, place).count("\n") == 0


def test_the_latest_ten_are_offered_with_the_command_that_resumes_them(home: Path, tmp_path: Path) -> None:
    for number in range(12):
        path = session(home, tmp_path, f"prompt number {number}")
        os.utime(path, (1_700_000_000 + number,) * 2)
    lines = offer(home, tmp_path).split("\n")
    assert len(lines) == 10 and lines[0].endswith("2023-11-14  prompt number 11")
    assert lines[0].startswith("  coder -p -r ")


@pytest.mark.behaviour("B-516")
def test_a_name_is_appended_and_changes_nothing_else(home: Path, tmp_path: Path) -> None:
    path = write(home, tmp_path, [user("hello"), reply()])
    path.write_bytes(before := path.read_bytes() + b'{"torn')
    os.utime(path, (1_700_000_000,) * 2)
    assert rename(path, "  My\nown \x1b[31m name " + "x" * 300) == ("My own [31m name " + "x" * 300)[:200]
    assert path.read_bytes().startswith(before + b"\n")
    assert path.stat().st_mtime == 1_700_000_000
    assert resolve(home, tmp_path, ("My own [31m name " + "x" * 300)[:200]) == path
    with pytest.raises(SessionError, match="can be read"):
        rename(path, " \n ")
    with pytest.raises(SessionError, match="cannot be renamed"):
        rename(path.with_name("gone.jsonl"), "x")
