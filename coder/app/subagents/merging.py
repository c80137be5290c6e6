"""Merges what agents changed in worktrees of their own into the work tree of the session: one at a time, whole or not
at all, so that `coder undo` takes it back. Must not know who made a branch, or who asks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from coder.agent.ports import Watched
from coder.app.autocommit import ledger
from coder.app.autocommit.place import alone, stands
from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.subagents.origin import Origin
from coder.app.subagents.pen import Pen
from coder.app.threads import finished
from coder.core.agents import Merged
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.core.tools import Runs
from coder.core.visible import visible_line
from coder.git import own_commit
from coder.git.call import Git
from coder.git.entries import Entry, index_entries, tree_entries
from coder.git.merge import Course, course, in_the_way, laid, taken_back, tried
from coder.git.repository import Repository, repository_of
from coder.git.standing import BRANCHES, Standing, Stuck, commit_at

_NAMED = 5
_SECONDS = 60.0
_UTF8 = ("i18n.commitEncoding=UTF-8",)


def _nowhere() -> Path | None:
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Here:
    repository: Repository
    git: Git
    standing: Standing
    branch: str
    theirs: str

    @property
    def top(self) -> Path:
        return self.repository.top

    @property
    def names(self) -> tuple[str, str]:
        """The two branches as people see them: the one that is merged, and the one that HEAD is."""
        return visible_line(self.branch), visible_line(self.standing.branch)


class Merging:
    """`checkpoints` are the session's, and `pen` is that of its work tree. Not for use while a call that may change
    something is under way: it would wait for itself."""

    def __init__(
        self, origin: Origin, checkpoints: Checkpointing, pen: Pen, transcript: Callable[[], Path | None] = _nowhere
    ) -> None:
        self._origin = origin
        self._checkpoints = checkpoints
        self._pen = pen
        self._transcript = transcript

    async def merge(self, branch: str, title: str = "") -> Merged:
        """`title` is what was done there, for the message of the merge. Raises nothing but CancelledError; it is done
        all the same then, or not begun."""
        name = branch.removeprefix(BRANCHES)
        call = Watched(f"merge {visible_line(name)}", Runs(f"git merge {visible_line(name)}"), (), ())
        try:
            async with self._pen.main.around(call):
                return await finished(self._merged, name, title, self._checkpoints.under_way)
        except (CoderError, OSError) as error:
            why = f"{error.filename or ''}: {error.strerror}" if isinstance(error, OSError) else str(error)
            return Merged(ok=False, text=f"Not merged: {why.rstrip('.')}. Nothing has changed.")

    def _merged(self, branch: str, title: str, set_id: str) -> Merged:
        origin = self._origin
        repository = repository_of(Path(os.path.realpath(origin.cwd)))
        if repository is None:
            return _not(f"{origin.cwd} is in no git repository")
        git = Git(origin.env, (origin.cwd,))
        with alone(origin.config.home / FOLDER, repository):
            standing = stands(repository, git)
            if isinstance(standing, Stuck):
                return _not(standing.why)
            theirs = commit_at(repository, git, BRANCHES + branch)
            if not theirs or not standing.head:
                what = f"no branch {visible_line(branch)}" if standing.head else "no commit yet to merge into"
                return _not(f"there is {what}")
            here = _Here(repository, git, standing, branch, theirs)
            if _has(here, theirs, standing.head):
                return Merged(
                    ok=True, text=f"{here.names[1]} has all of {here.names[0]} already.", commit=standing.head
                )
            return self._brought(here, title, set_id)

    def _brought(self, here: _Here, title: str, set_id: str) -> Merged:
        commit = self._commit(here, title)
        if isinstance(commit, Merged):
            return commit
        way = course(here.git, here.top, here.standing.head, commit)
        if isinstance(way, str):
            return _not(way)
        obstacles = in_the_way(here.git, way)
        if obstacles is None:
            return _not("git cannot tell what is not committed here")
        if obstacles:
            return _in_the_way(here, obstacles)
        index = _index_before(here, way)
        done = laid(here.git, way)
        if not done.ok:
            return _not(done.problem or "git could not write the files")
        return self._landed(here, commit, way, index, set_id, title)

    def _commit(self, here: _Here, title: str) -> str | Merged:
        """The commit that the branch is to be at, which is on none yet."""
        git, top, head = here.git, here.top, here.standing.head
        if _has(here, head, here.theirs):
            return here.theirs
        trial = tried(git, top, head, here.theirs)
        if trial.conflicts:
            return _conflict(here, trial.conflicts)
        if not trial.tree:
            return _not(trial.problem)
        who = own_commit.identity_of(git, top, self._origin.env)
        text = "\n\n".join((_subject(here, title), "\n".join(self._trailers()))) + "\n"
        made = git.answer(
            top,
            *("commit-tree", "-p", head, "-p", here.theirs, trial.tree),
            stdin=text.encode("utf-8", "replace"),
            settings=_UTF8,
            env=who.env,
            seconds=_SECONDS,
        )
        return made.text.strip() if made.ok else _not(made.problem or "git could not write the commit")

    def _landed(
        self,
        here: _Here,
        commit: str,
        way: Course,
        index: dict[str, Entry | None],
        set_id: str,
        title: str,
    ) -> Merged:
        """The files are there, and staged: now the branch, which is noted first, so that it can be taken back."""
        standing, folder = here.standing, self._origin.config.home / FOLDER / self._origin.session_id
        if set_id:
            try:
                ledger.note(folder, self._noted(here, commit, way, index, set_id, title))
            except OSError:
                taken_back(here.git, way)
                raise
        reason = f"coder: merge {here.branch}"
        moved = own_commit.move(here.repository, here.git, standing.ref, commit, standing.head, reason)
        if not moved.ok:
            taken_back(here.git, way)
        if set_id:
            with suppress(OSError):  # what is only noted is found to have landed, or not, before it is taken back
                ledger.note_state(folder, commit, "landed" if moved.ok else "dropped")
        if not moved.ok:
            return _not(moved.problem or "the branch could not be moved")
        count = f"{len(way.paths)} file{'' if len(way.paths) == 1 else 's'}"
        undo = " · coder undo takes it back" if set_id else ""
        theirs, ours = here.names
        return Merged(ok=True, text=f"Merged {theirs} into {ours} as {commit[:7]}, {count}{undo}", commit=commit)

    def _noted(
        self, here: _Here, commit: str, way: Course, index: dict[str, Entry | None], set_id: str, title: str
    ) -> ledger.OwnCommit:
        return ledger.OwnCommit(
            commit=commit,
            parent=here.standing.head,
            branch=here.standing.ref,
            started_from="",
            top=str(here.top),
            transcript=str(self._transcript() or ""),
            prompt=self._checkpoints.prompt,
            subject=_subject(here, title),
            when=round(time.time(), 3),
            sets=(set_id,),
            paths=way.paths,
            index=index,
        )

    def _trailers(self) -> tuple[str, ...]:
        origin = self._origin
        return tuple(filter(None, (f"Coder-Session: {origin.session_id}", origin.trailer())))


def _subject(here: _Here, title: str) -> str:
    about = f": {visible_line(title)}" if title else ""
    return f"Merge branch '{here.names[0]}'{about}"[:200]


def _has(here: _Here, older: str, newer: str) -> bool:
    return here.git.answer(here.top, "merge-base", "--is-ancestor", older, newer).ok


def _index_before(here: _Here, way: Course) -> dict[str, Entry | None]:
    """What the index has at the paths of which it will have something else."""
    found = index_entries(here.git, here.top, way.paths)
    goal = tree_entries(here.git, here.top, way.tree, way.paths)
    before = {path: found[path].entry if path in found else None for path in way.paths}
    return {path: entry for path, entry in before.items() if entry != goal.get(path)}


def _not(why: str) -> Merged:
    return Merged(ok=False, text=f"Not merged: {visible_line(why).rstrip('.')}. Nothing has changed.")


def _conflict(here: _Here, paths: Sequence[str]) -> Merged:
    theirs, ours = here.names
    text = (
        f"Not merged: {ours} and {theirs} both changed {_listed(paths)}. Nothing has changed, and both branches are as "
        f"they were. To settle it by hand: git merge {theirs}"
    )
    return Merged(ok=False, text=text, conflicts=tuple(paths))


def _in_the_way(here: _Here, paths: Sequence[str]) -> Merged:
    theirs, _ = here.names
    text = (
        f"Not merged: {_listed(paths)} {'is' if len(paths) == 1 else 'are'} not committed here, and {theirs} changes "
        f"the same. Nothing has changed. Commit that or put it aside, then: git merge {theirs}"
    )
    return Merged(ok=False, text=text, conflicts=tuple(paths))


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(map(visible_line, paths[:_NAMED])) + more
