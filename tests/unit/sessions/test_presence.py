"""The marks of sessions at work: written by many processes, read whatever lies there."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.sessions.neighbours import Neighbours, _Known
from coder.sessions.presence import KEPT_SECONDS, MOST_BYTES, MOST_CHANGES, Here, Presence, is_live, tidy
from tests.support.cli import DEADLINE

ROOT = Path(__file__).resolve().parents[3]


def here(id: str, title: str = "fix login") -> Here:
    return Here(id, os.getpid(), title, "/srv", "/srv", "default", time.time())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "presence"


def seen(folder: Path, own: str = "me") -> Neighbours:
    found = Neighbours(folder, own)
    found.look()
    return found


@pytest.mark.behaviour("B-1527")
def test_what_a_session_changed_is_seen_while_it_works_and_after(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    others = seen(folder)
    assert [each.id for each in others.live()] == ["one"] and others.changed("/srv/a", 0) == []
    at = time.time()
    mark.note(["/srv/a", "/srv/sub/b\udcff"], at)
    others.look()
    (trace,) = others.changed("/srv/a", at - 1)
    assert (trace.here.title, trace.is_live) == ("fix login", True) and abs(trace.at - at) < 0.01
    assert others.changed("/srv/a", at + 1) == [] and len(others.changed("/srv/sub/b\udcff", 0)) == 1
    assert [len(others.changed_below(path, 0)) for path in ("/srv/sub", "/srv", "/", "/srv/su")] == [1, 1, 1, 0]
    mark.close()
    assert not others.live() and [trace.is_live for trace in others.changed("/srv/a", 0)] == [False]


def test_a_mark_that_has_not_changed_is_not_read_again(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    mark.note(["/srv/a"], time.time())
    others = seen(folder)
    path = folder / "one.jsonl"
    before = path.stat()
    with path.open("r+b") as file:
        file.write(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    others.look()
    assert others.changed("/srv/a", 0) and not seen(folder).changed("/srv/a", 0)
    mark.close()


@given(st.sets(st.text("ab/.0\udcff ", min_size=1, max_size=8)), st.text("ab/.0\udcff ", max_size=6))
def test_what_lies_in_a_folder_is_found_as_names_say(names: set[str], name: str) -> None:
    found = _Known(Path(), (0, 0, 0), changes=dict.fromkeys((f"/{each}" for each in names), 1.0))
    inside = f"/{name}".rstrip("/") + "/"
    assert bool(found.below(f"/{name}")) is any(f"/{each}".startswith(inside) for each in names)


def test_a_session_is_none_of_its_own_neighbours(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    mark.note(["/srv/a"], time.time())
    assert not seen(folder, "one").live() and not seen(folder, "one").changed("/srv/a", 0)
    mark.close()


def test_a_new_title_is_seen(folder: Path) -> None:
    mark = Presence(folder, here("one", ""))
    mark.announce()
    others = seen(folder)
    mark.entitle("fix login")
    others.look()
    assert [each.title for each in others.live()] == ["fix login"]
    mark.close()
    assert not any(folder.iterdir())  # it changed nothing


@pytest.mark.behaviour("B-1531")
def test_a_resumed_session_keeps_what_it_changed_and_a_double_is_refused(folder: Path) -> None:
    first = Presence(folder, here("one"))
    first.announce()
    first.note(["/srv/a"], time.time())
    with pytest.raises(OSError):
        Presence(folder, here("one")).announce()
    first.close()
    second = Presence(folder, here("one"))
    second.announce()
    assert [trace.is_live for trace in seen(folder).changed("/srv/a", 0)] == [True]
    second.close()


def test_a_mark_that_was_tidied_away_comes_again(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    mark.note(["/srv/a"], time.time())
    (folder / "one.jsonl").unlink()
    mark.note(["/srv/b"], time.time())
    others = seen(folder)
    assert others.changed("/srv/a", 0) and others.changed("/srv/b", 0) and others.live()
    mark.close()


@pytest.mark.behaviour("B-1531")
def test_a_mark_stays_small_and_keeps_the_latest(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    others = seen(folder)
    for number in range(60):
        mark.note([f"/srv/{'long/' * 20}{number}-{each}" for each in range(200)], time.time())
        others.look()
        assert (folder / "one.jsonl").stat().st_size < MOST_BYTES // 2
    last = f"/srv/{'long/' * 20}59-199"
    assert others.changed(last, 0) and seen(folder).changed(last, 0)
    assert not seen(folder).changed(f"/srv/{'long/' * 20}0-0", 0)
    mark.note([f"/srv/{each}" for each in range(100_000)], time.time())
    assert (folder / "one.jsonl").stat().st_size < MOST_BYTES // 2 and MOST_CHANGES < 100_000
    assert [each.name for each in folder.iterdir()] == ["one.jsonl"]
    mark.close()


WRITER = """
import os, sys, time
from pathlib import Path
from coder.sessions.presence import Here, Presence
folder, id = Path(sys.argv[1]), sys.argv[2]
mark = Presence(folder, Here(id, os.getpid(), id, "/srv", "/srv", "default", time.time()))
mark.announce()
print("here", flush=True)
sys.stdin.readline()
for number in range(400):
    mark.note([f"/srv/{id}/{number}", "/srv/shared"], time.time())
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.mark.behaviour("B-1531")
def test_eight_processes_write_at_once_and_nothing_is_lost_or_torn(folder: Path) -> None:
    names = [f"s{number}" for number in range(8)]
    command = [sys.executable, "-c", WRITER, str(folder)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)
        for name in names
    ]
    try:
        assert [each.stdout and each.stdout.readline() for each in running] == ["here\n"] * 8
        others = seen(folder)
        assert sorted(each.id for each in others.live()) == names
        for each in running:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        for _ in range(200):
            others.look()
            assert len(others.live()) == 8  # a look disturbs nobody
        assert [each.stdout and each.stdout.readline() for each in running] == ["done\n"] * 8
        others.look()
        assert all(others.changed(f"/srv/{name}/{number}", 0) for name in names for number in range(400))
        for name in names:
            for line in (folder / f"{name}.jsonl").read_bytes().splitlines():
                json.loads(line)
        assert [trace.is_live for trace in others.changed("/srv/shared", 0)] == [True] * 8
        running[0].kill()
        running[0].wait(DEADLINE)
        assert sorted(each.id for each in others.live()) == names[1:]
        assert len([trace for trace in others.changed("/srv/shared", 0) if trace.is_live]) == 7
    finally:
        for each in running:
            each.kill()
            each.communicate(timeout=DEADLINE)


