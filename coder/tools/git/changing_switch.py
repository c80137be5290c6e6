"""Git switch: to a branch that is there, or to a new one, when nothing is overwritten by it. Never to a bare commit."""

from __future__ import annotations

import os
import re
from collections.abc import Collection

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.requests import Effect
from coder.core.tools import Access, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git.hooks import SWITCH
from coder.git.porcelain import Change, Status
from coder.tools.git.changer import Changer, command
from coder.tools.git.ground import Ground, changed, check_stated, counted, failure
from coder.tools.git.verb import GitParams

_ODD = re.compile(r"\A-|@\{|\A@\Z|[\x00-\x20\x7f~^:?*\[\\]|\.\.")
_SHORT = 10


@dataclass(frozen=True, slots=True)
class _Plan:
    """To the branch `name`; `start` is the commit a new one begins at. `moves` are changes that come along, `leaves` a
    commit that no branch would name any more."""

    ground: Ground
    name: str
    came_from: str
    is_new: bool
    start: str
    moves: tuple[Change, ...]
    files: int
    leaves: str

    @property
    def effects(self) -> tuple[Effect, ...]:
        ground, name = self.ground, visible_line(self.name)
        there = f"the new branch {name}" if self.is_new else name
        said = [f"switches from {self.came_from} to {there}; {_files(self.files)}"]
        if self.moves:
            paths = [change.path for change in self.moves]
            said.append(f"takes along what is not committed: {ground.listed(paths)}")
        said += ground.said_earlier(self.moves)
        if self.leaves:
            said.append(f"leaves the commit {self.leaves}, which no branch names")
        return (*map(changed, said), *ground.runs)


def _files(count: int) -> str:
    return f"{counted(count)} {'changes' if count == 1 else 'change'}" if count else "no file changes"


class Switch:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        name = params.rev or ""
        if not params.create:
            return command("switch", name)
        return command("switch", "-c", name, *((params.base,) if params.base else ()))

    def summary(self, params: GitParams) -> str:
        new = "to the new branch " if params.create else ""
        start = f" from {params.base}" if params.create and params.base else ""
        return f"switch {new}{params.rev or ''}{start}"

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        return (await self._plan(params, workspace, asked=True)).effects

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        plan = await self._plan(params, context.workspace, asked=bool(context.stated))
        check_stated(plan.effects, context.stated)
        new = ("--no-track", "-c") if plan.is_new else ()
        start = (plan.start,) if plan.is_new and plan.start else ()
        words = ("switch", "--quiet", "--no-guess", "--no-overwrite-ignore", *new, plan.name, *start)
        done = await plan.ground.do(*words)
        if not done.ok:
            raise failure(done, "git switch")
        lines = [f"On {'the new branch ' if plan.is_new else ''}{visible_line(plan.name)}, from {plan.came_from}."]
        if plan.moves:
            paths = [change.path for change in plan.moves]
            lines.append(f"Not committed, came along: {plan.ground.listed(paths)}.")
        if plan.leaves:
            lines.append(f"No branch names the commit {plan.leaves} any more: `git branch NAME {plan.leaves}` would.")
        if done.said:
            lines.append(done.said)
        return ToolOutput("\n".join(lines), summary=f"on {visible_line(plan.name)}")

    async def _plan(self, params: GitParams, workspace: Workspace, *, asked: bool) -> _Plan:
        name = params.rev or ""
        if not name:
            raise ToolError("`rev` is empty: name the branch to go to.")
        ground = await self._changer.ground(workspace, SWITCH, asked=asked)
        await _check_name(ground, name)
        doing = ground.doing
        if doing:
            raise ToolError(f"A {doing} is under way, which a switch would leave half done: finish or abort it first.")
        is_there = (await ground.looked("show-ref", "--verify", "--quiet", f"refs/heads/{name}")).ok
        head = await ground.head()
        start = await self._start(ground, params, name, head, is_there=is_there)
        status = await ground.status(untracked="no")
        touched, new = await _differing(ground, head, start)
        if not params.create:
            await _check_elsewhere(ground, name, status)
        await _check_overwritten(ground, status, touched, new, name)
        came_from = visible_line(status.branch) if status.branch else f"no branch (at {head[:_SHORT]})"
        leaves = await _left(ground, head, status, start)
        moves = (*status.staged, *(change for change in status.unstaged if not change.is_staged))
        return _Plan(ground, name, came_from, params.create, start, moves, len(touched), leaves)

    async def _start(self, ground: Ground, params: GitParams, name: str, head: str, *, is_there: bool) -> str:
        """The commit to be at. Raises ToolError where there is none to go to."""
        if params.create:
            if is_there:
                raise ToolError(f"There is a branch {name} already. Go there without `create`, or take another name.")
            return await _commit(ground, params.base) if params.base else head
        if params.base:
            raise ToolError("`base` is where a new branch starts: set `create`, or leave it out.")
        if is_there:
            return await _commit(ground, f"refs/heads/{name}")
        raise ToolError(await _why_not(ground, name))


