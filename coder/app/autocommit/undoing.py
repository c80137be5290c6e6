"""Takes an auto-commit back, files and branch, and brings it again. Must not know who asks or how it is shown.

The files go first, as a rewind that can be undone; then the index and the branch. What a crash cuts off is done by
doing it again. Nothing that others may have is rewritten: what a remote branch has is taken back by another commit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from coder.app.autocommit import ledger
from coder.app.autocommit.completing import complete
from coder.app.autocommit.ledger import OwnCommit
from coder.app.autocommit.place import Spot, alone, stands
from coder.app.autocommit.wording import named, shown_branch
from coder.app.checkpointing import Checkpointing
from coder.app.threads import finished
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.git import own_commit
from coder.git.call import Git
from coder.git.entries import Entry, index_entries, tree_entries
from coder.git.own_commit import Landing
from coder.git.repository import Repository
from coder.git.standing import Standing, Stuck, commit_at

if TYPE_CHECKING:
    from coder.checkpoints.back import Preview

T = TypeVar("T")
_NONE: tuple[str, ...] = ()
How: TypeAlias = Literal["back", "leave", "gone", "revert"]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What taking `commit` back would do. `back`: its branch goes back by one commit; `leave`: HEAD returns to the
    branch where it began, and the agent branch goes; `gone`: HEAD is there already; `revert`: a commit on top."""

    commit: OwnCommit
    how: How
    files: Preview


@dataclass(frozen=True, slots=True, eq=False)
class Undone:
    """`files` are those that were changed on disk, `passed` those that somebody changed in the last moment."""

    commit: OwnCommit
    files: tuple[str, ...]
    passed: tuple[str, ...]
    text: str


