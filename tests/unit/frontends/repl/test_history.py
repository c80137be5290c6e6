from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.frontends.repl.history import LARGEST, History, Sent, freeze, thaw
from coder.frontends.repl.tokens import Tokens, typed

FOLDER = Path("/srv/shop")


def displays(home: Path, folder: Path = FOLDER) -> list[str]:
    return [sent.display for sent in History(home, folder).earlier()]


def test_the_newest_comes_first_and_each_folder_has_its_own(tmp_path: Path) -> None:
    here, there = History(tmp_path, FOLDER, "s-1"), History(tmp_path, Path("/srv/shop two"), "s-2")
    for text in ("one", "two", "two", "größe 漢字", "!ls", "/compact"):
        here.add(Sent(text, {}))
        there.add(Sent(f"there {text}", {}))
    assert displays(tmp_path) == ["/compact", "!ls", "größe 漢字", "two", "one"]
    assert displays(tmp_path, Path("/srv/shop two"))[0] == "there /compact"
    assert displays(tmp_path, Path("/work")) == []
    path = tmp_path / "history.jsonl"
    assert path.stat().st_mode & 0o777 == 0o600
    first = json.loads(path.read_text().splitlines()[0])
    assert {key: first[key] for key in ("display", "pastedContents", "project", "sessionId")} == {
        "display": "one",
        "pastedContents": {},
        "project": "/srv/shop",
        "sessionId": "s-1",
    }
    assert first["timestamp"] > 1_600_000_000_000


@pytest.mark.parametrize("text", [" mine", "/login sk-ant-api03-x", "/LOGIN x", "", "   ", "\n"])
def test_secrets_and_blanks_are_not_kept(tmp_path: Path, text: str) -> None:
    History(tmp_path, FOLDER).add(Sent(text, {}))
    assert not (tmp_path / "history.jsonl").exists()


def test_lines_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    good = json.dumps({"display": "good", "project": str(FOLDER)}).encode()
    broken = json.dumps({"display": "x", "pastedContents": {"1": 3}, "project": str(FOLDER)}).encode()
    path.write_bytes(
        b"\n".join([b"\xff\xfe", b"{", b'"/srv/shop"', good, b"[" * 50_000, broken, b'{"display": "cut /sr'])
    )
    assert displays(tmp_path) == ["good"]
    History(tmp_path, FOLDER).add(Sent("after the cut", {}))
    assert displays(tmp_path) == ["after the cut", "good"]


def test_it_is_read_from_the_end_over_blocks(tmp_path: Path) -> None:
    history = History(tmp_path, FOLDER)
    texts = [f"{number} " + "漢" * number for number in range(0, 3000, 7)]
    for text in texts:
        history.add(Sent(text, {}))
    assert displays(tmp_path) == texts[::-1]


def test_it_never_grows_without_end(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    line = json.dumps({"display": "old" + "x" * 1000, "project": str(FOLDER)}) + "\n"
    path.write_text(line * (LARGEST // len(line) + 2))
    path.chmod(0o644)
    history = History(tmp_path, FOLDER)
    history.add(Sent("newest", {}))
    assert path.stat().st_size < LARGEST * 0.6
    assert path.stat().st_mode & 0o777 == 0o600
    assert displays(tmp_path)[0] == "newest"
    assert list(tmp_path.iterdir()) == [path]
    history.add(Sent("big", {"1": "x" * 300_000}))
    assert displays(tmp_path)[0] == "newest"


def test_several_sessions_write_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from coder.frontends.repl import history\n"
        "history.LARGEST = 20_000\n"
        "kept = history.History(Path(sys.argv[1]), Path('/srv/shop'))\n"
        "for number in range(100): kept.add(history.Sent(f'{sys.argv[2]}-{number} ' + 'x' * 50, {}))"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), name]) for name in "abc"]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    found = displays(tmp_path)
    for name in "abc":
        numbers = [int(text.split()[0].removeprefix(f"{name}-")) for text in found if text.startswith(f"{name}-")]
        assert numbers == list(range(99, 99 - len(numbers), -1))  # none is missing between
    assert len(found) > 70
    assert all(len(line) > 50 and json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines())


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to see what a process has open")
def test_a_prompt_goes_to_the_file_that_has_the_name(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.touch()
    program = (
        "import sys; from pathlib import Path; from coder.frontends.repl.history import History, Sent\n"
        "History(Path(sys.argv[1]), Path('/srv/shop')).add(Sent('late', {}))"
    )
    with path.open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
        while writer.poll() is None and not has_open(writer.pid, path):
            pass
        (tmp_path / "new").touch()
        (tmp_path / "new").replace(path)  # as another session that shortens it
    assert writer.wait(60) == 0
    assert displays(tmp_path) == ["late"]


def has_open(pid: int, path: Path) -> bool:
    with suppress(OSError):
        return any(os.readlink(link) == str(path) for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_a_home_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    history = History(tmp_path / "home", FOLDER)
    history.add(Sent("text", {}))
    assert list(history.earlier()) == []


@given(st.lists(st.one_of(st.text(max_size=5), st.sampled_from(["P", "Q"])), max_size=6))
def test_a_draft_comes_back_with_its_pastes(parts: list[str]) -> None:
    tokens = Tokens()
    draft = "".join(tokens.paste(f"paste {part}\n" * 20) if part in "PQ" and part else typed(part) for part in parts)
    expanded = tokens.expanded(draft)
    other = Tokens()
    again = thaw(freeze(draft, tokens), other)
    assert other.expanded(again) == expanded.replace("\r\n", "\n").replace("\r", "\n")
    assert other.labelled(again) == tokens.labelled(draft).replace("\r\n", "\n").replace("\r", "\n")