async def _check_name(ground: Ground, name: str) -> None:
    if name == "-" or "@{" in name:
        raise ToolError("`rev` is to be the name of a branch, not a sign for the last one.")
    form = None if _ODD.search(name) or "\0" in name else await ground.looked("check-ref-format", f"refs/heads/{name}")
    if form is None or not form.ok or name == "HEAD" or name.startswith("refs/"):
        raise ToolError(f"{visible_line(name)!r} can be no name of a branch. Names look like `topic` or `fix/login`.")


async def _commit(ground: Ground, rev: str) -> str:
    answer = await ground.looked("rev-parse", "--quiet", "--verify", "--end-of-options", f"{rev}^{{commit}}")
    if not answer.ok:
        raise ToolError(
            f"There is no commit or branch {visible_line(rev)} here; the action branches lists what there is."
        )
    return answer.text.strip()


async def _why_not(ground: Ground, name: str) -> str:
    remotes = await ground.looked("for-each-ref", "--format=%(refname:short)", f"refs/remotes/*/{name}")
    if found := remotes.text.split():
        return (
            f"There is no branch {name} here, only {', '.join(map(visible_line, found[:3]))}. Make one of your own "
            f"from it with `create` and `base`: {visible_line(found[0])}."
        )
    other = await ground.looked("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    if other.ok:
        return (
            f"{name} is a tag or commit, not a branch, and new commits there would be on none. Make a branch that "
            f"starts there: `create`, a new name, and `base`: {name}."
        )
    return f"There is no branch {name}. Make it with `create`; the action branches lists those there are."


async def _differing(ground: Ground, head: str, goal: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files that are not the same in both commits, and those that the first has not."""
    if head == goal or not goal:
        return (), ()
    if not head:
        printed = await ground.seen("ls-tree", "-r", "-z", "--name-only", "--full-tree", goal)
        every = tuple(os.fsdecode(path) for path in printed.split(b"\0") if path)
        return every, every
    printed = await ground.seen(
        *("diff-tree", "-r", "-z", "--name-status", "--no-renames", "--no-ext-diff", "--no-textconv"),
        *("--ignore-submodules=dirty", head, goal),
    )
    parts = os.fsdecode(printed).split("\0")
    pairs = tuple(zip(parts[::2], parts[1::2], strict=False))
    return tuple(path for _, path in pairs), tuple(path for kind, path in pairs if kind == "A")


async def _check_elsewhere(ground: Ground, name: str, status: Status) -> None:
    if status.branch == name:
        raise ToolError(f"Already on {name}.")
    listed = await ground.looked("worktree", "list", "--porcelain", "-z")
    if not listed.ok:
        listed = await ground.looked("worktree", "list", "--porcelain")
    top = ""
    for line in listed.text.replace("\0", "\n").split("\n"):
        key, _, value = line.partition(" ")
        top = value if key == "worktree" else top
        if key == "branch" and value == f"refs/heads/{name}" and ground.below(top) != ".":
            raise ToolError(
                f"{name} is checked out in another work tree, {visible_line(top)}, and git allows that in one only. "
                f"Work there, or make a branch that starts at it: `create` and `base`: {name}."
            )


async def _check_overwritten(
    ground: Ground, status: Status, touched: Collection[str], new: Collection[str], name: str
) -> None:
    """What is not committed and differs between both branches would be lost; so would a file that git does not know
    here, but `new` is there."""
    if status.conflicts:
        files = ground.listed(change.path for change in status.conflicts)
        raise ToolError(f"There are conflicts in {files}: settle them first.")
    goals = set(touched)
    lost = [change.path for change in (*status.staged, *status.unstaged) if {change.path, change.was} & goals]
    if lost := [*lost, *ground.are_there(new)]:
        raise ToolError(
            f"Not switched: {name} has other contents for {ground.listed(lost)}, which would overwrite what is not "
            "committed. Commit it, or put it aside with the action stash, first."
        )


async def _left(ground: Ground, head: str, status: Status, goal: str) -> str:
    """The commit that is left without a name, shortened; "" when some branch, tag or remote has it."""
    if status.branch or not head or head == goal:
        return ""
    kinds = ("refs/heads", "refs/remotes", "refs/tags")
    named = await ground.looked("for-each-ref", "--count=1", f"--contains={head}", *kinds)
    return "" if named.ok and named.out.strip() else head[:_SHORT]
