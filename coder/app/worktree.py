"""A session in a worktree of its own: made or entered before anything of the session is read, left when it is over.

What is left behind is removed only when it is proved that nothing is lost by it. Must not know front ends.
"""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.worktree_bringing import bring
from coder.config.approvals import read_folders, update_folders
from coder.config.flags import Flags
from coder.config.load import load
from coder.config.paths import expand
from coder.config.trust import carry
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.worktrees.making import Wish, check_place, lock, made, unlock
from coder.git.worktrees.removal import branch_removed, removed
from coder.git.worktrees.state import state_of
from coder.git.worktrees.tenancy import Tenant, in_turn, is_inhabited
from coder.git.worktrees.trees import (
    Checkout,
    WorkTree,
    at_path,
    check_name,
    free_names,
    main_checkout,
    named,
    write_note,
)

if TYPE_CHECKING:
    from coder.app import worktree_hooks
else:  # few people have hooks for this
    worktree_hooks = LazyModule("coder.app.worktree_hooks")

_FIRST = (
    "amber brisk calm clear cosy deft early fair fond gentle keen light merry neat quiet sunny swift warm wise young"
)
_SECOND = (
    "birch brook cedar cloud coast dune fern field finch heron lake maple meadow otter pine reed river robin sage wren"
)


@dataclass(frozen=True, slots=True)
class Entered:
    """`flags` are those of the session there, `notes` lines for people."""

    flags: Flags
    stay: Stay
    notes: tuple[str, ...]


class Stay:
    """This process in a worktree. `tree` is None where a hook made a folder that is no work tree of git's."""

    def __init__(
        self,
        git: Git,
        main: Checkout | None,
        tree: WorkTree | None,
        path: Path,
        name: str,
        hooks: worktree_hooks.WorktreeHooks | None,
        home: Path,
    ) -> None:
        self._git, self._main, self._tree = git, main, tree
        self._path, self._name, self._hooks, self._home = path, name, hooks, home
        self._tenant: Tenant | None = None

    def begin(self, session: str) -> tuple[str, ...]:
        """Others see from now on that somebody works there. Lines for people about what was found."""
        if self._main is None or self._tree is None:
            return ()
        notes: tuple[str, ...] = ()
        if is_inhabited(self._tree.admin):
            notes = ("Another session works in this worktree too.",)
        elif self._tree.lock is not None and not self._tree.is_locked_by_others:
            notes = ("A session that worked here did not end as it should. All it left is here.",)
        self._tenant = Tenant(self._tree.admin)
        lock(self._git, self._main, self._tree, session)
        return notes

    def leave(self, *, ended_well: bool) -> str:
        """What became of the worktree, as a line for people. Blocks; never raises."""
        if self._main is None or self._tree is None:
            return f"worktree {self._name} is kept at {visible_line(str(self._path))}: a hook made it."
        try:
            with in_turn(self._main.shared):
                return self._left(self._main, ended_well=ended_well)
        except OSError as error:
            return self._kept(self._tree, f"{error.strerror}")

    def _left(self, main: Checkout, *, ended_well: bool) -> str:
        if self._tenant is not None:
            self._tenant.leave()
        tree = at_path(main, self._path)
        if tree is None:
            return f"worktree {self._name} is gone: git knows none at {visible_line(str(self._path))} any more."
        if is_inhabited(tree.admin):
            return self._kept(tree, "another session works there")
        unlock(self._git, main, tree)
        tree = at_path(main, self._path) or tree
        if not ended_well:
            return self._kept(tree, "the session was cut short")
        state = state_of(self._git, main, tree)
        if not tree.is_ours:
            return self._kept(tree, "; ".join(state.reasons) or "coder has not made it")
        if not state.is_empty:
            return self._kept(tree, "; ".join(state.reasons))
        if self._hooks is not None and self._hooks.remove_them:
            self._hooks.remove(tree.path)
            if at_path(main, self._path) is None:
                return self._said_removed(tree, branch_removed(self._git, main, tree, state.commits))
            state = state_of(self._git, main, tree)
        if not state.is_empty:
            return self._kept(tree, "; ".join(state.reasons))
        if tree.note.get("hook"):
            return self._kept(tree, "a hook made it, and none removes it")
        if problem := removed(self._git, main, tree, state.files):
            return self._kept(tree, problem)
        return self._said_removed(tree, branch_removed(self._git, main, tree, state.commits))

    def _said_removed(self, tree: WorkTree, branch_too: bool) -> str:
        forget_trust(self._home, tree.path)
        branch = f", with its branch {tree.own_branch}" if branch_too else ""
        said = f"worktree {tree.name} held nothing that is not elsewhere, and is removed{branch}."
        is_elsewhere = bool(tree.branch) and tree.branch != tree.own_branch  # as after an auto-commit
        return f"{said} It was on {visible_line(tree.branch)}, which stays." if is_elsewhere else said

    def _kept(self, tree: WorkTree, why: str) -> str:
        on = f" on branch {visible_line(tree.branch)}" if tree.branch else ""
        return (
            f"worktree {tree.name} is kept: {why}. It is at {visible_line(str(tree.path))}{on}. "
            f"To go on: coder worktree resume {tree.name}"
        )


