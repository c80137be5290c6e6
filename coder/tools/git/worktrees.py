"""Git work trees: where each lies, what is checked out there, who holds it, and how much in it is not committed. Must
not know what may be done with one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.tools import Reads, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.git.porcelain import ARGUMENTS, Status, parse
from coder.git.progress import progress
from coder.git.repository import Repository, repository_of
from coder.git.view import View, view
from coder.git.worktrees.tenancy import is_inhabited
from coder.git.worktrees.trees import Checkout, branch_at, worktrees
from coder.tools.git.reader import Reader, Sight, reads
from coder.tools.git.room import MOST
from coder.tools.git.verb import GitParams
from coder.tools.report import count, printable

_LIMIT = 30
_COUNTED = 20  # whose files are looked at: git is asked thrice for each
_AT_ONCE = 4
_SECONDS = 2.0
_LONGEST = 120  # characters of why one is locked


@dataclass(frozen=True, slots=True)
class Tree:
    """`admin` is git's folder of it. `problem` is why its files are not there to be looked at; `lock` why git leaves it
    alone, None when it does not."""

    path: Path
    admin: Path
    branch: str
    is_main: bool = False
    lock: str | None = None
    problem: str = ""
    is_missing: bool = False


class WorkTrees:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def access(self, params: GitParams, workspace: Workspace) -> Reads:
        return reads(params, workspace)

    def summary(self, params: GitParams) -> str:
        return "worktrees"

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        sight = await self._reader.sight(context)
        every = await asyncio.to_thread(_trees, sight)
        shown = every[: params.limit or _LIMIT]
        gate = asyncio.Semaphore(_AT_ONCE)
        found = await asyncio.gather(*(_status(sight, each, gate) for each in shown[:_COUNTED]))
        states: list[Status | None] = [*found, *(None for _ in shown[_COUNTED:])]
        lines: list[str] = []
        data: list[Json] = []
        room = MOST
        for each, state in zip(shown, states, strict=True):
            line = f"{'*' if _is_here(sight, each) else ' '} {_near(sight, each.path)} {'; '.join(_notes(each, state))}"
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
            data.append(_data(sight, each, state))
        if len(every) > len(lines):
            lines.append(f"(… {len(every) - len(lines):,} more; `git worktree list` in Bash names all.)")
        return ToolOutput("\n".join(lines), {"action": "worktrees", "worktrees": data}, count(len(every), "work tree"))


def _trees(sight: Sight) -> list[Tree]:
    """The main checkout first. Blocks."""
    here = sight.view.repository
    found = [_main(here, is_bare=sight.view.is_bare)]
    for tree in worktrees(Checkout(here.top, here.shared)):
        problem = ""
        if not tree.is_there:
            problem = f"its folder is gone: `coder worktree remove {tree.name}` or `git worktree prune` forgets it"
        elif not tree.is_sound:
            problem = "no longer the folder that git knows: `git worktree repair` may help"
        found.append(
            Tree(tree.path, tree.admin, tree.branch, lock=tree.lock, problem=problem, is_missing=not tree.is_there)
        )
    return found


def _main(here: Repository, *, is_bare: bool) -> Tree:
    shared, branch = here.shared, branch_at(here.shared)
    if here.folder == shared:
        return Tree(here.top, shared, branch, is_main=True, problem="bare, without files" if is_bare else "")
    above = repository_of(shared.parent)
    if shared.name == ".git" and above is not None and os.path.realpath(above.folder) == os.path.realpath(shared):
        return Tree(shared.parent, shared, branch, is_main=True)
    return Tree(shared, shared, branch, is_main=True, problem="bare, or its files lie elsewhere")


async def _status(sight: Sight, tree: Tree, gate: asyncio.Semaphore) -> Status | None:
    """None when it cannot be told. Looked at as if the session were there, so that nothing of it runs."""
    if tree.problem:
        return None
    async with gate:
        there = sight.view if _is_here(sight, tree) else await view(sight.view.git, tree.path)
        if not isinstance(there, View) or there.is_bare:
            return None
        answer = await there.asked(*ARGUMENTS, "--untracked-files=normal", most=4 << 20, seconds=_SECONDS)
    return parse(answer.out) if answer.ok else None


def _is_here(sight: Sight, tree: Tree) -> bool:
    return os.path.realpath(tree.admin) == os.path.realpath(sight.view.repository.folder)


def _near(sight: Sight, path: Path) -> str:
    """From the working folder, where that is shorter."""
    return printable(min(os.path.relpath(path, sight.cwd), str(path), key=len))


def _notes(tree: Tree, state: Status | None) -> Iterator[str]:
    where = f"on {printable(tree.branch)}" if tree.branch else "detached"
    yield f"{where} at {state.commit[:10]}" if state is not None and state.commit else where
    if tree.is_main:
        yield "the main checkout"
    if tree.lock is not None:
        yield f"locked: {printable(tree.lock)[:_LONGEST]}" if tree.lock else "locked"
    if is_inhabited(tree.admin):
        yield "a session of coder works there"
    if doing := next((each.doing for each in progress(tree.admin)), ""):
        yield f"in the middle of a {doing}"
    if tree.problem:
        yield printable(tree.problem)
    elif state is None:
        yield "not looked into"
    else:
        yield ", ".join(f"{number:,} {word}" for word, number in _counts(state).items() if number) or "clean"


def _counts(state: Status) -> dict[str, int]:
    return {
        "conflicts": len(state.conflicts),
        "staged": len(state.staged),
        "not staged": len(state.unstaged),
        "untracked": len(state.untracked),
    }


def _data(sight: Sight, tree: Tree, state: Status | None) -> Json:
    counts = {key.replace(" ", "_"): number for key, number in _counts(state).items()} if state is not None else {}
    return {
        "path": printable(str(tree.path)),
        "branch": printable(tree.branch) or None,
        "commit": (state.commit or None) if state is not None else None,
        "main": tree.is_main,
        "current": _is_here(sight, tree),
        "locked": None if tree.lock is None else printable(tree.lock),
        "missing": tree.is_missing,
        "clean": None if state is None else not any(counts.values()),
        **counts,
    }