FULL = """
import os, resource, signal, sys, time
from pathlib import Path
from coder.sessions.presence import Here, Presence
mark = Presence(Path(sys.argv[1]), Here("one", os.getpid(), "x", "/srv", "", "default", time.time()))
mark.announce()
mark.note(["/srv/a"], time.time())
size = (Path(sys.argv[1]) / "one.jsonl").stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, resource.RLIM_INFINITY))
try:
    mark.note(["/srv/b"], time.time())
except OSError:
    print("refused")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
mark.note(["/srv/c"], time.time())
"""


@pytest.mark.behaviour("B-1534")
def test_a_disk_that_is_full_for_a_while_tears_no_line(folder: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    out = subprocess.run([sys.executable, "-c", FULL, str(folder)], capture_output=True, text=True, env=env, check=True)
    assert out.stdout == "refused\n"
    lines = [json.loads(line) for line in (folder / "one.jsonl").read_bytes().splitlines()]
    assert [line["paths"] for line in lines[1:]] == [["/srv/a"], ["/srv/c"]]


@pytest.mark.behaviour("B-1534")
def test_nothing_that_lies_there_stops_a_reader(folder: Path, tmp_path: Path) -> None:
    good = Presence(folder, here("good"))
    good.announce()
    good.note(["/srv/a"], time.time())
    line = (folder / "good.jsonl").read_bytes().splitlines()[0]
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "folder.jsonl").mkdir()
    (tmp_path / "secret").write_bytes(line)
    (folder / "link.jsonl").symlink_to(tmp_path / "secret")
    (folder / "circle.jsonl").symlink_to(folder / "circle.jsonl")
    with (folder / "huge.jsonl").open("wb") as file:
        file.truncate(1 << 40)
    (folder / "deep.jsonl").write_bytes(b"[" * 500_000 + b"\n")
    (folder / "no text.jsonl").write_bytes(line)
    odd = [
        b"\xff\xfe\n", b"{}\n", b"null\n", b'"here"\n', b"\n", line[:30] + b"\n",
        b'{"t":"here","id":1,"pid":"x","since":NaN}\n',
        b'{"t":"here","id":"x","pid":1,"title":"","cwd":"","top":"","mode":"","mark":"","since":NaN}\n',
        b'{"t":"changed","paths":"x","at":1}\n', b'{"t":"changed","paths":[1,null],"at":1e400}\n',
        b'{"t":"changed","paths":["/srv/a"],"at":NaN}\n', b'{"t":"changed","paths":["/srv/a"]}\n',
        b'{"t":"changed","paths":["/srv/\\ud800"],"at":' + b"9" * 5000 + b"}\n",
        b'{"t":"changed","paths":["/srv/\\ud800"],"at":5}\n',
        b'{"t":"changed","paths":["/srv/a"],"at":1',
    ]  # fmt: skip
    (folder / "odd.jsonl").write_bytes(b"".join(odd))
    (folder / "mixed.jsonl").write_bytes(b"".join((line.replace(b'"good"', b'"mixed"'), b"\n", *odd)))
    others = seen(folder)
    assert not any(is_live(folder / f"{name}.jsonl") for name in ("pipe", "folder", "link", "circle", "gone"))
    assert [each.id for each in others.live()] == ["good"]
    assert [trace.here.id for trace in others.changed("/srv/a", 0)] == ["good"]
    others.look()
    tidy(folder, "")
    assert (tmp_path / "secret").exists() and is_live(folder / "good.jsonl")
    good.close()


