"""The worktrees of a repository as a person looks after them: what is in each, and its removal with nothing lost. Must
not know how that is shown.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.worktree import forget_trust
from coder.config.flags import Flags
from coder.config.load import load
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.worktrees.commits import Commits
from coder.git.worktrees.kept import Kept, keep
from coder.git.worktrees.making import unlock
from coder.git.worktrees.removal import branch_removed, removed
from coder.git.worktrees.state import State, state_of
from coder.git.worktrees.tenancy import in_turn
from coder.git.worktrees.trees import Checkout, WorkTree, at_path, check_name, main_checkout, named, ours
from coder.sessions.glimpse import Glimpse, glimpse
from coder.sessions.locate import of_folders

if TYPE_CHECKING:
    from coder.app import worktree_hooks
else:  # few people have hooks for this
    worktree_hooks = LazyModule("coder.app.worktree_hooks")

_KEPT = "kept-worktrees"


@dataclass(frozen=True, slots=True)
class Row:
    """`session` is the last one that worked there."""

    tree: WorkTree
    state: State
    session: Glimpse | None

    @property
    def is_left_behind(self) -> bool:
        """Whether the session that worked there last did not end as it should."""
        return self.tree.lock is not None and not self.tree.is_locked_by_others and not self.state.is_live


@dataclass(frozen=True, slots=True)
class Gone:
    """What became of a worktree that was to be removed. `kept` is what was saved of it, None: there was nothing."""

    tree: WorkTree
    branch_too: bool
    kept: Kept | None


def rows(env: Mapping[str, str], home: Path, folder: Path) -> list[Row]:
    """Blocks. Raises ConfigError outside a repository."""
    main = main_checkout(folder)
    git = Git(env, (folder, main.top))
    return [Row(tree, state_of(git, main, tree), last_session(home, tree)) for tree in ours(main)]


def last_session(home: Path, tree: WorkTree) -> Glimpse | None:
    path = next(of_folders(home, [tree.path]), None)
    return glimpse(path) if path is not None else None


def found(folder: Path, name: str) -> tuple[Checkout, WorkTree]:
    """Raises ConfigError that names those there are."""
    main = main_checkout(folder)
    tree = named(main, check_name(name))
    if tree is None:
        names = ", ".join(visible_line(each.name) for each in ours(main))
        there = f"here. There are: {names}" if names else "here, nor any other"
        raise ConfigError(f"there is no worktree {name} {there}. To make it: coder -w {name}")
    return main, tree


def remove(env: Mapping[str, str], home: Path, folder: Path, name: str, *, force: bool) -> Gone:
    """Removes a worktree in which nothing is that would be lost; with `force` what would be is saved first. Blocks.

    Raises ConfigError that says what is in it.
    """
    main, tree = found(folder, name)
    git = Git(env, (folder, main.top))
    hooks = _hooks(env, folder)
    try:
        with in_turn(main.shared):
            return _removed(git, main, at_path(main, tree.path) or tree, home, hooks, force=force)
    except OSError as error:
        raise ConfigError(f"worktree {name} is not removed: {error.strerror}.") from error


def _hooks(env: Mapping[str, str], folder: Path) -> worktree_hooks.WorktreeHooks | None:
    """Those that are told of a removal."""
    config = load(Flags(headless=False), {**env, "ANTHROPIC_API_KEY": "unused"}, folder)
    hooks = worktree_hooks.WorktreeHooks(config, env, "") if config.hooks.sources else None
    return hooks if hooks is not None and hooks.remove_them else None


def _removed(
    git: Git,
    main: Checkout,
    tree: WorkTree,
    home: Path,
    hooks: worktree_hooks.WorktreeHooks | None,
    *,
    force: bool,
) -> Gone:
    state = state_of(git, main, tree)
    if state.busy or state.unknown:
        raise ConfigError(f"worktree {tree.name} is not removed: {'; '.join((*state.busy, *state.unknown))}.")
    if state.holds and not force:
        raise ConfigError(
            f"worktree {tree.name} is not removed, because it holds {'; '.join(state.holds)}. "
            f"To save that elsewhere and remove it: coder worktree remove {tree.name} --force"
        )
    kept = keep(git, main, tree, state, home / _KEPT) if state.holds else None
    unlock(git, main, tree)
    if hooks is not None and tree.is_there:
        hooks.remove(tree.path)
        if at_path(main, tree.path) is None:
            forget_trust(home, tree.path)
            return Gone(tree, branch_removed(git, main, tree, _without_saved(state.commits, kept)), kept)
    if problem := removed(git, main, tree, state.files):
        saved = f" What it held is saved: {saved_at(kept)}." if kept is not None else ""
        raise ConfigError(f"worktree {tree.name} is not removed: {problem}.{saved} See: coder worktree list")
    forget_trust(home, tree.path)
    return Gone(tree, branch_removed(git, main, tree, _without_saved(state.commits, kept)), kept)


def _without_saved(commits: Commits, kept: Kept | None) -> Commits:
    """What refs of ours hold is not lost."""
    return commits if kept is None else replace(commits, lost=())


def saved_at(kept: Kept) -> str:
    places = [*kept.refs, *([str(kept.archive)] if kept.archive is not None else [])]
    return visible_line(", ".join(places))


def flags_to_resume(tree: WorkTree, home: Path) -> list[str]:
    """Of a session that goes on in a worktree; a new one where none worked yet."""
    if not tree.is_there:
        raise ConfigError(f"the folder of worktree {tree.name} is gone. Forget it: coder worktree remove {tree.name}")
    begun = next(of_folders(home, [Path(os.path.realpath(tree.path))]), None)
    return ["-w", tree.name, *(["-c"] if begun is not None else [])]
