"""Checkpoints round real tools: what they cover, what they leave out and say so, and what they must never touch."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import pytest

from coder.checkpoints.contents import CheckpointError
from coder.checkpoints.limits import MOST_FILE_BYTES, MOST_IGNORED_FILES
from coder.core.errors import SessionError
from tests.support.processes import DEADLINE
from tests.support.rewinding import Bench, git, git_state, tree

Make: TypeAlias = Callable[..., Bench]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes benches, which end with the test."""
    made: list[Bench] = []

    def one(*given: Path, **more: object) -> Bench:
        made.append(Bench(*given, **more))  # type: ignore[arg-type]  # as Bench takes them
        return made[-1]

    yield one
    for bench in made:
        await bench.aclose()


@pytest.fixture
def bench(tmp_path: Path, make: Make) -> Bench:
    bench = make(tmp_path)
    (bench.project / "a.txt").write_text("first\n")
    return bench


async def back(bench: Bench, point: str = "p", *, force: bool = False) -> None:
    await bench.checkpoints.rewind(point, "files", force=force)


@pytest.mark.behaviour("B-459")
async def test_c08_files_of_every_kind_come_back_and_the_persons_own_stay(bench: Bench) -> None:
    project = bench.project
    git(project, "init", "-q")
    (project / "keep.txt").write_text("keep\n")
    (project / "mode.sh").write_text("x\n")
    (project / "folder").mkdir()
    (project / "void").mkdir(mode=0o711)
    (project / "folder/in.txt").write_text("in\n")
    (project / "link").symlink_to("a.txt")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "x")
    before = tree(project)
    bench.prompt("p")
    await bench.write("new/deep/file.txt", "new\n")
    await bench.bash("rm -r folder void; chmod 755 mode.sh; rm link; ln -s elsewhere link; git add -A; mkdir folder2")
    (project / "own.txt").write_text("the person's\n")
    await bench.bash(
        "mv keep.txt moved.txt; echo more >> a.txt; git commit -qam y; rm -f a.txt; mkdir a.txt; touch a.txt/x"
    )
    (project / "own2.txt").write_text("the person's too\n")
    own = git_state(project)
    await back(bench)
    assert (project / "own.txt").exists()
    assert (project / "own2.txt").exists()
    for name in ("own.txt", "own2.txt"):
        (project / name).unlink()
    assert tree(project) == before
    assert git_state(project) == own


@pytest.mark.behaviour("B-454")
async def test_a_file_the_person_edited_since_is_a_conflict_and_left(bench: Bench) -> None:
    bench.prompt("p")
    await bench.bash("echo ours > a.txt; echo ours > b.txt; mkdir made; touch made/x")
    (bench.project / "a.txt").write_text("theirs\n")
    (bench.project / "made/own").write_text("theirs\n")
    preview = await bench.checkpoints.preview("p")
    assert [Path(each.path).name for each in preview.conflicts] == ["a.txt"]
    assert [(Path(each.path).name, each.why) for each in preview.left] == [("made", "it holds own")]
    await back(bench)
    assert (bench.project / "a.txt").read_text() == "theirs\n"
    assert not (bench.project / "b.txt").exists()
    assert sorted(os.listdir(bench.project / "made")) == ["own"]


@pytest.mark.behaviour("B-454")
async def test_a_file_the_person_edited_between_two_calls_is_a_conflict_too(bench: Bench) -> None:
    bench.prompt("p")
    await bench.bash("echo ours > a.txt")
    (bench.project / "a.txt").write_text("theirs\n")
    await bench.bash("echo more >> a.txt")
    preview = await bench.checkpoints.preview("p")
    assert [each.why for each in preview.conflicts] == ["somebody else changed it in between"]
    await back(bench)
    assert (bench.project / "a.txt").read_text() == "theirs\nmore\n"
    await back(bench, force=True)
    assert (bench.project / "a.txt").read_text() == "first\n"
    await bench.checkpoints.undo_last()
    assert (bench.project / "a.txt").read_text() == "theirs\nmore\n"


