"""A full or read-only disk, several processes at once. The work goes on and nothing is cut short."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import CODER, DEADLINE, Place
from tests.support.fakeapi import fake_api, rule, tool, turn

MODE = ("--permission-mode", "bypassPermissions")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 kB of its own."""
    yield from mounted(tmp_path, "size=256k")


def mounted(tmp_path: Path, options: str) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting needs a privilege this user has not")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Takes every byte that is left."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


@pytest.mark.behaviour("B-407")
def test_c01_a_run_whose_home_is_full_goes_on_unsaved_and_says_so(tmp_path: Path, small: Path) -> None:
    place = Place(small / "home", tmp_path / "project")
    place.home.mkdir()
    place.project.mkdir()
    (place.project / "a.txt").write_text("old\n", encoding="utf-8")
    fill(small)
    write = tool("Bash", command="echo new > a.txt; cat a.txt")
    with fake_api([turn("I do it.", write), turn("Done.")]) as api:
        done = place.coder("-p", "change it", *MODE, url=api.url)
    assert (done.code, done.stdout) == (0, "Done.\n")
    assert "no longer being saved" in done.stderr and "No space left" in done.stderr
    assert len([line for line in done.stderr.splitlines() if "no longer being saved" in line]) == 1
    assert (place.project / "a.txt").read_text(encoding="utf-8") == "new\n"


@pytest.mark.behaviour("B-407")
def test_c01_an_edit_on_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, small: Path) -> None:
    place = Place(tmp_path / "home", small / "project")
    place.home.mkdir()
    place.project.mkdir()
    target = place.project / "big.txt"
    target.write_text("old line\n" * 4000, encoding="utf-8")
    before = target.read_bytes()
    fill(small)
    longer = tool("Edit", file_path=str(target), old_string="old line", new_string="a new line " * 20, replace_all=True)
    with fake_api([turn(tool("Read", file_path=str(target))), turn(longer), turn("It did not fit.")]) as api:
        done = place.coder("-p", "change it", *MODE, url=api.url)
        answer = json.dumps(api.requests[-1]["messages"][-1])
    assert done.code == 0
    assert "No space left" in answer and target.read_bytes() == before
    assert sorted(path.name for path in place.project.iterdir()) == ["big.txt"]


@pytest.mark.behaviour("B-407")
def test_c02_a_read_only_home_runs_unsaved_with_one_warning(tmp_path: Path) -> None:
    for disk in mounted(tmp_path, "size=64k"):
        home = disk / "home"
        home.mkdir()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        place = Place(home, tmp_path / "project")
        place.project.mkdir()
        with fake_api([turn(tool("Bash", command="echo hi > made.txt")), turn("Done.")]) as api:
            done = place.coder("-p", "go", *MODE, url=api.url)
        assert (done.code, done.stdout) == (0, "Done.\n")
        assert done.stderr.count("not saved") == 1, done.stderr
        assert [path.name for path in place.project.iterdir()] == ["made.txt"]


@pytest.mark.behaviour("B-044")
@pytest.mark.parametrize("form", ["text", "json", "stream-json"])
def test_an_answer_that_could_not_be_written_is_no_success(tmp_path: Path, small: Path, form: str) -> None:
    place = Place.make(tmp_path)
    fill(small)
    with fake_api([turn("An answer.")]) as api, (small / "filler").open("ab") as out:
        done = subprocess.run(
            [*CODER, "-p", "go", "--output-format", form],
            cwd=place.project,
            env=place.env(api.url),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            timeout=DEADLINE,
        )
    assert done.returncode == 1
    assert "No space left" in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.behaviour("B-406")
def test_c03_one_session_in_two_processes_is_refused_with_the_one_that_has_it(place: Place) -> None:
    with fake_api(
        {
            "rules": [
                rule({"last_user_contains": "first"}, tool("Bash", command="touch begun; sleep 3; echo slept")),
                rule({"last_tool_result_contains": "slept"}, "Done."),
            ],
            "otherwise": "Hello.",
        }
    ) as api:
        session = "11111111-2222-3333-4444-555555555555"
        running = place.start("-p", "first", "--session-id", session, *MODE, url=api.url)
        api.wait_until(lambda _: (place.project / "begun").exists())
        second = place.coder("-p", "second", "--resume", session, url=api.url)
        out, _ = running.communicate(timeout=DEADLINE)
        third = place.coder("-p", "third", "--resume", session, url=api.url)
    assert second.code != 0 and f"process {running.pid}" in second.stderr and second.stdout == ""
    assert out == "Done.\n" and third.stdout == "Hello.\n"


@pytest.mark.behaviour("B-406")
def test_c03_two_sessions_in_one_folder_do_not_overwrite_each_other(place: Place) -> None:
    """The one that read the file before the other changed it is told to read it again."""
    note = place.project / "note.txt"
    note.write_text("one\n", encoding="utf-8")
    read = tool("Read", file_path=str(note))
    edit = tool("Edit", file_path=str(note), old_string="one", new_string="first")
    wait = tool("Bash", command="touch begun; while [ ! -e go ]; do sleep 0.02; done; echo waited")
    with fake_api(
        {
            "rules": [
                rule({"last_user_contains": "slow"}, read),
                rule({"last_tool": "Read"}, wait),
                rule({"last_tool_result_contains": "waited"}, edit),
                rule({"last_user_contains": "quick"}, tool("Bash", command="echo two > note.txt; echo replaced")),
            ],
            "otherwise": "Done.",
        }
    ) as api:
        slow = place.start("-p", "slow", *MODE, url=api.url)
        api.wait_until(lambda _: (place.project / "begun").exists())
        quick = place.coder("-p", "quick", *MODE, url=api.url)
        (place.project / "go").touch()
        slow.communicate(timeout=DEADLINE)
        answers = [b for r in api.requests for b in r["messages"][-1]["content"] if b["type"] == "tool_result"]
    assert quick.code == 0 and slow.returncode == 0
    assert note.read_text(encoding="utf-8") == "two\n"
    assert any(b.get("is_error") and "note.txt" in json.dumps(b) for b in answers)
    assert len(place.transcripts()) == 2
    assert all(json.loads(line) for path in place.transcripts() for line in path.read_text("utf-8").splitlines())
