"""Two real sessions in one folder, whose calls come in a known order. B-1525 to B-1539."""

from __future__ import annotations

import json
import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coder.core.messages import Json
from coder.sessions.presence import is_live
from tests.support.cli import DEADLINE, Place
from tests.support.fakeapi import RunningApi, fake_api, tool, turn
from tests.support.gates import Gate

FREE = ("--permission-mode", "bypassPermissions")
OTHER = re.compile(r'Note: changed by another session \("fix the login"\) at \d\d:\d\d\.')
EARLIER = re.compile(r'Note: changed by an earlier session \("fix the login", ended\) at \d\d:\d\d\.')


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place.make(tmp_path)
    (place.project / "app.py").write_text("one\ntwo\nthree\n")
    yield place


@pytest.fixture
def gates(tmp_path: Path) -> tuple[Gate, Gate]:
    return Gate.at(tmp_path / "gate-a"), Gate.at(tmp_path / "gate-b")


def read(place: Place) -> Json:
    return tool("Read", file_path=str(place.project / "app.py"))


def edit(place: Place, old: str, new: str) -> Json:
    return tool("Edit", file_path=str(place.project / "app.py"), old_string=old, new_string=new)


def results(api: RunningApi) -> list[str]:
    """The tool results of the last request, the latest last."""
    blocks = [b for m in api.requests[-1]["messages"] if isinstance(m["content"], list) for b in m["content"]]
    return [_text(block["content"]) for block in blocks if block["type"] == "tool_result"]


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def asked(api: RunningApi, count: int) -> None:
    api.wait_until(lambda api: len(api.requests) >= count)


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, err
    return out, err


def marks(place: Place) -> list[Path]:
    return sorted((place.home / ".coder" / "presence").glob("*.jsonl"))


def meet(place: Place, gates: tuple[Gate, Gate], change: Json, then: Json, *, flags: tuple[str, ...] = ()) -> list[str]:
    """A reads; B reads, changes and goes on living; then A does something. Returns what A was told."""
    first, second = gates
    script = [turn(read(place)), turn(first.call), turn(then), turn("Done.")]
    theirs = [turn(read(place)), turn(change), turn(second.call), turn("Done.")]
    with fake_api(script) as a, fake_api(theirs) as b:
        ours = place.start("-p", "clean up", *FREE, *flags, url=a.url)
        asked(a, 2)
        other = place.start("-p", "fix the login", *FREE, *flags, url=b.url)
        asked(b, 3)
        first.open()
        out, err = ended(ours)
        assert out == "Done.\n" and "session" not in err
        second.open()
        ended(other)
        return results(a)


@pytest.mark.behaviour("B-1528")
def test_an_edit_says_that_a_living_session_changed_the_file(place: Place, gates: tuple[Gate, Gate]) -> None:
    told = meet(place, gates, edit(place, "one", "ONE"), edit(place, "three", "THREE"))
    assert "\nNote: " not in told[0] + told[1]
    assert told[2].startswith("Edited ") and OTHER.search(told[2]), told[2]
    assert (place.project / "app.py").read_text() == "ONE\ntwo\nTHREE\n"


@pytest.mark.behaviour("B-1528")
def test_a_read_says_so_too_and_of_what_a_command_changed(place: Place, gates: tuple[Gate, Gate]) -> None:
    told = meet(place, gates, tool("Bash", command="sed -i s/one/ONE/ app.py"), read(place))
    assert OTHER.search(told[2]), told[2]


@pytest.mark.behaviour("B-1529")
def test_a_refused_edit_says_who_changed_the_file(place: Place, gates: tuple[Gate, Gate]) -> None:
    told = meet(place, gates, edit(place, "two", "TWO"), edit(place, "two", "2"))
    assert "was not found" in told[2] and OTHER.search(told[2]), told[2]
    assert (place.project / "app.py").read_text() == "one\nTWO\nthree\n"


@pytest.mark.behaviour("B-1526")
def test_without_checkpoints_it_is_known_all_the_same(place: Place, gates: tuple[Gate, Gate]) -> None:
    settings = '{"fileCheckpointingEnabled": false}'
    told = meet(place, gates, edit(place, "one", "ONE"), read(place), flags=("--settings", settings))
    assert OTHER.search(told[2]), told[2]


@pytest.mark.behaviour("B-1525")
def test_sessions_that_keep_nothing_neither_tell_nor_are_told(place: Place, gates: tuple[Gate, Gate]) -> None:
    told = meet(place, gates, edit(place, "one", "ONE"), read(place), flags=("--no-session-persistence",))
    assert "Note:" not in told[2] and not (place.home / ".coder" / "presence").exists()


