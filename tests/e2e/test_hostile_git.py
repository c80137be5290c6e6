"""For every way in which git runs a program of a repository's choice a canary: it sings for plain git, not for us.

Whoever adds a call of our own to git adds it to `OURS`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from coder.checkpoints.recorder import Recorder, Surroundings
from coder.core.errors import ToolError
from coder.frontends.files import Files
from coder.git.call import Git
from coder.git.repository import repository_of
from coder.git.summary import came, look
from coder.git.view import View, view
from coder.tools.git.tool import GitTool
from coder.tools.git.verbs import reading
from coder.workspace.local import LocalWorkspace
from tests.support.autocommits import Auto
from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.repositories import Repository
from tests.support.toolbox import Toolbox
from tests.support.traps import NAMES, TRAPS, Trap, Trapped

READING: tuple[dict[str, Any], ...] = (
    {"action": "status"},
    {"action": "status", "paths": ["sub", "f.filt"]},
    {"action": "diff"},
    {"action": "diff", "staged": True},
    {"action": "diff", "base": "other"},
    {"action": "diff", "rev": "HEAD~2"},
    {"action": "diff", "rev": "other...HEAD"},
    {"action": "diff", "paths": ["sub"]},
    {"action": "log"},
    {"action": "log", "paths": ["m.m"]},
    {"action": "log", "grep": "two"},
    {"action": "show"},
    {"action": "show", "rev": "HEAD~1"},
    {"action": "show", "rev": "lost"},
    {"action": "show", "rev": "lost:gone.txt"},
    {"action": "show", "rev": "HEAD:c.conv"},
    {"action": "show", "rev": ":f.filt"},
    {"action": "show", "rev": "HEAD:"},
    {"action": "show", "rev": "HEAD:sub"},
    {"action": "show", "rev": "stash@{0}"},
    {"action": "blame", "paths": ["c.conv"]},
    {"action": "blame", "paths": ["f.filt"]},
    {"action": "blame", "paths": ["m.m"], "rev": "HEAD~1"},
    {"action": "branches"},
    {"action": "stashes"},
    {"action": "worktrees"},
)


async def reads(trapped: Trapped) -> None:
    """Every action of the tool that reads."""
    git = GitTool(lambda: reading(trapped.environment()))
    box = Toolbox(trapped.root, LocalWorkspace(trapped.root, (), trapped.environment()))
    answered = 0
    for given in READING:
        try:
            await box.call(git, given)
            answered += 1
        except ToolError as error:
            assert "lost" in str(given), (given, str(error))
    assert answered >= len(READING) - 2


async def looks(trapped: Trapped) -> None:
    assert isinstance(await view(Git(trapped.environment(), [trapped.root]), trapped.root), View)


async def tells(trapped: Trapped) -> None:
    """What the model is told at the start of a session, and of commits that came in."""
    git, repository = Git(trapped.environment(), [trapped.root]), repository_of(trapped.root)
    assert repository is not None
    summary = await look(git, repository, trapped.root)
    assert summary.status is not None and summary.commits
    answer = await git.asked(trapped.root, "rev-parse", "HEAD~1")
    assert (await came(git, trapped.root, answer.text.strip(), summary.commit)).commits


async def keeps(trapped: Trapped) -> None:
    """What checkpoints do round a command that changes branches."""
    base = trapped.programs.parent / "checkpoints"
    around = Surroundings(trapped.home, (base,), trapped.environment())
    recorder = Recorder(base, "session", [trapped.root], around, lambda text: None)
    recorder.snapshot("first")
    id = recorder.before("echo", "command", [], scan=True)
    trapped.write("made.txt", "made\n")
    recorder.after(id)
    recorder.close()
    (trapped.root / "made.txt").unlink()


async def offers(trapped: Trapped) -> None:
    """What `@` lists."""
    found = Event()
    files = Files(trapped.root, trapped.environment(), found.set)
    files.best("a", 10)
    assert await asyncio.to_thread(found.wait, 20)
    assert files.best("a.t", 10)
    files.close()


OURS: dict[str, Callable[[Trapped], Awaitable[None]]] = {
    "reading": reads,
    "view": looks,
    "summary": tells,
    "checkpoints": keeps,
    "@": offers,
}


@pytest.mark.behaviour("B-1380")
@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_each_canary_sings_for_plain_git(trap: Trap, place: Place, tmp_path: Path) -> None:
    trapped = Trapped.make(place.project, place.home, tmp_path, [trap.name])
    assert trapped.sung == []
    trapped.spring(trap)
    assert trap.name in trapped.sung


WITHOUT = {"all": (), "hooks of the folder": ("hooks-path",)}  # which hides the hooks in the usual place


def trapped_in(place: Place, beside: Path, without: str) -> Trapped:
    return Trapped.make(place.project, place.home, beside, [name for name in NAMES if name not in WITHOUT[without]])


@pytest.mark.behaviour("B-1380")
@pytest.mark.parametrize("without", WITHOUT)
@pytest.mark.parametrize("call", OURS)
async def test_none_sings_for_a_call_of_ours(call: str, without: str, place: Place, tmp_path: Path) -> None:
    trapped = trapped_in(place, tmp_path, without)
    index = (trapped.root / ".git" / "index").read_bytes()
    await OURS[call](trapped)
    assert trapped.sung == []
    assert (trapped.root / ".git" / "index").read_bytes() == index
    assert not list((trapped.root / ".git").glob("*.lock"))


@pytest.mark.behaviour("B-1380")
@pytest.mark.parametrize("trust", [(), ("--trust-folder",)], ids=["not trusted", "trusted"])
def test_none_sings_in_a_session(trust: tuple[str, ...], place: Place, tmp_path: Path) -> None:
    trapped = trapped_in(place, tmp_path, "all")
    calls = [tool("Git", **given) for given in READING]
    script = [turn(*calls), turn(tool("Write", file_path=str(place.project / "new.txt"), content="x")), turn("Done.")]
    with fake_api([*script, turn("Again.")]) as api:
        options = ("--permission-mode", "acceptEdits", *trust)
        done = place.coder("-p", "look around", *options, url=api.url, env=trapped.environment())
        again = place.coder("-c", "-p", "hello", *options, url=api.url, env=trapped.environment())
    assert (done.code, done.stdout, again.stdout) == (0, "Done.\n", "Again.\n"), done.stderr
    told = json.dumps(api.requests[1]["messages"])
    assert "On branch main" in told and "Merge of" in told
    assert trapped.sung == []


@pytest.mark.behaviour("B-1551")
async def test_none_sings_where_we_write_the_index(place: Place, tmp_path: Path) -> None:
    """git reads a file anew, through its filter, when it writes an index that is as old as the file: so old is ours."""
    trapped = trapped_in(place, tmp_path, "all")
    index = trapped.root / ".git" / "index"
    auto = Auto(place, repository=Repository(trapped.root, trapped.home), env=trapped.environment())

    def age() -> None:
        os.utime(index, (1, 1))

    await auto.run("work", "printf new > new.txt; printf x >> f.filt2", at_the_end=age)
    assert len(auto.committed) == 1 and "f.filt2 (git would run the filter" in auto.warnings[-1]
    age()
    await auto.undoing.undo()
    age()
    await auto.undoing.redo()
    age()
    await auto.checkpoints.aclose()
    assert trapped.sung == []