def test_a_folder_that_is_not_there_or_none_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "gone", tmp_path / "file"):
        others = seen(place)
        assert others.live() == [] and others.changed("/srv/a", 0) == []


def test_a_clock_that_is_ahead_changes_no_order_for_ever(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    mark.note(["/srv/a"], time.time() + 7200)
    others = Neighbours(folder, now=lambda: 5_000_000_000.0)
    others.look()
    assert others.changed("/srv/a", 0) == []  # of another day
    before = time.time()
    (trace,) = seen(folder).changed("/srv/a", 0)
    assert before - 1 <= trace.at <= time.time()
    mark.close()


@pytest.mark.behaviour("B-1531")
def test_what_is_of_another_day_is_tidied_away_and_the_living_are_not(folder: Path) -> None:
    marks = {name: Presence(folder, here(name)) for name in ("old", "live", "new")}
    for mark in marks.values():
        mark.announce()
        mark.note(["/srv/a"], time.time())
    marks["old"].close()
    long_ago = time.time() - KEPT_SECONDS - 60
    (folder / ".half.0").write_text("x")
    for name in ("old.jsonl", "live.jsonl", ".half.0"):
        os.utime(folder / name, (long_ago, long_ago))
    (folder / "notes.txt").write_text("somebody's")
    os.utime(folder / "notes.txt", (long_ago, long_ago))
    last = Presence(folder, here("last"))
    last.announce()
    left = {path.name for path in folder.iterdir()}
    assert left == {"live.jsonl", "new.jsonl", "last.jsonl", "notes.txt"}
    for mark in (*marks.values(), last):
        mark.close()


@pytest.mark.behaviour("B-1525")
def test_the_folder_and_its_files_are_private(folder: Path) -> None:
    mark = Presence(folder, here("one"))
    mark.announce()
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "one.jsonl")] == [0o700, 0o600]
    mark.close()
