"""A work tree of a repository as the place of an attempt: made at one commit; what was changed there is committed on a
branch, and the folder goes when nothing is lost by it. Must not know tasks, or who works there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from coder.batch.local.place import Harvest, Left
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.git.call import Answer, Git
from coder.git.filters import ARGUMENTS, filters
from coder.git.own_commit import identity_of
from coder.git.repository import repository_of
from coder.git.worktrees.files import files_of, place_of
from coder.git.worktrees.making import Wish, lock, made, unlock
from coder.git.worktrees.removal import branch_removed, removed
from coder.git.worktrees.state import State, state_of
from coder.git.worktrees.tenancy import Tenant, in_turn, is_inhabited
from coder.git.worktrees.trees import BRANCH, Checkout, WorkTree, at_path, main_checkout, named, write_note

_SECONDS = 600.0
_LARGEST_PATCH = 64 << 20
_HEADS = "refs/heads/"
_LOOKS, _LOOK_AGAIN = 40, 0.05
_DIFF = (
    *("diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=dirty"),
)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What work trees are made with. `prepare` brings into one what a session finds in its own folder besides the files
    of the commit, trust among it, and says what it could not bring; `forget` takes that of a folder that is gone.
    `drops_ignored`: what git ignores is no work."""

    env: Mapping[str, str]
    prepare: Callable[[Checkout, WorkTree], tuple[str, ...]]
    forget: Callable[[Path], None]
    drops_ignored: bool = False

    def make(self, name: str, cwd: Path, base: str, session: str) -> WorktreePlace:
        """Blocks. Raises ConfigError and OSError."""
        main = main_checkout(cwd)
        here = repository_of(Path(os.path.realpath(cwd)))
        inner = Path(os.path.realpath(cwd)).relative_to(os.path.realpath(here.top)) if here is not None else Path()
        git = Git(self.env, (cwd, main.top))
        if not git.is_there:
            raise ConfigError("worktrees need git, and there is none on your PATH. Install it, or: --isolation copy")
        with in_turn(main.shared):
            tree, _ = made(git, main, Wish(name, cwd, base))
            tenant = Tenant(tree.admin)
            lock(git, main, tree, session)
            self.prepare(main, tree)
        return WorktreePlace(self, git, main, tree, tenant, inner, base)

    def left(self, name: str, cwd: Path, base: str) -> WorktreePlace | None:
        """That of another process, which is no more; None when there is none. Blocks."""
        try:
            main = main_checkout(cwd)
        except ConfigError:
            return None
        tree = named(main, name)
        if tree is None or not tree.is_there:
            return None
        git = Git(self.env, (cwd, main.top))
        if not tree.is_ours and not is_inhabited(tree.admin):  # cut off while it was made: nobody has worked there
            quiet = filters(git.answer(tree.path, *ARGUMENTS))
            arguments = ("reset", "--hard", "-q", "--no-recurse-submodules")
            if not quiet.problem and git.answer(tree.path, *arguments, seconds=_SECONDS, settings=quiet.settings).ok:
                with suppress(OSError):
                    write_note(tree, {"name": name, "branch": f"{BRANCH}{name}", "base": base})
            tree = named(main, name) or tree
        return WorktreePlace(self, git, main, tree, None, Path(), base)


