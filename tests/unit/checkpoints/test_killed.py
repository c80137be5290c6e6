"""users.md S22: a rewind that is killed at any moment is done entirely or not at all, once coder has started again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from coder.checkpoints.changelog import ChangeLog
from coder.checkpoints.contents import Contents
from coder.checkpoints.pending import complete, is_waiting
from tests.support.rewinding import Bench, tree

# Counts what the interpreter does to the disk, and dies at the given one.
CHILD = """
import os, signal, sys
from pathlib import Path
from coder.checkpoints.back import Back
from coder.checkpoints.changelog import ChangeLog
from coder.checkpoints.contents import Contents
base, at = Path(sys.argv[1]), int(sys.argv[2])
seen = 0
WATCHED = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.symlink", "os.link"}
def hook(event, arguments):
    global seen
    if event in WATCHED:
        seen += 1
        if seen == at:
            os.kill(os.getpid(), signal.SIGKILL)
contents = Contents(base)
back = Back(base, ChangeLog(base / "session-1"), contents)
sys.addaudithook(hook)
back.rewind("p")
print(seen)
"""


async def changed(folder: Path) -> Bench:
    """A session that has changed files in every way there is."""
    bench = Bench(folder)
    project = bench.project
    for name in ("a", "b", "c"):
        (project / name).write_text(f"{name}\n")
    for name in ("goes", "turns", "closed"):
        (project / name).mkdir()
        (project / name / "x").write_text("x\n")
    (project / "link").symlink_to("a")
    bench.prompt("p")
    await bench.bash(
        "echo more >> a; rm b; chmod 755 c; rm -r goes turns; echo file > turns; ln -sfn b link; echo y > closed/x; "
        "chmod 555 closed; mkdir -p new/er; echo n > new/er/n; mv a moved"
    )
    await bench.aclose()
    return bench


def killed(bench: Bench, at: int) -> bool:
    """Rewinds in a process that dies at its step number `at`; False when it had fewer."""
    base = str(bench.state / "file-history")
    done = subprocess.run([sys.executable, "-c", CHILD, base, str(at)], cwd=Path(__file__).parents[3])
    assert done.returncode in (0, -9)
    return done.returncode == -9


def start_again(bench: Bench) -> None:
    contents = Contents(bench.state / "file-history")
    complete(bench.state / "file-history", contents)
    contents.close()


async def check(folder: Path, moments: range) -> int:
    """Kills at each moment in turn. Returns after how many of them there were no more."""
    reference = await changed(folder / "reference")
    new = inside(reference)
    assert not killed(reference, 0)
    old = inside(reference)
    seen = []
    for at in moments:
        bench = await changed(folder / str(at))
        if not killed(bench, at):
            break
        start_again(bench)
        assert not is_waiting(bench.state / "file-history")
        left = inside(bench)
        assert left in (old, new), at
        seen.append(left == old)
    assert True in seen
    assert False in seen
    return len(seen)


def inside(bench: Bench) -> dict[bytes, tuple[object, ...]]:
    """The tree by paths from the working folder."""
    top = len(os.fsencode(bench.project))
    return {path[top:]: entry for path, entry in tree(bench.project).items()}


@pytest.mark.behaviour("B-475")
async def test_s22_a_rewind_killed_at_some_moments_is_done_or_not(tmp_path: Path) -> None:
    await check(tmp_path, range(3, 300, 19))


@pytest.mark.soak
async def test_s22_a_rewind_killed_at_every_moment_is_done_or_not(tmp_path: Path) -> None:
    assert await check(tmp_path, range(1, 1000)) > 40


@pytest.mark.behaviour("B-476")
async def test_a_command_that_was_cut_off_with_its_session_can_be_undone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    (bench.project / "a").write_text("first\n")
    child = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from tests.support.rewinding import Bench\n"
        "async def main():\n"
        "    bench = Bench(Path(sys.argv[1]))\n"
        "    bench.prompt('p')\n"
        "    await bench.bash('echo x > before')\n"
        "    await bench.bash(f'echo ours > a; echo b > b; kill -9 {os.getpid()}; sleep 100')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", child, str(tmp_path)], cwd=Path(__file__).parents[3])
    assert done.returncode == -9
    assert (bench.project / "b").exists()
    assert "(cut off)" in (await bench.checkpoints.preview("p")).commands[-1]
    await bench.checkpoints.rewind("p", "files")
    assert os.listdir(bench.project) == ["a"]
    assert (bench.project / "a").read_text() == "first\n"
    await bench.aclose()


async def test_a_journal_that_was_torn_loses_its_last_record_only(tmp_path: Path) -> None:
    bench = await changed(tmp_path)
    log = bench.state / "file-history" / "session-1"
    with (log / "changes.jsonl").open("ab") as file:
        file.write(b'{"t":"mark","id":"to')
    before = ChangeLog(log).records()
    again = Bench(tmp_path)
    again.prompt("q")
    await again.bash("echo q > q")
    assert ChangeLog(log).records()[: len(before)] == before
    assert json.loads((log / "changes.jsonl").read_bytes().splitlines()[-1])["what"] == "echo q > q"
    assert [point.id for point in await again.checkpoints.points()] == ["p", "q"]
    await again.aclose()
