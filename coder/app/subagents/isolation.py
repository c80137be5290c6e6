"""A worktree of an agent's own: made or found again before it begins, and what it is told of it. Must not know models,
or how the agent runs.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.subagents.leaving import Left, leave
from coder.app.subagents.origin import AGENT, LEAVING, PREFIX, SESSION, Origin, Stand
from coder.app.threads import finished
from coder.app.worktree_bringing import bring
from coder.config.paths import user_home
from coder.core import prompts
from coder.core.errors import ConfigError, ToolError
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.repository import repository_of
from coder.git.worktrees.files import Files
from coder.git.worktrees.making import Wish, check_place, lock, made, refill, unlock
from coder.git.worktrees.removal import is_emptied, removed
from coder.git.worktrees.tenancy import Tenant, in_turn, is_inhabited
from coder.git.worktrees.trees import Checkout, WorkTree, at_path, check_name, main_checkout, named, write_note
from coder.permissions.copied import Copy, also_in
from coder.permissions.rules import Rules

if TYPE_CHECKING:
    from coder.app import worktree_hooks
else:  # few people have hooks for this
    worktree_hooks = LazyModule("coder.app.worktree_hooks")

_SHORT = 10


class Isolated:
    """`path` is where the agent works, in `top`; `branch` what its changes come to be on, "" where git knows nothing of
    the folder. `notes` are lines for people."""

    def __init__(self, stand: Stand, session: Path, notes: tuple[str, ...]) -> None:
        self._stand = stand
        self._session = session
        self._left: Left | None = None
        self.top = stand.path
        here = _top_of(session) or session
        self._copy = Copy(here, stand.path, session, user_home(stand.origin.env))
        self.branch = stand.tree.branch if stand.tree is not None else ""
        self.notes = notes

    @property
    def path(self) -> Path:
        """The folder in it that the session stands in, as far as the commit has it."""
        stand = self._stand
        if stand.main is not None:
            own = _top_of(self._session)
            if own is not None and self._session.is_relative_to(own):
                inner = self.top / self._session.relative_to(own)
                if inner.is_dir() and Path(os.path.realpath(inner)).is_relative_to(os.path.realpath(self.top)):
                    return inner
        return self.top

    @property
    def said(self) -> str:
        """What the agent is told of it; "" where a hook made something that is no worktree of git's."""
        stand = self._stand
        if stand.tree is None:
            return ""
        base = str(stand.tree.note.get("base") or "")[:_SHORT] or "unknown"
        return prompts.load(
            "reminders/isolated",
            path=visible_line(str(self.path)),
            branch=visible_line(self.branch),
            base=base,
            session=visible_line(str(self._session)),
        )

    def rules(self, rules: Rules) -> Rules:
        """The session's rules, as they hold here: what they deny of its files is denied of these too."""
        return also_in(rules, self._copy)

    def here(self, path: Path) -> Path:
        """What of the session's a path in it is a copy of; any other path as it is."""
        copy = self._copy
        return copy.here / path.relative_to(copy.there) if path.is_relative_to(copy.there) else path

    async def leave(self, *, ok: bool = True) -> Left:
        """Commits what the agent changed, and removes the worktree when nothing is lost by it. Once the agent has
        ended, and all it started. Idempotent; never raises but CancelledError, and then it is done all the same."""
        if self._left is None:
            self._left = await finished(leave, self._stand, ok=ok)
        return self._left


async def isolate(origin: Origin, id: str, title: str = "") -> Isolated:
    """Makes a worktree of HEAD for the agent `id`, or finds the one again that it has. `title` is what it does, for the
    message of its commit. Raises ToolError that says why there can be none."""
    work = asyncio.ensure_future(asyncio.to_thread(_isolated, origin, id, title))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if not work.cancelled() and work.exception() is None:
            await work.result().leave(ok=False)
        raise
    except (ConfigError, OSError) as error:
        why = str(error) if isinstance(error, ConfigError) else f"{error.filename or ''}: {error.strerror or error}"
        raise ToolError(f"There is no worktree for the agent: {why} Without `isolation` it works here.") from error