class WorktreePlace:
    def __init__(
        self, grounds: Grounds, git: Git, main: Checkout, tree: WorkTree, tenant: Tenant | None, inner: Path, base: str
    ) -> None:
        self._grounds, self._git, self._main, self._tree = grounds, git, main, tree
        self._tenant, self._inner, self._base = tenant, inner, base
        self._problem = ""
        self._before: State | None = None

    @property
    def folder(self) -> Path:
        inner = self._tree.path / self._inner
        return inner if inner.is_dir() else self._tree.path

    @property
    def fds(self) -> tuple[int, ...]:
        return () if self._tenant is None else (self._tenant.fd,)

    def harvest(self, branch: str, message: str) -> Harvest:
        try:
            return self._harvested(branch, message)
        except (OSError, ConfigError) as error:
            return self._stuck(str(error))

    def _harvested(self, branch: str, message: str) -> Harvest:
        tree = at_path(self._main, self._tree.path)
        if tree is None or not tree.is_sound:
            return self._stuck("git no longer knows it as a worktree")
        self._tree = tree
        if self._tenant is None and _is_held(tree):
            return self._stuck("a process still works there")
        env = place_of(tree)
        quiet = filters(self._git.answer(tree.path, *ARGUMENTS, env=env))
        if quiet.problem:
            return self._stuck(quiet.problem)

        def call(*arguments: str, stdin: bytes = b"", more: Mapping[str, str] | None = None) -> Answer:
            given = {**env, **(more or {})}
            return self._git.answer(
                tree.path, *arguments, stdin=stdin, env=given, settings=quiet.settings, seconds=_SECONDS
            )

        added, written = call("add", "-A", "--", "."), call("write-tree")
        head = call("rev-parse", "-q", "--verify", "HEAD^{commit}")
        if not (added.ok and written.ok and head.ok):
            failed = next(each for each in (added, written, head) if not each.ok)
            return self._stuck(failed.problem or "git could not take its files in")
        commit = head.text.strip()
        if call("rev-parse", "HEAD^{tree}").text.strip() != written.text.strip():
            who = identity_of(self._git, self._main.top, self._grounds.env)
            said = message.encode("utf-8", "replace")
            new = call("commit-tree", "-p", commit, written.text.strip(), stdin=said, more=who.env)
            if not new.ok:
                return self._stuck(new.problem or "git could not write the commit")
            commit = new.text.strip()
        if commit == self._base:
            return Harvest(self._base)
        landed = self._landed(branch, commit)
        if not landed:
            return self._stuck(f"no branch {branch} could be made")
        switched = call("symbolic-ref", "HEAD", f"{_HEADS}{landed}")
        patch = self._git.answer(
            self._main.top, *_DIFF, self._base, commit, "--", seconds=_SECONDS, most=_LARGEST_PATCH
        )
        problem = "" if switched.ok else switched.problem or "its branch could not be switched"
        if problem:
            self._problem = visible_line(problem)
        return Harvest(self._base, commit, landed, patch.out if patch.ok else b"", self._problem)

    def _landed(self, branch: str, commit: str) -> str:
        """The branch that the commit is on now: no branch that is there is ever moved."""
        for name in (branch, *(f"{branch}.{number}" for number in range(2, 10))):
            done = self._git.answer(
                self._main.top, "update-ref", "-m", "coder: batch", f"{_HEADS}{name}", commit, "0" * len(commit)
            )
            at = self._git.answer(self._main.top, "rev-parse", "-q", "--verify", f"{_HEADS}{name}").text.strip()
            if done.ok or at == commit:
                return name
        return ""

    def _stuck(self, why: str) -> Harvest:
        self._problem = visible_line(why)
        return Harvest(self._base, problem=self._problem)

    def settle(self) -> None:
        """What would be lost with the folder now; what comes after is no work. Blocks."""
        if not self._problem:
            self._before = state_of(self._git, self._main, self._tree)

    def leave(self) -> Left:
        try:
            with in_turn(self._main.shared):
                return self._left()
        except (OSError, ConfigError) as error:
            return self._kept(str(error))

    def _left(self) -> Left:
        if self._tenant is not None:
            self._tenant.leave()
        tree = at_path(self._main, self._tree.path)
        if tree is None:
            return Left()
        self._tree = tree
        if _is_held(tree):
            return self._kept("another session works there")
        unlock(self._git, self._main, tree)
        if self._problem:
            return self._kept(self._problem)
        now = state_of(self._git, self._main, tree)
        before = self._before or now
        held = self._at_stake(before)
        if held == before.holds and len(held) == 1 and _holds_only_ignored(before) and " ignored file" in held[0]:
            held = (f"{held[0]}. --discard-ignored lets a work tree go that holds nothing else",)
        if held or now.busy or now.unknown or now.commits.lost:
            return self._kept("; ".join((*held, *now.busy, *now.unknown)) or "it has commits that no branch has")
        files = now.files if self._before is None else files_of(self._git, self._main, tree)
        if problem := removed(self._git, self._main, tree, files):
            return self._kept(problem)
        branch_removed(self._git, self._main, tree, now.commits)
        self._grounds.forget(tree.path)
        return Left()

    def _at_stake(self, state: State) -> tuple[str, ...]:
        """Why it is kept."""
        if not self._grounds.drops_ignored:
            return (*state.unknown, *state.holds)
        held = state.holds
        if _holds_only_ignored(state):
            held = tuple(said for said in held if " ignored file" not in said)
        return (*state.unknown, *held)

    def _kept(self, why: str) -> Left:
        return Left(str(self._tree.path), visible_line(why))


def _holds_only_ignored(state: State) -> bool:
    """Of files: git would take the folder for clean."""
    files = state.files
    is_clean = not (files.staged or files.changed or files.nested or files.masked)
    return is_clean and all(name in files.ignored for name in files.untracked)


def _is_held(tree: WorkTree) -> bool:
    """Whether somebody is there. A process that is begun just now has our own descriptors for an instant."""
    for _ in range(_LOOKS):
        if not is_inhabited(tree.admin):
            return False
        time.sleep(_LOOK_AGAIN)
    return True
