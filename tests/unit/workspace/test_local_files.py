from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from coder.core.workspace import Workspace
from coder.workspace.local import LocalWorkspace


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    return LocalWorkspace(tmp_path, env={"HOME": "/home/ada", "PATH": os.environ["PATH"]})


def test_it_is_a_workspace(workspace: LocalWorkspace) -> None:
    port: Workspace = workspace
    assert port.roots == (workspace.cwd,)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a.txt", "{cwd}/a.txt"),
        ("./x/../a.txt", "{cwd}/a.txt"),
        ("", "{cwd}"),
        ("/etc//passwd", "/etc/passwd"),
        ("//etc/passwd", "/etc/passwd"),
        ("/../..", "/"),
        ("~", "/home/ada"),
        ("~/notes", "/home/ada/notes"),
        ("~bob/notes", "{cwd}/~bob/notes"),
        ("a\nb", "{cwd}/a\nb"),
    ],
)
def test_paths_become_absolute_and_normal(workspace: LocalWorkspace, written: str, meant: str) -> None:
    assert str(workspace.resolve(written)) == meant.format(cwd=workspace.cwd)


def test_relative_paths_follow_the_working_directory(workspace: LocalWorkspace) -> None:
    workspace.chdir(workspace.cwd / "sub")
    assert workspace.resolve("a").parent.name == "sub"


def test_the_first_root_is_where_it_began(tmp_path: Path) -> None:
    more = tmp_path / "more"
    workspace = LocalWorkspace(tmp_path, [tmp_path, more])
    workspace.chdir(more)
    assert workspace.roots == (tmp_path, more)


async def test_what_was_written_is_read(workspace: LocalWorkspace) -> None:
    path = workspace.resolve("deep/file.bin")
    await workspace.write(path, bytes(range(256)))
    assert await workspace.read(path) == bytes(range(256))


@pytest.mark.behaviour("B-274")
async def test_a_named_pipe_is_refused_at_once(workspace: LocalWorkspace) -> None:
    os.mkfifo(workspace.resolve("pipe"))
    with pytest.raises(OSError, match="Not a regular file"):
        await workspace.read(workspace.resolve("pipe"))


async def test_a_folder_or_a_missing_file_cannot_be_read(workspace: LocalWorkspace) -> None:
    with pytest.raises(IsADirectoryError):
        await workspace.read(workspace.cwd)
    with pytest.raises(FileNotFoundError):
        await workspace.read(workspace.resolve("none"))


async def test_an_interrupted_write_is_over_when_the_interrupted_task_goes_on(workspace: LocalWorkspace) -> None:
    path = workspace.resolve("file")
    path.write_bytes(b"old")
    new = b"n" * 30_000_000
    writing = asyncio.create_task(workspace.write(path, new))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert path.read_bytes() == new
    assert [each.name for each in path.parent.iterdir()] == ["file"]


async def test_closing_a_workspace_that_ran_nothing_does_nothing(workspace: LocalWorkspace) -> None:
    await workspace.aclose()
    await workspace.aclose()