def _isolated(origin: Origin, id: str, title: str) -> Isolated:
    name = check_name(f"{PREFIX}{id}")
    session = Path(os.path.realpath(origin.cwd))
    config = origin.config
    hooks = worktree_hooks.WorktreeHooks(config, origin.env, origin.session_id) if config.hooks.sources else None
    try:
        main = main_checkout(session)
    except ConfigError:
        if hooks is None or not hooks.make_them:
            raise
        path = Path(os.path.realpath(hooks.create(name)))
        stand = Stand(origin, Git(origin.env, (session,)), None, None, path, hooks, None, id, title)
        return Isolated(stand, session, (_by_hook(path),))
    git = Git(origin.env, (session, main.top))
    if not git.is_there:
        raise ConfigError("worktrees need git, and there is none on PATH.")
    with in_turn(main.shared):
        tree, path, notes = _tree(origin, git, main, name, id, hooks)
        tenant = None
        if tree is not None:
            tenant = Tenant(tree.admin)
            lock(git, main, tree, origin.session_id)
    return Isolated(Stand(origin, git, main, tree, path, hooks, tenant, id, title), session, notes)


def _tree(
    origin: Origin, git: Git, main: Checkout, name: str, id: str, hooks: worktree_hooks.WorktreeHooks | None
) -> tuple[WorkTree | None, Path, tuple[str, ...]]:
    check_place(main, name)
    there = named(main, name)
    if there is not None:
        there = _found_again(git, main, there, id)
    if there is not None:
        return there, there.path, (f"worktree {name} is there again, with what it held",)
    more = {AGENT: id, SESSION: origin.session_id}
    if hooks is not None and hooks.make_them:
        path = Path(os.path.realpath(hooks.create(name)))
        tree = at_path(main, path)
        if tree is not None and not tree.is_ours:
            note = {**more, "name": name, "hook": True, "branch": tree.branch, "original_cwd": str(origin.cwd)}
            write_note(tree, {**note, "base": _head(git, tree)})
            tree = at_path(main, path)
        return tree, path, (_by_hook(path),)
    wish = Wish(name, origin.cwd, "head", origin.config.worktrees.sparse, _branch(main, id), more)

    def denied(path: Path) -> bool:
        return origin.denies(str(path.relative_to(main.top)), main.top, _top_of(origin.cwd) or origin.cwd)

    try:
        tree, _ = made(git, main, wish)
    except ConfigError:
        _forget_half(git, main, name)
        raise
    return tree, tree.path, bring(git, main, tree, origin.config.worktrees.links, denied)


def _found_again(git: Git, main: Checkout, tree: WorkTree, id: str) -> WorkTree | None:
    """The worktree that this agent left, whole; None when it had been left for good. Raises ConfigError."""
    if tree.note.get(AGENT) != id:
        raise ConfigError(f"{tree.path} is there, and not of this agent.")
    if is_inhabited(tree.admin):
        raise ConfigError(f"somebody works in {tree.path}.")
    if tree.note.get(LEAVING):
        if is_emptied(tree):
            unlock(git, main, tree)
            if problem := removed(git, main, tree, Files()):
                raise ConfigError(f"{tree.path} was half removed: {problem}.")
            return None
        refill(git, tree)
        write_note(tree, {key: value for key, value in tree.note.items() if key != LEAVING})
        tree = at_path(main, tree.path) or tree
    if not tree.is_there:
        raise ConfigError(f"the folder of worktree {tree.name} is gone. Forget it: coder worktree remove {tree.name}.")
    if not tree.is_sound:
        raise ConfigError(f"{tree.path} is no longer the worktree that git knows. Look at: git worktree repair.")
    return tree


def _branch(main: Checkout, id: str) -> str:
    """`coder/agent-ID`, or `coder-agent-ID` where a branch is called `coder`."""
    taken = (
        os.path.lexists(main.shared / "refs" / "heads" / "coder")
        and not (main.shared / "refs" / "heads" / "coder").is_dir()
    )
    return f"coder{'-' if taken else '/'}{PREFIX}{id}"


def _head(git: Git, tree: WorkTree) -> str:
    return git.answer(tree.path, "rev-parse", "-q", "--verify", "HEAD^{commit}").text.strip()


def _forget_half(git: Git, main: Checkout, name: str) -> None:
    """What was begun just now and could not be completed holds nothing but files of a commit."""
    tree = at_path(main, main.folder / name)
    if tree is not None and not tree.is_ours:
        git.answer(main.top, "worktree", "remove", "--force", str(tree.path))


def _by_hook(path: Path) -> str:
    return f"the worktree {visible_line(str(path))} is made by a hook"


def _top_of(folder: Path) -> Path | None:
    found = repository_of(folder)
    return found.top if found is not None else None