@pytest.mark.behaviour("B-460")
async def test_s21_going_back_in_one_folder_leaves_its_siblings_alone(tmp_path: Path, make: Make) -> None:
    repository = tmp_path / "repository"
    (repository / "backend").mkdir(parents=True)
    (repository / "backend/b.txt").write_text("old\n")
    git(repository, "init", "-q")
    bench = make(tmp_path, project=repository / "frontend")
    (bench.project / "f.txt").write_text("old\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "x")
    bench.prompt("p")
    await bench.bash("echo new > f.txt")
    (repository / "backend/b.txt").write_text("somebody's\n")
    await back(bench)
    assert (bench.project / "f.txt").read_text() == "old\n"
    assert (repository / "backend/b.txt").read_text() == "somebody's\n"


@pytest.mark.behaviour("B-461")
async def test_c03_two_sessions_in_one_folder_undo_only_their_own(tmp_path: Path, make: Make) -> None:
    one, two = make(tmp_path, session_id="one"), make(tmp_path, session_id="two")
    (one.project / "both.txt").write_text("0\n")
    for each in (one, two):
        each.prompt("p")
    await one.bash("echo 1 > one.txt; echo 1 > both.txt")
    await two.bash("echo 2 > two.txt; echo 2 > both.txt")
    await one.bash("echo 3 > three.txt")
    preview = await one.checkpoints.preview("p")
    assert {Path(each.path).name for each in preview.conflicts} == {"both.txt"}
    await back(one)
    assert sorted(os.listdir(one.project)) == ["both.txt", "two.txt"]
    await back(two)
    assert sorted(os.listdir(one.project)) == ["both.txt"]
    assert (one.project / "both.txt").read_text() == "1\n"


@pytest.mark.behaviour("B-461")
@pytest.mark.parametrize("by", ["tool", "command"])
async def test_what_another_session_changed_while_a_command_ran_is_not_taken_back(
    tmp_path: Path, make: Make, by: str
) -> None:
    one, two = make(tmp_path, session_id="one"), make(tmp_path, session_id="two")
    one.prompt("p")
    two.prompt("p")
    os.mkfifo(tmp_path / "go")
    running = asyncio.create_task(one.bash(f"echo 1 > one.txt; : > started; read x < {tmp_path}/go"))
    async with asyncio.timeout(DEADLINE):
        while not (one.project / "started").exists():
            await asyncio.sleep(0)
    await (two.write("two.txt", "2\n") if by == "tool" else two.bash("echo 2 > two.txt"))
    (tmp_path / "go").write_text("go\n")
    await running
    await back(one)
    assert "two.txt" in os.listdir(one.project)
    assert "one.txt" not in os.listdir(one.project) or by == "command"  # nobody can tell which command it was


@pytest.mark.behaviour("B-462")
async def test_c09_what_is_too_large_is_listed_and_left(bench: Bench) -> None:
    big, sparse = bench.project / "big.bin", bench.project / "sparse.img"
    big.write_bytes(b"x" * (MOST_FILE_BYTES + 1))
    with sparse.open("wb") as file:
        file.truncate(5_000_000_000)
    bench.prompt("p")
    await bench.bash("echo more >> big.bin; rm sparse.img; echo ours > a.txt")
    assert any("big.bin" in text and "10 MB" in text for text in bench.notices)
    preview = await bench.checkpoints.preview("p")
    assert {Path(each.path).name for each in preview.left} == {"big.bin", "sparse.img"}
    await back(bench)
    assert (bench.project / "a.txt").read_text() == "first\n"
    assert big.stat().st_size == MOST_FILE_BYTES + 6
    database = bench.state / "file-history" / "contents.db"
    assert database.stat().st_size < 1_000_000


async def test_what_is_left_out_later_on_is_said_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.prompt("prompt-1")
    for name in ("one.bin", "two.bin", "three.bin"):
        await bench.bash(f"truncate -s 11M {name}")
    assert ["two.bin" in text for text in bench.notices] == [False, True, False]
    await bench.aclose()


@pytest.mark.behaviour("B-463")
async def test_a_large_ignored_folder_is_left_out_and_a_small_one_is_kept(bench: Bench) -> None:
    project = bench.project
    git(project, "init", "-q")
    (project / ".gitignore").write_text("node_modules/\nsmall/\n")
    (project / "node_modules/deep").mkdir(parents=True)
    (project / "small").mkdir()
    (project / "small/x").write_text("x\n")
    for number in range(MOST_IGNORED_FILES + 1):
        (project / f"node_modules/deep/{number}").touch()
    bench.prompt("p")
    await bench.bash("rm -r small; rm node_modules/deep/1; echo ours > a.txt")
    assert any("node_modules (over 2,000 files, ignored by git)" in text for text in bench.notices)
    await back(bench)
    assert (project / "small/x").read_text() == "x\n"
    assert (project / "a.txt").read_text() == "first\n"
    assert not (project / "node_modules/deep/1").exists()


@pytest.mark.behaviour("B-464")
async def test_d04_fifos_sockets_and_loops_are_never_opened_and_never_in_the_way(bench: Bench) -> None:
    project = bench.project
    os.mkfifo(project / "fifo")
    listening = socket.socket(socket.AF_UNIX)
    cwd = os.open(".", os.O_RDONLY)
    os.chdir(project)
    try:
        listening.bind("socket")
    finally:
        os.fchdir(cwd)
        os.close(cwd)
        listening.close()
    (project / "loop").symlink_to("loop")
    (project / "up").symlink_to("..")
    bench.prompt("p")
    await bench.bash("echo ours > a.txt; rm fifo; mkfifo other; rm loop")
    preview = await bench.checkpoints.preview("p")
    assert {Path(each.path).name for each in preview.left} == {"fifo", "other"}
    await back(bench)
    assert (project / "a.txt").read_text() == "first\n"
    assert (project / "loop").readlink() == Path("loop")
    assert stat.S_ISSOCK((project / "socket").lstat().st_mode)


@pytest.mark.behaviour("B-465")
async def test_a_folder_that_became_a_link_leads_nothing_outside(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (bench.project / "sub").mkdir()
    (bench.project / "sub/x").write_text("inside\n")
    (outside / "x").write_text("secret\n")
    bench.prompt("p")
    await bench.bash("echo changed > sub/x; rm sub/x")
    (bench.project / "sub").rmdir()
    (bench.project / "sub").symlink_to(outside)
    before = tree(outside)
    await back(bench, force=True)
    assert tree(outside) == before
    assert (bench.project / "sub").is_symlink()


@pytest.mark.behaviour("B-465")
async def test_a_link_that_a_command_put_in_place_of_a_folder_becomes_the_folder_again(
    bench: Bench, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x").write_text("secret\n")
    (bench.project / "sub").mkdir()
    (bench.project / "sub/x").write_text("inside\n")
    before = tree(bench.project), tree(outside)
    bench.prompt("p")
    await bench.bash(f"rm -r sub; ln -s {outside} sub")
    await back(bench)
    assert (tree(bench.project), tree(outside)) == before


@pytest.mark.behaviour("B-466")
async def test_coders_own_state_inside_the_working_folder_is_no_part_of_it(tmp_path: Path, make: Make) -> None:
    bench = make(tmp_path, state=tmp_path / "project" / ".state")
    bench.prompt("p")
    await bench.bash("echo x > x; echo planted > .state/planted")
    preview = await bench.checkpoints.preview("p")
    assert [Path(each.path).name for each in preview.touched] == ["x"]
    await back(bench)
    assert (bench.state / "planted").exists()


@pytest.mark.behaviour("B-467")
async def test_nested_histories_come_and_go_whole_and_are_else_left(bench: Bench) -> None:
    project = bench.project
    for name in ("stays", "goes"):
        (project / name).mkdir()
        git(project / name, "init", "-q")
        (project / name / "f").write_text("1\n")
        git(project / name, "add", "-A")
        git(project / name, "commit", "-qm", "one")
    gone = tree(project / "goes", without=())
    bench.prompt("p")
    await bench.bash("rm -rf goes; git init -q comes; touch comes/x; cd stays; echo 2 > f; git commit -qam two")
    tip = git(project / "stays", "rev-parse", "HEAD")
    preview = await bench.checkpoints.preview("p")
    assert [Path(each.path).relative_to(project) for each in preview.left] == [Path("stays/.git")]
    await back(bench)
    assert tree(project / "goes", without=()) == gone
    assert not (project / "comes").exists()
    assert (project / "stays/f").read_text() == "1\n"
    assert git(project / "stays", "rev-parse", "HEAD") == tip


@pytest.mark.behaviour("B-468")
async def test_what_happened_beside_a_background_command_is_undone_only_when_forced(
    bench: Bench, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "go")
    bench.prompt("p")
    await bench.bash(f"read x < {tmp_path}/go; echo late > late.txt; : > done", run_in_background=True)
    (tmp_path / "go").write_text("go\n")
    async with asyncio.timeout(DEADLINE):
        while not (bench.project / "done").exists():
            await asyncio.sleep(0)
    preview = await bench.checkpoints.preview("p")
    assert {Path(each.path).name for each in preview.conflicts} == {"late.txt", "done"}
    assert "by that or by you" in preview.conflicts[0].why
    await back(bench)
    assert sorted(os.listdir(bench.project)) == ["a.txt", "done", "late.txt"]
    await back(bench, force=True)
    assert sorted(os.listdir(bench.project)) == ["a.txt"]


@pytest.mark.behaviour("B-469")
async def test_a_file_outside_that_a_command_names_comes_back_and_a_folder_is_named(
    bench: Bench, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    (outside / "folder").mkdir(parents=True)
    (outside / "file").write_text("old\n")
    bench.prompt("p")
    await bench.bash(f"echo new > {outside}/file; rm -r {outside}/folder; touch {outside}/made")
    await bench.call("Write", file_path=f"{outside}/deep/er/w.txt", content="w")
    preview = await bench.checkpoints.preview("p")
    assert preview.outside == (f"{outside}/folder",)
    await back(bench)
    assert (outside / "file").read_text() == "old\n"
    assert sorted(os.listdir(outside)) == ["file"]


@pytest.mark.behaviour("B-470")
@pytest.mark.parametrize("program", ["missing", "hanging", "failing"])
async def test_without_a_git_that_works_all_is_kept_the_same(tmp_path: Path, program: str, make: Make) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    if program != "missing":
        fake = tools / "git"
        fake.write_text("#!/bin/sh\n" + ("exec sleep 1000\n" if program == "hanging" else "exit 128\n"))
        fake.chmod(0o755)
    for name in ("bash", "sh", "rm", "sleep", "cat"):
        found = subprocess.run(["which", name], capture_output=True, encoding="utf-8", check=True).stdout.strip()
        (tools / name).symlink_to(found)
    bench = make(tmp_path, env={"PATH": str(tools)})
    git(bench.project, "init", "-q")
    (bench.project / "a.txt").write_text("first\n")
    git(bench.project, "add", "-A")
    before = tree(bench.project)
    bench.prompt("p")
    await bench.bash("echo new > a.txt; rm -f b")
    await bench.bash("echo newer > a.txt")
    await back(bench)
    assert tree(bench.project) == before


@pytest.mark.behaviour("B-471")
async def test_a_home_folder_is_not_looked_through_and_that_is_said(tmp_path: Path, make: Make) -> None:
    bench = make(tmp_path, project=tmp_path / "home")
    (tmp_path / "home/a.txt").write_text("old\n")
    bench.prompt("p")
    await bench.bash('python3 -c \'open("b.txt", "w")\'')
    await bench.write("c.txt", "new\n")
    assert any("it holds your whole home folder" in text for text in bench.notices)
    await back(bench)
    assert (tmp_path / "home/b.txt").exists()
    assert not (tmp_path / "home/c.txt").exists()


@pytest.mark.behaviour("B-472")
async def test_c07_the_store_is_the_persons_alone_whatever_the_umask(tmp_path: Path, make: Make) -> None:
    old = os.umask(0)
    try:
        bench = make(tmp_path)
        git(bench.project, "init", "-q")
        bench.prompt("p")
        await bench.bash("echo x > x; git add x")
        await bench.bash("git reset --hard")
        await back(bench)
        await bench.aclose()
    finally:
        os.umask(old)
    for path, entry in tree(bench.state / "file-history").items():
        assert entry[1] in (0o600, 0o700), path


@pytest.mark.behaviour("B-473")
async def test_the_whole_working_folder_comes_back(bench: Bench) -> None:
    (bench.project / "d").mkdir()
    before = tree(bench.project)
    bench.prompt("p")
    await bench.bash(f"cd /; chmod 700 {bench.project}; rm -rf {bench.project}")
    assert not bench.project.exists()
    await back(bench)
    assert tree(bench.project) == before


async def test_touching_a_file_back_in_time_hides_no_change(bench: Bench) -> None:
    path = bench.project / "a.txt"
    os.utime(path, (1, 1))
    bench.prompt("p")
    await bench.bash("printf 'FIRST\\n' > a.txt; touch -d @1 a.txt")
    await back(bench)
    assert path.read_text() == "first\n"


@pytest.mark.parametrize("mode", [0o555, 0o000])
async def test_what_lies_in_a_folder_that_may_not_be_written_comes_back(bench: Bench, mode: int) -> None:
    (bench.project / "d").mkdir()
    (bench.project / "d/x").write_text("x\n")
    before = tree(bench.project)
    bench.prompt("p")
    await bench.bash(f"echo y > d/x; chmod {mode:o} d")
    await back(bench)
    assert tree(bench.project) == before
    await bench.checkpoints.undo_last()
    assert stat.S_IMODE((bench.project / "d").stat().st_mode) == mode


async def test_names_of_every_kind_survive_the_journal(bench: Bench, make: Make) -> None:
    names = [b"-x", b"a\nb", b"\xff\xfe", "🎉".encode(), b"n" * 255, b"\xed\xa0\x80", b" ", b"\\", b'"']
    folder = os.fsencode(bench.project)
    for name in names:
        with open(folder + b"/" + name, "wb") as file:
            file.write(name)
    deep = bench.project
    for _ in range(200):
        deep = deep / "deep"
    deep.mkdir(parents=True)
    (deep / "f").write_text("deep\n")
    before = tree(bench.project)
    bench.prompt("p")
    await bench.bash("rm -r -- *")
    await bench.aclose()
    again = make(bench.home.parent)
    again.prompt("q")
    await back(again)
    assert tree(bench.project) == before


async def test_the_conversation_goes_back_with_the_files_and_comes_again(tmp_path: Path, make: Make) -> None:
    class Talk:
        leaf: str | None = "end"

        def rewind_to(self, uuid: str) -> str:
            self.leaf = f"before {uuid}"
            return "the prompt"

        def move_to(self, leaf: str | None) -> None:
            self.leaf = leaf

    talk = Talk()
    bench = make(tmp_path, conversation=talk)
    bench.prompt("p", "one")
    await bench.bash("echo 1 > x")
    bench.prompt("q", "two")
    await bench.bash("echo 2 > x")
    done = await bench.checkpoints.rewind("q", "both")
    assert (done.text, talk.leaf, (bench.project / "x").read_text()) == ("the prompt", "before q", "1\n")
    assert [point.id for point in await bench.checkpoints.points()] == ["p"]
    await bench.checkpoints.undo_last()
    assert (talk.leaf, (bench.project / "x").read_text()) == ("end", "2\n")
    assert [point.id for point in await bench.checkpoints.points()] == ["p", "q"]


async def test_a_conversation_that_cannot_go_back_leaves_the_files_alone(bench: Bench) -> None:
    bench.prompt("p")
    await bench.bash("echo 1 > x")
    with pytest.raises(SessionError, match="files only"):
        await bench.checkpoints.rewind("p", "both")
    assert (bench.project / "x").exists()
    with pytest.raises(CheckpointError, match="no point"):
        await bench.checkpoints.rewind("unknown", "files")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], capture_output=True)
    if done.returncode:
        pytest.skip("mounting needs a privilege this user has not")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.behaviour("B-474")
async def test_c01_a_full_store_keeps_no_call_from_running(tmp_path: Path, small: Path, make: Make) -> None:
    bench = make(tmp_path, state=small / "state")
    (bench.project / "random").write_bytes(os.urandom(1_000_000))
    bench.prompt("p")
    await bench.bash("echo ours > a.txt")
    assert (bench.project / "a.txt").read_text() == "ours\n"
    assert any("cannot be undone" in text and "full" in text for text in bench.notices)


@pytest.mark.behaviour("B-474")
async def test_c01_going_back_on_a_full_disk_changes_nothing(tmp_path: Path, small: Path, make: Make) -> None:
    bench = make(tmp_path, project=small / "project")
    for number in range(4):
        (bench.project / f"f{number}").write_bytes(os.urandom(60_000))
    bench.prompt("p")
    await bench.bash("rm f*; echo x > x")
    (bench.project / "filler").write_bytes(b"x" * 250_000)
    before = tree(bench.project)
    with pytest.raises(CheckpointError, match=r"No space left on device\. Nothing was changed"):
        await back(bench)
    assert tree(bench.project) == before
    (bench.project / "filler").unlink()
    await back(bench)
    assert sorted(os.listdir(bench.project)) == ["f0", "f1", "f2", "f3"]


async def test_a_damaged_content_is_named_and_nothing_is_changed(bench: Bench, make: Make) -> None:
    bench.prompt("p")
    await bench.bash("echo ours > a.txt; echo new > b.txt")
    await bench.aclose()
    import sqlite3

    with closing(sqlite3.connect(bench.state / "file-history" / "contents.db")) as database, database:
        database.execute("UPDATE contents SET data = x'00'")
    database.close()
    before = tree(bench.project)
    again = make(bench.home.parent)
    again.prompt("q")
    with pytest.raises(CheckpointError, match=r"a\.txt cannot be brought back: its stored content is damaged"):
        await back(again)
    assert tree(bench.project) == before


@pytest.mark.behaviour("B-467")
async def test_the_persons_own_repository_is_never_looked_into(bench: Bench) -> None:
    git(bench.project, "init", "-q")
    bench.prompt("p")
    await bench.bash("git add -A; git commit -qm x; git branch topic")
    journal = (bench.state / "file-history/session-1/changes.jsonl").read_text().splitlines()
    rows = next((bench.state / "file-history/session-1").glob("rows-*")).read_text()
    changed = [line for line in journal if not line.startswith('{"t":"refs"')]  # where its names point is noted
    assert len(changed) >= 3
    assert "/.git" not in "".join(changed)
    assert ".git" not in rows


@pytest.mark.behaviour("B-461")
async def test_what_a_file_tool_wrote_while_another_session_ran_a_command_is_undone(tmp_path: Path, make: Make) -> None:
    one, two = make(tmp_path, session_id="one"), make(tmp_path, session_id="two")
    one.prompt("p")
    two.prompt("p")
    os.mkfifo(tmp_path / "go")
    running = asyncio.create_task(two.bash(f": > started; read x < {tmp_path}/go"))
    async with asyncio.timeout(DEADLINE):
        while not (one.project / "started").exists():
            await asyncio.sleep(0)
    await one.write("one.txt", "1\n")
    (tmp_path / "go").write_text("go\n")
    await running
    await back(one)
    assert os.listdir(one.project) == ["started"]
