from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from coder.batch.journal import Journal
from coder.batch.outcome import Outcome
from coder.batch.records import Records
from coder.core.errors import ConfigError
from tests.batch.test_batch_scheduler import batch, ends
from tests.support.batching import tasks_of

SAID = [{"id": "a", "prompt": "x"}, {"id": "b", "prompt": "x"}]


@pytest.mark.behaviour("B-2105")
def test_one_process_has_a_batch_at_a_time(tmp_path: Path) -> None:
    first = Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))
    with pytest.raises(ConfigError, match="another coder batch"):
        Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))
    first.close()
    Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path)).close()


@pytest.mark.behaviour("B-2105")
def test_a_file_that_is_not_of_a_batch_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("precious\n")
    with pytest.raises(ConfigError, match="no batch of coder's has made it"):
        Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))
    assert (tmp_path / "out.jsonl").read_text() == "precious\n"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink(__file__, path)])
def test_a_journal_that_is_no_file_is_refused(tmp_path: Path, make: object) -> None:
    make(tmp_path / "out.jsonl.state")  # type: ignore[operator]  # one of three
    with pytest.raises(ConfigError, match="--out"):
        Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))


@pytest.mark.parametrize(
    "line",
    [
        b'{"kind":"ended","id":"a","number":"x","digest":"d","row":3}',
        b'{"kind":"begun","id":[],"number":{}}',
        b'{"kind":"bases","bases":3}',
        b"[]",
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_a_line_that_somebody_has_edited_is_passed_over(tmp_path: Path, line: bytes) -> None:
    head = b'{"kind":"batch","version":1,"run":"r"}\n'
    (tmp_path / "out.jsonl.state").write_bytes(head + line + b"\n")
    found = Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))
    assert found.run == "r" and found.row_of(tasks_of(SAID, tmp_path)[0]) is None
    found.close()


def test_one_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl.state").write_bytes(b'{"kind":"batch","version":9,"run":"r"}\n')
    with pytest.raises(ConfigError, match="another version"):
        Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A folder in a file system that takes some kilobytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting needs a privilege this user has not")
    return disk


@pytest.mark.behaviour("B-2106")
async def test_a_full_disk_begins_no_more_and_the_same_command_goes_on_when_there_is_room(full: Path) -> None:
    try:
        run = batch(full, ends(text="x" * 9_000), 12, capacity=1)
        end = await run.run()
        assert end.why == "disk" and "No space left" in end.trouble
        assert 0 < len(run.rows) < 12 and len(run.backend.begun) < 12
        subprocess.run(["mount", "-o", "remount,size=4m", str(full)], check=True)
        again = batch(full, ends(text="x" * 9_000), 12, capacity=1)
        end = await again.run()
        assert (end.why, end.trouble, [row["id"] for row in again.rows]) == ("", "", [f"t{n}" for n in range(12)])
    finally:
        subprocess.run(["umount", "-l", str(full)], check=True)


@pytest.mark.behaviour("B-2106")
async def test_a_result_file_that_cannot_be_written_is_made_by_the_next_run(tmp_path: Path) -> None:
    run = batch(tmp_path, ends(), 3)
    (tmp_path / ".out.jsonl.new").mkdir()  # in the way of the writing
    end = await run.run()
    assert "cannot be written" in end.trouble and not (tmp_path / "out.jsonl").exists()
    (tmp_path / ".out.jsonl.new").rmdir()
    again = batch(tmp_path, ends(), 3)
    assert ((await again.run()).trouble, again.backend.begun, len(again.rows)) == ("", [], 3)


@pytest.mark.behaviour("B-2103")
def test_a_result_of_another_task_with_its_id_is_none(tmp_path: Path) -> None:
    records = Records(tmp_path / "out.jsonl", tasks_of(SAID, tmp_path))
    records.begin({})
    task = tasks_of(SAID, tmp_path)[0]
    records.ended(task, records.attempt(task, "", None), Outcome(status="done"))
    records.close()
    other = tasks_of([{"id": "a", "prompt": "y"}], tmp_path)
    after = Records(tmp_path / "out.jsonl", other)
    assert (after.row_of(other[0]), after.changed) == (None, other)
    after.close()


def test_what_failed_can_be_asked_for_again_and_its_cost_counts(tmp_path: Path) -> None:
    tasks = tasks_of(SAID, tmp_path)
    records = Records(tmp_path / "out.jsonl", tasks)
    records.begin({})
    for task in tasks:
        records.ended(task, records.attempt(task, "", None), Outcome(status="failed", usd=0.5, patch=b"p"))
    records.again(tasks[0])
    records.close()
    after = Records(tmp_path / "out.jsonl", tasks)
    assert after.row_of(tasks[0]) is None and after.row_of(tasks[1]) is not None
    assert sorted(after.costs(), key=str) == [0.5, 0.5]
    assert after.attempt(tasks[0], "", None).number == 2
    after.close()


def test_a_line_of_the_journal_is_whole_or_not_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    journal.append({"a": 1})
    journal.close()
    with (tmp_path / "j").open("ab") as file:
        file.write(b'{"a": 2')
    again = Journal(tmp_path / "j")
    assert again.entries() == [{"a": 1}]
    again.append({"a": 3})
    assert again.entries() == [{"a": 1}, {"a": 3}]
    again.close()
