"""Git worktree: makes one where `coder -w NAME` would, by the same code, so that nothing of the repository is run. It
enters none and removes none. Must not know sessions.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError, ToolError
from coder.core.requests import Effect
from coder.core.tools import Access, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git.call import Git
from coder.git.revision import commit_of
from coder.git.view import Refusal, View, view
from coder.git.worktrees.making import EXCLUDED, Wish, check_place, made
from coder.git.worktrees.tenancy import in_turn
from coder.git.worktrees.trees import BRANCH, Checkout, WorkTree, at_path, check_name, main_checkout
from coder.tools.git.changer import Changer, command
from coder.tools.git.ground import changed, check_stated
from coder.tools.git.verb import GitParams
from coder.tools.report import printable

_FOLDER = Path(".claude", "worktrees")
_INCLUDE = ".worktreeinclude"
_SHORT = 10
_SUBJECT = 60


@dataclass(frozen=True, slots=True)
class _Plan:
    """`start` is the commit that the branch begins at, `told` the same for people; `shown` is the path."""

    git: Git
    main: Checkout
    name: str
    path: Path
    shown: str
    start: str
    told: str
    excludes: bool

    @property
    def branch(self) -> str:
        return f"{BRANCH}{self.name}"

    @property
    def effects(self) -> tuple[Effect, ...]:
        said = [f"makes the work tree {self.shown} on the new branch {self.branch}, from {self.told}"]
        if self.excludes:
            said.append(f"adds {EXCLUDED} to .git/info/exclude, which keeps work trees out of git status")
        return tuple(map(changed, said))


class MakeTree:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        name = params.rev or ""
        return command("worktree", "add", "-b", f"{BRANCH}{name}", _where(workspace, name), params.base or "HEAD")

    def summary(self, params: GitParams) -> str:
        return f"worktree {params.rev or ''}{f' from {params.base}' if params.base else ''}"

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        return (await self._plan(params, workspace)).effects

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        plan = await self._plan(params, context.workspace)
        check_stated(plan.effects, context.stated)
        tree, notes = await asyncio.to_thread(_make, plan, context.workspace.cwd)
        lines = [
            f"Made the work tree {plan.shown} on the new branch {plan.branch}, from {plan.told}.",
            f"This session stays where it is. To work there, the person starts `coder -w {plan.name}`; this tool never "
            f"removes it: `coder worktree remove {plan.name}` does, when nothing is lost by it.",
            *map(visible_line, notes),
        ]
        if _is_there(plan.main.top / _INCLUDE):
            lines.append(f"The ignored files that {_INCLUDE} names are not copied by this tool.")
        data = {
            "action": "worktree",
            "name": plan.name,
            "path": printable(str(tree.path)),
            "branch": printable(tree.branch),
            "commit": plan.start,
        }
        return ToolOutput("\n".join(lines), data, f"at {plan.shown}")

    async def _plan(self, params: GitParams, workspace: Workspace) -> _Plan:
        name = _checked(params.rev or "")
        git = Git(self._changer.environment(), workspace.roots)
        found = await view(git, workspace.cwd, workspace.roots)
        if isinstance(found, Refusal):
            raise ToolError(found.text)
        if found.is_bare:
            raise ToolError(f"{printable(str(workspace.cwd))} is in a bare repository: clone it, and start there.")
        try:
            main = main_checkout(workspace.cwd)
            path = check_place(main, name)
        except ConfigError as error:
            raise _told(error) from error
        git = Git(self._changer.environment(), (*workspace.roots, main.top))
        start, told = await _start(found, params.base or "")
        await _check_free(found, main, name, path)
        ignored = await git.asked(main.top, "check-ignore", "-q", "--no-index", "--", f"{_FOLDER}/x")
        return _Plan(git, main, name, path, printable(_where(workspace, name)), start, told, not ignored.ok)


def _where(workspace: Workspace, name: str) -> str:
    """Its path, from the working folder when it lies below; as far as that can be told."""
    try:
        top = main_checkout(workspace.cwd).top
    except (ConfigError, OSError, ValueError):
        return str(_FOLDER / name)
    path = top / _FOLDER / name
    near = os.path.relpath(path, os.path.realpath(workspace.cwd))
    return str(path) if near.startswith("..") else near


def _checked(name: str) -> str:
    if not name:
        raise ToolError("`rev` is empty: it is the name of the new work tree, such as `login`.")
    try:
        return check_name(name)
    except ConfigError as error:
        raise ToolError(
            f"{visible_line(name)[:80]!r} can be no name of a work tree: up to 64 letters, digits, `.`, `_` and `-` of "
            "ASCII, beginning with a letter or digit."
        ) from error


async def _start(found: View, base: str) -> tuple[str, str]:
    """The commit to begin at, and what people are told of it. Raises ToolError."""
    commit = await commit_of(found, base or "HEAD")
    if isinstance(commit, Refusal):
        raise ToolError(f"`base`: {commit.text}" if base else f"{commit.text} A work tree begins at one: commit first.")
    subject = await found.asked("log", "-1", "--no-show-signature", "--format=%s", "--end-of-options", commit)
    named = f" ({visible_line(base)})" if base and not commit.startswith(base) else ""
    return commit, f"{commit[:_SHORT]}{named} {visible_line(subject.text.strip())[:_SUBJECT]}".rstrip()


async def _check_free(found: View, main: Checkout, name: str, path: Path) -> None:
    """Raises ToolError where the name is taken."""
    there = at_path(main, path)
    shown = printable(str(path))
    if there is not None and there.is_there:
        on = f" on {visible_line(there.branch)}" if there.branch else ""
        raise ToolError(
            f"There is a work tree {name} already, at {shown}{on}: take another name. The person goes on there with "
            f"`coder -w {name}`."
        )
    if there is not None:
        raise ToolError(
            f"The folder of the work tree {name} is gone, but git still knows it: take another name. The person "
            f"has git forget it with `coder worktree remove {name}`."
        )
    if _is_there(path):
        raise ToolError(f"{shown} is there and is no work tree of this repository: take another name.")
    if (await found.asked("show-ref", "--verify", "--quiet", f"refs/heads/{BRANCH}{name}")).ok:
        raise ToolError(
            f"There is a branch {BRANCH}{name} already: take another name. (`coder -w {name}` would "
            "go on with that branch.)"
        )


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _make(plan: _Plan, cwd: Path) -> tuple[WorkTree, tuple[str, ...]]:
    """Blocks. Raises ToolError."""
    try:
        with in_turn(plan.main.shared):
            return made(plan.git, plan.main, Wish(plan.name, cwd, plan.start))
    except ConfigError as error:
        raise _told(error) from error
    except OSError as error:
        raise ToolError(f"The work tree {plan.name} cannot be made: {error.strerror}.") from error


def _told(error: ConfigError) -> ToolError:
    text = str(error)
    return ToolError(f"{text[:1].upper()}{text[1:]}")
