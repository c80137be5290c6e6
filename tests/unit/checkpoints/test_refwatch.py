"""What commands of a session move in repositories is journalled, also when the session is cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coder.checkpoints.changelog import NAME, Begun, ChangeSet, read_log
from coder.checkpoints.recorder import Recorder, Surroundings
from coder.checkpoints.refmoves import RefMoves
from coder.git.refs import RefMove
from tests.support.rewinding import GIT_ENV, Bench, git


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    bench = Bench(tmp_path)
    git(bench.project, "init", "-q", "-b", "main")
    (bench.project / "a").write_text("a\n")
    git(bench.project, "add", "a")
    git(bench.project, "commit", "-qm", "first")
    bench.prompt("p", "the prompt")
    yield bench
    await bench.aclose()


def journal(bench: Bench) -> Path:
    return bench.state / "file-history" / "session-1"


def noted(bench: Bench) -> list[RefMoves]:
    return [each for each in read_log(journal(bench)) if isinstance(each, RefMoves)]


def head(bench: Bench) -> str:
    return git(bench.project, "rev-parse", "HEAD").strip()


@pytest.mark.behaviour("B-1513")
async def test_a_command_is_noted_with_what_it_moved_and_gits_own_steps(bench: Bench) -> None:
    first = head(bench)
    command = "git switch -qc side; git commit -q --allow-empty -m x; git reset -q --hard HEAD"
    await bench.bash(command)
    (record,) = noted(bench)
    assert (record.cause, record.what, record.top) == ("command", command, str(bench.project))
    assert record.moves == (
        RefMove("head", "", first, head(bench)),
        RefMove("on", "", "main", "side"),
        RefMove("branch", "side", "", head(bench)),
    )
    assert [step.text for step in record.steps] == [
        "checkout: moving from main to side",
        "commit: x",
        "reset: moving to HEAD",
    ]
    assert record.on == "side"
    sets = [each for each in read_log(journal(bench)) if isinstance(each, ChangeSet)]
    assert [each.id for each in sets] == [record.id]


async def test_a_command_that_moves_nothing_notes_nothing(bench: Bench) -> None:
    await bench.bash("echo x > x")
    await bench.bash("git add x")
    assert noted(bench) == []


async def test_what_others_moved_meanwhile_is_not_the_commands(bench: Bench) -> None:
    await bench.bash("echo x > x")
    git(bench.project, "branch", "mine")
    await bench.bash("git branch its")
    causes = [(each.cause, [move.name for move in each.moves]) for each in noted(bench)]
    assert causes == [("meanwhile", ["mine"]), ("command", ["its"])]


async def test_a_repository_that_comes_and_goes_during_the_session(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.prompt("p")
    await bench.bash("echo x > x")
    await bench.bash("git init -q -b main && git commit -q --allow-empty -m x")
    at = head(bench)
    await bench.bash("rm -rf .git")
    await bench.bash("git init -q -b other && git commit -q --allow-empty -m y")
    await bench.aclose()
    came, went, again = noted(bench)
    assert RefMove("branch", "main", "", at) in came.moves
    assert RefMove("branch", "main", at, "") in went.moves
    assert RefMove("on", "", "", "other") in again.moves


async def test_a_repository_right_below_the_working_folder_is_watched(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (bench.project / "inner").mkdir()
    git(bench.project / "inner", "init", "-q", "-b", "main")
    bench.prompt("p")
    await bench.bash("echo x > x")
    await bench.bash("git -C inner commit -q --allow-empty -m x")
    await bench.aclose()
    (record,) = noted(bench)
    assert record.top == str(bench.project / "inner")


CHILD = """
import os, signal, sys
from pathlib import Path
from coder.checkpoints.recorder import Recorder, Surroundings
base, project = Path(sys.argv[1]), Path(sys.argv[2])
recorder = Recorder(base, "session-1", [project], Surroundings(base / "nobody", (base,), dict(os.environ)), print)
recorder.before("git reset --hard", "command", [], scan=True)
os.system(f"git -C {project} branch half; git -C {project} commit -q --allow-empty -m half")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.behaviour("B-1514")
def test_a_command_that_was_cut_off_is_known_by_what_it_moved(tmp_path: Path) -> None:
    project, base = tmp_path / "project", tmp_path / "base"
    project.mkdir()
    git(project, "init", "-q", "-b", "main")
    git(project, "commit", "-q", "--allow-empty", "-m", "first")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **GIT_ENV}
    done = subprocess.run([sys.executable, "-c", CHILD, str(base), str(project)], env=env, check=False)
    assert done.returncode == -9
    folder = base / "session-1"
    assert [type(each) for each in read_log(folder)] == [Begun]
    for _ in range(2):  # the second time there is nothing left to find
        recorder = Recorder(base, "session-1", [project], Surroundings(base / "nobody", (base,), env), print)
        recorder.recover()
        recorder.close()
    (record,) = [each for each in read_log(folder) if isinstance(each, RefMoves)]
    assert record.what == "git reset --hard (cut off)"
    assert {(move.kind, move.name) for move in record.moves} == {("head", ""), ("branch", "main"), ("branch", "half")}
    assert [step.text for step in record.steps] == ["commit: half"]


async def test_lines_that_are_torn_or_of_later_coders_are_left_out(bench: Bench) -> None:
    await bench.bash("git branch one")
    with (journal(bench) / NAME).open("ab") as file:
        file.write(b'{"t":"refs","id":"k1","cause":"command","what":"x","moves":[["odd","",1,2]]}\n')
        file.write(b'{"t":"refs","id":"k2"}\n{"t":"something new"}\n{"t":"refs","mo')
    await bench.bash("git branch two")
    assert [[move.name for move in each.moves] for each in noted(bench)] == [["one"], ["two"]]


async def test_a_great_many_moves_are_bounded(bench: Bench) -> None:
    await bench.bash("for i in $(seq 1 600); do echo create refs/heads/b$i HEAD; done | git update-ref --stdin")
    (record,) = noted(bench)
    assert len(record.moves) == 500
    assert record.left == 100


async def test_what_is_saved_for_a_crash_goes_at_the_end(bench: Bench) -> None:
    await bench.bash("git branch one")
    (saved,) = journal(bench).glob("refs-*.json")
    assert json.loads(saved.read_bytes())["places"][0] == str(bench.project)
    assert saved.stat().st_mode & 0o077 == 0
    await bench.aclose()
    assert not list(journal(bench).glob("refs-*.json"))