@pytest.mark.behaviour("B-1525")
def test_a_session_that_changes_nothing_leaves_no_mark(place: Place) -> None:
    with fake_api([turn(read(place)), turn("Read.")]) as api:
        assert place.coder("-p", "hello", *FREE, url=api.url).code == 0
    assert not (place.home / ".coder" / "presence").exists()


@pytest.mark.behaviour("B-1536")
@pytest.mark.behaviour("B-1525")
def test_a_mark_is_private_and_names_the_session(place: Place, gates: tuple[Gate, Gate]) -> None:
    with fake_api([turn(read(place)), turn(edit(place, "one", "ONE")), turn(gates[0].call), turn("Done.")]) as api:
        process = place.start("-p", "fix the login", *FREE, url=api.url)
        asked(api, 3)
        (mark,) = marks(place)
        assert is_live(mark)
        assert stat.S_IMODE(mark.stat().st_mode) == 0o600 and stat.S_IMODE(mark.parent.stat().st_mode) == 0o700
        here, changed = [json.loads(line) for line in mark.read_text().splitlines()]
        assert (here["id"], here["pid"], here["title"]) == (mark.stem, process.pid, "fix the login")
        assert (here["cwd"], here["top"], here["mode"]) == (str(place.project), "", "bypassPermissions")
        assert changed["paths"] == [str(place.project / "app.py")]
        (listed,) = json.loads(place.coder("sessions", "list", "--json").stdout)
        assert listed["atWork"] is True and "  at work  " in place.coder("sessions").stdout
        gates[0].open()
        ended(process)
    assert not is_live(mark)
    (listed,) = json.loads(place.coder("sessions", "list", "--json").stdout)
    assert listed["atWork"] is False and "at work" not in place.coder("sessions").stdout


@pytest.mark.behaviour("B-1530")
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_session_that_has_ended_is_no_living_one(place: Place, gates: tuple[Gate, Gate], is_killed: bool) -> None:
    first, second = gates
    script = [turn(read(place)), turn(first.call), turn(read(place)), turn(edit(place, "two", "TWO")), turn("Done.")]
    theirs = [turn(read(place)), turn(edit(place, "one", "ONE")), turn(second.call), turn("Done.")]
    with fake_api(script) as a, fake_api(theirs, allow_violations=True) as b:
        ours = place.start("-p", "clean up", *FREE, url=a.url)
        asked(a, 2)
        other = place.start("-p", "fix the login", *FREE, url=b.url)
        asked(b, 3)
        if is_killed:
            other.kill()
            other.communicate(timeout=DEADLINE)
        else:
            second.open()
            ended(other)
        first.open()
        ended(ours)
        told = results(a)
    assert EARLIER.search(told[2]), told[2]
    assert "Note:" not in told[3], told[3]  # it was read since, and nobody is at work on it


@pytest.mark.behaviour("B-1532")
def test_git_is_not_let_loose_on_the_work_of_another_unsaid(place: Place, gates: tuple[Gate, Gate]) -> None:
    for args in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", *args], cwd=place.project, check=True, timeout=DEADLINE)
    told = meet(place, gates, edit(place, "one", "ONE"), tool("Bash", command="git stash"))
    there = re.escape(str(place.project))
    assert re.search(rf'Note: another session \("fix the login"\) changed files in {there} at \d\d:\d\d\.', told[2])


@pytest.mark.behaviour("B-1533")
def test_the_name_of_a_denied_file_is_written_nowhere(place: Place, gates: tuple[Gate, Gate]) -> None:
    rules = ("--disallowedTools", "Read(hidden.txt)")
    change = tool("Bash", command="sed -i s/one/ONE/ app.py; python3 -c \"open('hid'+'den.txt','w')\"")
    told = meet(place, gates, change, read(place), flags=rules)
    assert OTHER.search(told[2])
    written = "".join(mark.read_text() for mark in marks(place))
    assert (place.project / "hidden.txt").exists() and "app.py" in written and "hidden" not in written


@pytest.mark.behaviour("B-1534")
@pytest.mark.parametrize("what", ["a file", "a link"])
def test_where_no_mark_can_be_left_sessions_work_as_ever(place: Place, gates: tuple[Gate, Gate], what: str) -> None:
    home = place.home / ".coder"
    home.mkdir()
    (place.home / "elsewhere").mkdir()
    if what == "a file":
        (home / "presence").write_text("no folder")
    else:
        (home / "presence").symlink_to(place.home / "elsewhere")
    told = meet(place, gates, edit(place, "one", "ONE"), edit(place, "three", "THREE"))
    assert told[2].startswith("Edited ") and "Note:" not in told[2]
    assert not any((place.home / "elsewhere").iterdir())
