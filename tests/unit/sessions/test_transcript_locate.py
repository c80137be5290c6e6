from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from coder.core.errors import SessionError
from coder.sessions.locate import find, latest, project_key
from tests.support.transcripts import user, write


def folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def touch(path: Path, when: int) -> Path:
    os.utime(path, (when, when))
    return path


def test_the_key_of_a_project_is_its_real_path_in_letters_digits_and_dashes(tmp_path: Path) -> None:
    project = folder(tmp_path / "my project_1.0 é")
    (tmp_path / "link").symlink_to(project)
    key = project_key(tmp_path / "link")
    assert key == project_key(project)
    assert key.endswith("-my-project-1-0--")
    assert "/" not in key


def test_long_paths_get_a_short_key_of_their_own() -> None:
    first, second = (project_key(Path("/" + "a" * 250 + end)) for end in ("b", "c"))
    assert first != second
    assert first[:201] == second[:201] == "-" + "a" * 199 + "-"
    assert project_key(Path("/" + "a" * 300)).endswith("-vtkmfl")  # as the public readers name it


@pytest.mark.behaviour("B-409")
def test_a_session_is_found_from_any_folder(tmp_path: Path) -> None:
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    path = write(tmp_path / "home", here, [user("hello")])
    assert find(tmp_path / "home", there, path.stem) == path


@pytest.mark.behaviour("B-409")
def test_the_session_of_this_folder_comes_before_its_copies(tmp_path: Path) -> None:
    here, there = folder(tmp_path / "here"), folder(tmp_path / "there")
    path = write(tmp_path / "home", here, [user("hello")])
    copy = folder(tmp_path / "home" / "projects" / project_key(there)) / path.name
    copy.write_bytes(path.read_bytes())
    assert find(tmp_path / "home", here, path.stem) == path
    assert find(tmp_path / "home", there, path.stem) == copy
    with pytest.raises(SessionError, match="more than once"):
        find(tmp_path / "home", tmp_path, path.stem)


def test_a_session_that_is_nowhere_is_said_so(tmp_path: Path) -> None:
    name = str(uuid.uuid4())
    with pytest.raises(SessionError, match=f"No conversation found with session ID: {name}"):
        find(tmp_path / "home", tmp_path, name)


@pytest.mark.behaviour("B-409")
def test_the_latest_session_is_the_one_written_last(tmp_path: Path) -> None:
    home, cwd = tmp_path / "home", folder(tmp_path / "project")
    paths = [touch(write(home, cwd, [user("hello")]), when) for when in (1000, 3000, 2000)]
    (paths[0].parent / "agent-1.jsonl").write_bytes(paths[0].read_bytes())  # a subagent's, written just now
    assert latest(home, cwd) == paths[1]
    assert latest(home, tmp_path) is None
    assert latest(tmp_path / "nothing", cwd) is None


@pytest.mark.behaviour("B-409")
def test_folders_whose_names_differ_in_punctuation_share_no_sessions(tmp_path: Path) -> None:
    home = tmp_path / "home"
    folders = [folder(tmp_path / name) for name in ("a_b", "a-b", "a.b")]
    paths = [touch(write(home, cwd, [user("hello")]), when) for when, cwd in enumerate(folders, 1000)]
    assert len({path.parent for path in paths}) == 1
    assert [latest(home, cwd) for cwd in folders] == paths


@pytest.mark.behaviour("B-409")
def test_a_session_with_a_huge_first_prompt_is_found(tmp_path: Path) -> None:
    home, cwd = tmp_path / "home", folder(tmp_path / "project")
    path = write(home, cwd, [user("Frankenstein " * 40_000)])
    assert latest(home, cwd) == path


def test_a_folder_name_that_is_no_text_has_sessions_too(tmp_path: Path) -> None:
    try:
        cwd = folder(tmp_path / os.fsdecode(b"caf\xe9"))
    except OSError:
        pytest.skip("this file system wants names to be text")
    path = write(tmp_path / "home", cwd, [user("hello")])
    assert latest(tmp_path / "home", cwd) == path
