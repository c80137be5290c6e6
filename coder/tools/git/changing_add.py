"""Git add and unstage: what the next commit holds, file by file. Must not know how commits are made."""

from __future__ import annotations

import os
from collections.abc import Iterable

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.requests import Effect
from coder.core.tools import Access, ToolContext, ToolOutput
from coder.core.workspace import Workspace
from coder.git.hooks import INDEX
from coder.git.porcelain import Change
from coder.git.secretive import looks_secret
from coder.tools.git.changer import Changer, command, paths_of
from coder.tools.git.ground import Ground, changed, check_stated, counted, failure, literal
from coder.tools.git.verb import GitParams

_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")
_EMPTY_TREE = ("hash-object", "-t", "tree", "--stdin")


@dataclass(frozen=True, slots=True)
class _Plan:
    """`changes` are to be staged; `secret` and `nested` are left out, since nobody named them."""

    ground: Ground
    changes: tuple[Change, ...]
    secret: tuple[str, ...] = ()
    nested: tuple[str, ...] = ()

    @property
    def effects(self) -> tuple[Effect, ...]:
        return (*map(changed, self.lines("stages", "settles the conflict in")), *self.ground.runs)

    def lines(self, verb: str, settles: str) -> list[str]:
        """What it does, a clause each."""
        ground = self.ground
        paths = [change.path for change in self.changes]
        said = [f"{verb} {counted(len(paths))}: {ground.listed(paths)}", *ground.said_earlier(self.changes)]
        if settled := [change.path for change in self.changes if change.is_conflict]:
            said.append(f"{settles} {ground.listed(settled)}")
        if modules := [path for change in self.changes if (path := change.path) and _is_nested(ground, change)]:
            said.append(f"takes a repository of its own in as a link to its commit: {ground.listed(modules)}")
        return said

    @property
    def left(self) -> list[str]:
        said = []
        if self.secret:
            said.append(f"Left out, for they look like secrets: {self.ground.listed(self.secret)}. Name what is none.")
        if self.nested:
            said.append(f"Left out, repositories of their own: {self.ground.listed(self.nested)}.")
        return said


class Add:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        return command("add", "--", *params.paths)

    def summary(self, params: GitParams) -> str:
        return f"add {' '.join(params.paths)}".strip()

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        return (await self._plan(params, workspace, asked=True)).effects

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        plan = await self._plan(params, context.workspace, asked=bool(context.stated))
        check_stated(plan.effects, context.stated)
        paths = [change.path for change in plan.changes]
        done = await plan.ground.do("add", *_FROM_STDIN, stdin=literal(paths))
        if not done.ok:
            raise failure(done, "git add")
        lines = [f"{line[0].upper()}{line[1:]}." for line in plan.lines("staged", "settled the conflict in")]
        return ToolOutput("\n".join([*lines, *plan.left]), summary=f"{counted(len(paths))} staged")

    async def _plan(self, params: GitParams, workspace: Workspace, *, asked: bool) -> _Plan:
        if not params.paths:
            raise ToolError("`paths` is empty: name the files to add, or `.` for all that changed here.")
        ground = await self._changer.ground(workspace, INDEX, asked=asked)
        named = paths_of(params.paths, workspace)
        await _known(ground, named)
        status = await ground.status(named)
        exact = set(map(ground.below, named))
        kept, secret, nested = [], [], []
        for change in status.changes:
            plain = change.path.rstrip("/")
            if not (change.unstaged or change.is_conflict) or change.is_ignored or ".git" in plain.split("/"):
                continue
            if plain not in exact and looks_secret(plain):
                secret.append(change.path)
            elif plain not in exact and change.is_untracked and _is_nested(ground, change):
                nested.append(change.path)
            else:
                kept.append(change)
        ground.check_submodules(kept)
        plan = _Plan(ground, tuple(kept), tuple(secret), tuple(nested))
        if not kept:
            raise ToolError("\n".join(plan.left) or "Nothing to add: there, all is as the next commit has it.")
        return plan


class Unstage:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        return command("restore", "--staged", "--", *params.paths)

    def summary(self, params: GitParams) -> str:
        return f"unstage {' '.join(params.paths)}".strip()

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        ground, paths = await self._plan(params, workspace, asked=True)
        return self._effects(ground, paths)

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        ground, paths = await self._plan(params, context.workspace, asked=bool(context.stated))
        check_stated(self._effects(ground, paths), context.stated)
        source: tuple[str, ...] = ()
        if not await ground.head():
            source = (f"--source={(await ground.seen(*_EMPTY_TREE)).decode('ascii').strip()}",)
        done = await ground.do("restore", "--staged", *source, *_FROM_STDIN, stdin=literal(paths))
        if not done.ok:
            raise failure(done, "git restore --staged")
        text = f"Unstaged {counted(len(paths))}: {ground.listed(paths)}. The files themselves are as they were."
        return ToolOutput(text, summary=f"{counted(len(paths))} unstaged")

    def _effects(self, ground: Ground, paths: tuple[str, ...]) -> tuple[Effect, ...]:
        what = f"takes {counted(len(paths))} out of the next commit, not out of the folder: {ground.listed(paths)}"
        return (changed(what), *ground.runs)

    async def _plan(self, params: GitParams, workspace: Workspace, *, asked: bool) -> tuple[Ground, tuple[str, ...]]:
        if not params.paths:
            raise ToolError("`paths` is empty: name the files to unstage, or `.` for all that is staged here.")
        ground = await self._changer.ground(workspace, INDEX, asked=asked)
        # The other half of a renamed file may lie outside of what was named, so all is looked at.
        status = await ground.status(untracked="no")
        named = list(map(ground.below, paths_of(params.paths, workspace)))
        paths: dict[str, None] = {}
        for change in status.staged:
            both = [change.path, *([change.was] if change.was and change.staged == "R" else [])]
            if any(_is_below(path, each) for path in both for each in named):
                paths |= dict.fromkeys(both)
        if not paths:
            raise ToolError("Nothing of that is staged.")
        return ground, tuple(paths)


async def _known(ground: Ground, named: tuple[str, ...]) -> None:
    """Raises ToolError for a path that is not there and never was, and for one that git ignores."""
    for path in named:
        parts = ground.below(path).split("/")
        if parts[0] == "..":
            raise ToolError(f"{ground.near(path)} lies outside of the repository in {ground.top}.")
        if ".git" in parts:
            raise ToolError(f"{ground.near(path)} belongs to git itself, which keeps no versions of it.")
    there = ground.are_there(named)
    gone = [path for path in named if path not in there]
    for path in gone:
        listed = await ground.looked("--literal-pathspecs", "ls-files", "-z", "--", path)
        if not listed.ok or not listed.out:
            raise ToolError(f"{ground.near(path)} does not exist, and git knows no such file.")
    if not there:
        return
    answer = await ground.looked("check-ignore", "-z", "--stdin", stdin=_joined(there))
    ignored = [os.fsdecode(path) for path in answer.out.split(b"\0") if path]
    if ignored:
        raise ToolError(f"git ignores {ground.listed(ignored)}, by the repository's own rules: leave them out.")
    if answer.code not in (0, 1):
        raise ToolError(f"git cannot add that: {answer.problem}.")


def _joined(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _is_below(path: str, folder: str) -> bool:
    return folder in (".", path) or path.startswith(f"{folder}/")


def _is_nested(ground: Ground, change: Change) -> bool:
    return change.path.endswith("/") and os.path.lexists(ground.top / change.path / ".git")