class Undoing:
    """The auto-commits of one session, whose checkpoints these are."""

    def __init__(self, spot: Spot, checkpoints: Checkpointing) -> None:
        self._spot = spot
        self._checkpoints = checkpoints
        self._git = spot.git()

    def commits(self) -> list[OwnCommit]:
        """The latest last; without those that never got onto a branch."""
        found = (each for each in ledger.commits(self._spot.folder) if each.state != "dropped")
        return sorted(found, key=lambda each: each.when)

    async def plan(self, *, force: bool = False) -> Plan:
        """Changes nothing, but for completing a commit that was cut off. Raises CoderError."""
        repository, standing = await finished(self._place)
        commit, how = await finished(self._last, repository, standing)
        files = await self._checkpoints.preview_sets(commit.sets, force=force)
        if how == "gone" and files.touched:
            raise SessionError(_elsewhere(commit, standing))
        return Plan(commit, how, files)

    async def undo(self, *, force: bool = False) -> Undone:
        """Takes the last commit back. Raises CoderError; then nothing was changed, but what the error says."""
        plan = await self.plan(force=force)
        _refuse_conflicts(plan.files, "undo")
        commit, rewind = plan.commit, plan.commit.rewind  # of an undo that was cut off behind the files
        files, passed = _NONE, _NONE
        if plan.files.touched:
            what = f"undo of commit {commit.short}"
            id, done = await self._checkpoints.take_back(commit.sets, what, force=force)
            files, passed = done.files, done.passed
            rewind = f"{rewind} {id}".strip()
            await finished(self._note_files, commit, rewind)
        text = await finished(self._locked, lambda here: self._take_back(here, commit, plan.how, rewind))
        return Undone(commit, files, passed, text)

    async def redo(self, *, force: bool = False) -> Undone:
        """Brings back what was undone last. Raises as `undo`."""
        repository, standing = await finished(self._place)
        commit = await finished(self._undone, repository, standing)
        files, passed = _NONE, _NONE
        if commit.rewind:
            rewinds = commit.rewind.split()
            preview = await self._checkpoints.preview_sets(rewinds, force=force)
            _refuse_conflicts(preview, "undo --redo")
            if preview.touched:
                what = f"commit {commit.short} again"
                _, done = await self._checkpoints.take_back(rewinds, what, force=force)
                files, passed = done.files, done.passed
        text = await finished(self._locked, lambda here: self._bring(here, commit))
        return Undone(commit, files, passed, text)

    def _note_files(self, commit: OwnCommit, rewind: str) -> None:
        try:
            ledger.note_state(self._spot.folder, commit.commit, "landed", rewind)
        except OSError as error:
            raise SessionError(f"the files are back, the branch is not: {error.strerror or error}.") from error

    def _place(self) -> tuple[Repository, Standing]:
        def completed(here: _Here) -> tuple[Repository, Standing]:
            if complete(self._spot.folder, here.repository, self._git, here.standing) is not None:
                return here.repository, self._standing(here.repository)
            return here.repository, here.standing

        return self._locked(completed)

    def _locked(self, act: Callable[[_Here], T]) -> T:
        repository = self._spot.repository()
        if repository is None:
            raise SessionError("this folder is in no git repository, so there is no commit to take back.")
        with alone(self._spot.base, repository):
            try:
                return act(_Here(repository, self._git, self._standing(repository)))
            except OSError as error:
                raise SessionError(f"what was done could not be noted: {error.strerror or error}.") from error

    def _standing(self, repository: Repository) -> Standing:
        standing = stands(repository, self._git)
        if isinstance(standing, Stuck):
            raise SessionError(f"no commit can be taken back: {standing.why}.")
        return standing

    def _last(self, repository: Repository, standing: Standing) -> tuple[OwnCommit, How]:
        """The commit that is to be taken back, and how."""
        standing_ones = [each for each in ledger.commits(self._spot.folder) if each.stands]
        if not standing_ones:
            raise SessionError("coder made no commit by itself in this session that could be taken back.")
        last = standing_ones[-1]
        if last.top != str(repository.top):
            raise SessionError(f"the last commit of this session is in another folder. Go there: cd {last.top}")
        tip = commit_at(repository, self._git, last.branch)
        if standing.ref != last.branch:
            if last.started_from == standing.ref and standing.head == last.parent and tip in (last.commit, ""):
                return last, "gone"
            raise SessionError(_elsewhere(last, standing))
        if tip != last.commit:
            raise SessionError(
                f"{shown_branch(last.branch)} went on since commit {last.short}, not by this session. "
                f"Take it back with a commit of your own: git revert {last.short}"
            )
        if own_commit.is_published(repository, self._git, last.commit):
            return last, "revert"
        came_from = last.started_from
        if came_from and commit_at(repository, self._git, came_from) == last.parent:
            return last, "leave"
        return last, "back"

    def _take_back(self, here: _Here, commit: OwnCommit, how: How, rewind: str) -> str:
        again, how = self._last(here.repository, here.standing)
        if again.commit != commit.commit:
            raise SessionError("another coder took a commit back just now. Look with: coder undo --list")
        if how == "revert":
            return self._revert(here, commit, rewind)
        branch = shown_branch(commit.branch)
        landing = self._landing(here, commit, commit.parent, commit.commit)
        if how == "gone" and not commit_at(here.repository, here.git, commit.branch):
            why = ""  # only that was not written down any more
        elif how == "gone":
            why = own_commit.move(here.repository, here.git, commit.branch, "", commit.commit).problem
        elif how == "leave":
            why = own_commit.leave(here.repository, here.git, landing, commit.started_from)
        else:
            why = own_commit.land(here.repository, here.git, here.standing, landing)
        if why:
            raise SessionError(f"the files are back, the branch is not: {why}.")
        ledger.note_state(self._spot.folder, commit.commit, "undone", rewind)
        if how == "back":
            at = commit.parent[:7] or "its beginning"
            return f"{branch} is back at {at}"
        return f"HEAD is on {shown_branch(commit.started_from)} again, {branch} is gone"

    def _revert(self, here: _Here, commit: OwnCommit, rewind: str) -> str:
        top, git = here.repository.top, here.git
        was = tree_entries(git, top, commit.parent, commit.paths)
        entries = {path: was.get(path) for path in commit.paths}
        text = f'Revert "{commit.subject}"\n\nThis takes back commit {commit.commit}.\n'
        who = own_commit.identity_of(git, top, self._spot.env)
        built = own_commit.build_from(here.repository, git, self._spot.folder, commit.commit, entries, text, who)
        if built is None or isinstance(built, Stuck):
            raise SessionError(f"the files are back, the branch is not: {built.why if built else 'nothing differs'}.")
        landing = self._landing(here, commit, built.commit, commit.commit)
        if why := own_commit.land(here.repository, git, here.standing, landing):
            raise SessionError(f"the files are back, the branch is not: {why}.")
        ledger.note_state(self._spot.folder, commit.commit, "reverted", rewind)
        return f"A remote has it, so {built.commit[:7]} on {shown_branch(commit.branch)} takes it back"

    def _landing(self, here: _Here, commit: OwnCommit, to: str, was: str) -> Landing:
        """With the index entries that are still as the commit left them."""
        git, top = here.git, here.repository.top
        made = tree_entries(git, top, commit.commit, commit.index)
        now = index_entries(git, top, commit.index)
        held: dict[str, Entry | None] = {path: now[path].entry if path in now else None for path in commit.index}
        ours = {path: entry for path, entry in held.items() if entry == made.get(path)}
        return Landing(commit.branch, to, was, {path: commit.index[path] for path in ours}, ours, "coder: undo")

    def _undone(self, repository: Repository, standing: Standing) -> OwnCommit:
        """The commit that was taken back last. Raises SessionError when it cannot be brought again."""
        known = [each for each in ledger.commits(self._spot.folder) if each.top == str(repository.top)]
        undone = [each for each in known if each.state == "undone"]
        if known and known[-1].state == "reverted":
            raise SessionError(
                "it was taken back by a commit, and so comes again by one: git revert HEAD, or for the files alone: "
                "coder rewind --undo"
            )
        if not undone:
            raise SessionError("no commit of this session was taken back.")
        last = undone[-1]
        tip = commit_at(repository, self._git, last.branch)
        if standing.head != last.parent or (tip and (tip != last.parent or standing.ref != last.branch)):
            raise SessionError(
                f"HEAD is not where it was when commit {last.short} was taken back. "
                f"Bring it back with: git cherry-pick {last.short}"
            )
        if not self._git.answer(repository.top, "cat-file", "-e", f"{last.commit}^{{commit}}").ok:
            raise SessionError(f"git has dropped commit {last.short}. The files come back with: coder rewind --undo")
        return last

    def _bring(self, here: _Here, commit: OwnCommit) -> str:
        git, repository = here.git, here.repository
        self._undone(repository, here.standing)
        if commit.parent and not commit_at(repository, git, commit.branch):
            own_commit.move(repository, git, commit.branch, commit.parent, "")
        made = tree_entries(git, repository.top, commit.commit, commit.index)
        now = index_entries(git, repository.top, commit.index)
        held: dict[str, Entry | None] = {path: now[path].entry if path in now else None for path in commit.index}
        ours = {path: entry for path, entry in held.items() if entry == commit.index[path]}
        put = {path: made.get(path) for path in ours}
        landing = Landing(commit.branch, commit.commit, commit.parent, put, ours, "coder: redo")
        if why := own_commit.land(repository, git, here.standing, landing):
            raise SessionError(f"the files are back, the branch is not: {why}.")
        ledger.note_state(self._spot.folder, commit.commit, "redone")
        return f"{shown_branch(commit.branch)} is at {commit.short} again"


@dataclass(frozen=True, slots=True, eq=False)
class _Here:
    repository: Repository
    git: Git
    standing: Standing


def _elsewhere(commit: OwnCommit, standing: Standing) -> str:
    branch = shown_branch(commit.branch)
    return f"commit {commit.short} is on {branch}, HEAD is on {shown_branch(standing.ref)}. First: git switch {branch}"


def _refuse_conflicts(files: Preview, command: str) -> None:
    if files.conflicts:
        names = named(each.path for each in files.conflicts)
        raise SessionError(
            f"{names} changed since ({files.conflicts[0].why}). Nothing was done. "
            f"To replace what is there now: coder {command} --force"
        )