def enter(flags: Flags, env: Mapping[str, str], cwd: Path) -> Entered:
    """Makes or enters the worktree that the flags ask for. Blocks. Raises ConfigError."""
    start = expand(flags.cwd, env, cwd) if flags.cwd is not None else cwd
    goes_on = flags.continue_ or flags.resume is not None
    wanted = flags.worktree or ""
    if not wanted and flags.continue_:
        raise ConfigError("-c goes on in a worktree that there is: name it, -w NAME. coder worktree list shows them.")
    if wanted:
        check_name(wanted)
    session = flags.session_id or ("" if goes_on else str(uuid.uuid4()))
    config = load(replace(flags, worktree=None), {**env, "ANTHROPIC_API_KEY": "unused"}, cwd)
    hooks = worktree_hooks.WorktreeHooks(config, env, session) if config.hooks.sources else None
    git = Git(env, (start,))
    try:
        main = main_checkout(start)
    except ConfigError:
        if hooks is None or not hooks.make_them:
            raise
        main = None
    if main is None:
        name = wanted or next(_names())
        path = _by_hook(hooks, None, name, start)
        notes: tuple[str, ...] = (f"worktree {name}: {visible_line(str(path))}, made by a hook",)
        stay = Stay(git, None, None, path, name, hooks, config.home)
    else:
        git = Git(env, (start, main.top))
        name = wanted or next(free_names(main, _names()))
        with in_turn(main.shared):
            tree, path, notes = _tree(git, main, name, config, hooks, start)
            stay = Stay(git, main, tree, path, name, hooks, config.home)
            notes += stay.begin(session)
    here = replace(
        _made_absolute(flags, env, start), cwd=str(path), worktree=None, session_id=session or flags.session_id
    )
    return Entered(here, stay, notes)


def _tree(
    git: Git,
    main: Checkout,
    name: str,
    config: Config,
    hooks: worktree_hooks.WorktreeHooks | None,
    start: Path,
) -> tuple[WorkTree | None, Path, tuple[str, ...]]:
    if not git.is_there:
        raise ConfigError("worktrees need git, and there is none on your PATH. Install it, or leave out -w.")
    check_place(main, name)
    there = named(main, name)
    if there is not None and there.is_there:
        if not there.is_sound:
            raise ConfigError(f"{there.path} is no longer the worktree that git knows. Look at: git worktree repair")
        on = f" on branch {visible_line(there.branch)}" if there.branch else ""
        return there, there.path, (f"worktree {name}: {visible_line(str(there.path))}{on}",)
    if there is None and hooks is not None and hooks.make_them:
        path = _by_hook(hooks, main, name, start)
        carry(config.home, main.top, path)
        return at_path(main, path), path, (f"worktree {name}: {visible_line(str(path))}, made by a hook",)
    wish = Wish(name, start, config.worktrees.base, config.worktrees.sparse)
    tree, notes = made(git, main, wish)
    notes += bring(git, main, tree, config.worktrees.links)
    carry(config.home, main.top, tree.path)
    first = f"worktree {name}: {visible_line(str(tree.path))} on branch {tree.branch}"
    return tree, tree.path, (first, *notes)


def _by_hook(hooks: worktree_hooks.WorktreeHooks | None, main: Checkout | None, name: str, start: Path) -> Path:
    assert hooks is not None
    path = Path(os.path.realpath(hooks.create(name)))
    tree = at_path(main, path) if main is not None else None
    if tree is not None and not tree.is_ours:
        write_note(tree, {"name": name, "hook": True, "original_cwd": str(start)})
    return path


def _names() -> Iterator[str]:
    while True:
        yield f"{secrets.choice(_FIRST.split())}-{secrets.choice(_SECOND.split())}-{secrets.randbelow(90) + 10}"


def _made_absolute(flags: Flags, env: Mapping[str, str], start: Path) -> Flags:
    """A path that was typed means what it meant where it was typed."""

    def whole(text: str | None) -> str | None:
        return None if text is None or text.lstrip().startswith("{") else str(expand(text, env, start))

    return replace(
        flags,
        add_dirs=tuple(str(expand(text, env, start)) for text in flags.add_dirs),
        plugin_dirs=tuple(str(expand(text, env, start)) for text in flags.plugin_dirs),
        plugin_dirs_without_servers=tuple(str(expand(text, env, start)) for text in flags.plugin_dirs_without_servers),
        settings=whole(flags.settings) or flags.settings,
        system_prompt_file=whole(flags.system_prompt_file),
        append_system_prompt_file=whole(flags.append_system_prompt_file),
    )


def forget_trust(home: Path, path: Path) -> None:
    """Of a worktree that is removed, and of that folder alone: another one in its place is not trusted."""
    key = str(Path(os.path.realpath(path.parent)) / path.name)
    try:
        if key in read_folders(home):
            update_folders(home, lambda folders: folders.pop(key, None))
    except ConfigError:
        return  # by device and inode it does not count either
