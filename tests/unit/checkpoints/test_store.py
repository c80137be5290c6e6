"""The store of contents, how it is kept in bounds, and the journal beside it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.checkpoints.changelog import Begun, ChangeLog, ChangeSet, Mark, Record, read_log
from coder.checkpoints.contents import CheckpointError, ContentLost, Contents
from coder.checkpoints.entries import Change, Entry, change_from_json, change_to_json
from coder.checkpoints.space import collect
from tests.support.rewinding import Bench

ENTRIES = st.none() | st.builds(
    Entry,
    st.sampled_from(("file", "link", "folder", "other")),
    st.integers(0, 0o7777),
    st.integers(0, 2**40),
    st.binary(max_size=30).map(os.fsdecode),
    st.integers(0, 2**62),
)


@given(st.builds(Change, st.binary(max_size=60).map(os.fsdecode), ENTRIES, ENTRIES))
def test_a_change_survives_its_json(change: Change) -> None:
    import json

    assert change_from_json(json.loads(json.dumps(change_to_json(change)))) == change


def test_what_was_put_comes_out_also_for_another_process(tmp_path: Path) -> None:
    contents = Contents(tmp_path / "base")
    ids = [contents.put(data) for data in (b"", b"x" * 100_000, os.urandom(5000), b"x" * 100_000)]
    assert ids[1] == ids[3]
    contents.flush()
    other = Contents(tmp_path / "base")
    assert other.get(ids[0]) == b""
    assert other.get(ids[1]) == b"x" * 100_000
    with pytest.raises(ContentLost):
        other.get("b:" + "00" * 32)
    contents.close()
    other.close()


def test_several_processes_store_at_once(tmp_path: Path) -> None:
    child = (
        "import sys; from pathlib import Path; from coder.checkpoints.contents import Contents\n"
        "contents = Contents(Path(sys.argv[1]))\n"
        "for number in range(300): contents.put(b'%d' % (number + int(sys.argv[2])))\n"
        "contents.flush()\n"
    )
    argv = [sys.executable, "-c", child, str(tmp_path / "base")]
    root = Path(__file__).parents[3]
    running = [subprocess.Popen([*argv, str(start)], cwd=root) for start in (0, 100, 200)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    contents = Contents(tmp_path / "base")
    assert len(contents.sizes()) == 500
    contents.close()


def test_a_store_that_is_no_database_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "contents.db").write_bytes(b"not a database at all, but long enough to be read as one" * 20)
    contents = Contents(tmp_path)
    with pytest.raises(CheckpointError, match=r"Move .*contents\.db away"):
        contents.put(b"x")


async def sessions(folder: Path, *names: str) -> list[Bench]:
    """Sessions that have ended, the oldest first, each with a content of its own."""
    made = []
    for number, name in enumerate(names):
        bench = Bench(folder, session_id=name)
        bench.prompt("p")
        await bench.write(f"{name}.txt", name * 1000)
        await bench.aclose()
        when = 1_000_000 + number
        os.utime(bench.site.base / name / "changes.jsonl", (when, when))
        made.append(bench)
    with closing(sqlite3.connect(made[0].site.base / "contents.db")) as database, database:
        database.execute("UPDATE contents SET added = 0")  # long ago: what is new is never dropped
    database.close()
    return made


@pytest.mark.behaviour("B-477")
async def test_the_oldest_sessions_checkpoints_go_when_there_are_too_many(tmp_path: Path) -> None:
    made = await sessions(tmp_path, "one", "two", "three")
    base = made[0].site.base
    contents = Contents(base)
    size = max(contents.sizes().values())
    assert collect(base, most=2 * size, dry_run=True).sessions == ("one",)
    assert len(contents.sizes()) == 3
    freed = collect(base, most=2 * size)
    assert (freed.sessions, freed.contents) == (("one",), 1)
    assert len(contents.sizes()) == 2
    contents.close()
    again = Bench(tmp_path, session_id="three")
    await again.checkpoints.rewind("p", "files")
    assert not (again.project / "three.txt").exists()
    await again.aclose()


@pytest.mark.behaviour("B-477")
async def test_checkpoints_of_sessions_that_are_gone_go_and_running_ones_stay(tmp_path: Path) -> None:
    made = await sessions(tmp_path, "gone", "kept")
    base = made[0].site.base
    running = Bench(tmp_path, session_id="running")
    running.prompt("p")
    await running.write("r.txt", "r")
    assert collect(base, {"gone", "running"}).sessions == ("gone",)
    assert not (base / "gone").exists()
    assert (base / "running").exists()
    await running.aclose()


def test_every_record_survives_the_journal(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path / "s")
    entry = Entry("file", 0o644, 3, "b:00")
    change = Change("/a\udcff\nb", None, entry)
    records: list[Record] = [
        Mark("p", "prompt \udcff", 1.5, "why"),
        Begun("k1", "tool", "Write x", (("/a", None), ("/b", entry)), 2.0, ("/root",)),
        ChangeSet("k1", "tool", "Write x", (change,), 3.0, ("/outside",)),
        ChangeSet("k2", "rewind", "back", (change,), 4.0, to="p", leaf="l"),
    ]
    for record in records:
        log.append(record)
    log.close()
    assert read_log(tmp_path / "s") == records


def test_lines_that_are_damaged_are_left_out(tmp_path: Path) -> None:
    log = ChangeLog(tmp_path)
    log.append(Mark("p", "", 1.0))
    with (tmp_path / "changes.jsonl").open("ab") as file:
        file.write(b'\xff\xfe\n[]\n{"t":"changed"}\n{"t":"mark","id":1}\n{}\n' + b"[" * 5000 + b"\n")
    log.append(Mark("q", "", 2.0))
    log.close()
    assert [record.id for record in read_log(tmp_path)] == ["p", "q"]


def test_a_content_that_is_stored_again_is_not_dropped_meanwhile(tmp_path: Path) -> None:
    contents, tidying = Contents(tmp_path / "base"), Contents(tmp_path / "base")
    for data in (b"wanted again", b"not wanted"):
        contents.put(data)
    contents.flush()
    with closing(sqlite3.connect(tmp_path / "base" / "contents.db")) as database, database:
        database.execute("UPDATE contents SET added = added - 7200")
    database.close()
    again = contents.put(b"wanted again")
    contents.flush()
    assert tidying.keep_only(()) == (1, len(b"not wanted"))  # before the journal tells of it
    assert contents.get(again) == b"wanted again"
    contents.close()
    tidying.close()
