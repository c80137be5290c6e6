"""Makes what each run changed one commit on an agent branch: looks before the run's first change, commits at its end.

Implements the engine's `Checkpoints` round those of the session. Never fails a call or a run: where it cannot commit,
it says so and everything stays as the run left it. Must not know front ends.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path

from coder.agent.ports import Watched
from coder.app.autocommit import ledger, wording
from coder.app.autocommit.choosing import Chosen, choose, dirty_before
from coder.app.autocommit.completing import complete
from coder.app.autocommit.place import NO_REPOSITORY, Spot, alone, stands
from coder.app.checkpointing import Checkpointing
from coder.app.threads import finished
from coder.checkpoints.changelog import ChangeSet
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError, SessionError
from coder.core.events import AnyEvent, Committed, MessageAdded, Notice, RunStarted
from coder.core.messages import said
from coder.git import own_commit
from coder.git.call import Git
from coder.git.entries import staged_paths, tree_entries
from coder.git.repository import Repository
from coder.git.standing import Standing, Stuck
from coder.permissions.gitdrops import Drop

_STAY = "What this run changed stays in the folder, uncommitted."


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """What of the session goes into its commits; asked for when one is made. `branch` is one that the session was
    given, such as that of its work tree: when HEAD is it, commits go there."""

    session_id: str
    transcript: Path | None
    title: Callable[[], str]
    trailer: Callable[[], str]
    is_denied: Callable[[Path], bool]
    branch: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    """How the repository was before the run's first change: its commit, and what the person had staged."""

    head: str = ""
    staged: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class _Run:
    prompt: str
    said: list[str]
    before: _Before | None = None
    notices: list[AnyEvent] = field(default_factory=list)


class AutoCommit:
    def __init__(self, spot: Spot, about: About, checkpoints: Checkpointing, emit: Callable[[AnyEvent], None]) -> None:
        self._spot = spot
        self._about = about
        self._checkpoints = checkpoints
        self._emit = emit
        self._run: _Run | None = None
        self._first = ""  # what was said first in this process
        self._told: set[str] = set()

    def on(self, event: AnyEvent) -> None:
        match event:
            case RunStarted(agent="main", prompt=prompt):
                words = said(prompt)
                self._first = self._first or words
                self._run = _Run(prompt.meta.uuid, [words])
            case MessageAdded(agent="main", message=message) if message.meta.kind == "steer" and self._run is not None:
                self._run.said.append(said(message))
            case _:
                pass

    async def before_asking(self, drop: Drop) -> str:
        return await self._checkpoints.before_asking(drop)

    @asynccontextmanager
    async def around(self, call: Watched) -> AsyncIterator[None]:
        if self._run is not None and self._run.before is None:
            self._run.before = await finished(self._look, self._run)
        async with self._checkpoints.around(call):
            yield

    async def run_ended(self) -> None:
        """Commits what the run changed that has just ended, however it ended."""
        run, self._run = self._run, None
        if run is None or run.before is None:
            return
        try:
            sets = await self._checkpoints.changed_in(run.prompt)
            if any(each.changes for each in sets):
                await finished(self._commit, run, run.before, sets)
        except CoderError as error:
            run.notices.append(_warning(f"Not committed: {str(error).rstrip('.')}. {_STAY}"))
        except OSError as error:
            run.notices.append(_warning(f"Not committed: {error.strerror or error}. {_STAY}"))
        for event in run.notices:
            self._emit(event)

    def _look(self, run: _Run) -> _Before:
        repository, git = self._spot.repository(), self._spot.git()
        standing = stands(repository, git)
        if repository is None or isinstance(standing, Stuck):
            return _Before()
        try:
            with alone(self._spot.base, repository):
                if (done := complete(self._spot.folder, repository, git, standing)) is not None:
                    text = f"Commit {done.short}, which was cut off, is on {wording.shown_branch(done.branch)} now."
                    run.notices.append(Notice(level="info", text=text))
                    standing = stands(repository, git)
        except (CoderError, OSError) as error:
            run.notices.append(_warning(f"A commit that was cut off could not be completed: {error}"))
        if isinstance(standing, Stuck):
            return _Before()
        return _Before(standing.head, staged_paths(git, repository.top, standing.head) or frozenset())

    def _commit(self, run: _Run, before: _Before, sets: Sequence[ChangeSet]) -> None:
        repository, git = self._spot.repository(), self._spot.git()
        if repository is None:
            self._stuck(run, NO_REPOSITORY)
            return
        with alone(self._spot.base, repository):
            standing = stands(repository, git)
            if isinstance(standing, Stuck):
                self._stuck(run, standing)
                return
            chosen = choose(repository, git, standing.head, sets, self._about.is_denied)
            if chosen is None:
                raise SessionError("git cannot tell what it ignores here.")
            self._commit_chosen(run, before, sets, _Here(repository, git, standing), chosen)

    def _commit_chosen(
        self, run: _Run, before: _Before, sets: Sequence[ChangeSet], here: _Here, chosen: Chosen
    ) -> None:
        top, git, standing = here.repository.top, here.git, here.standing
        who = own_commit.identity_of(git, top, self._spot.env)
        letters = self._letters(here, chosen)
        text = wording.message(run.said, self._title, self._about.session_id, letters, self._about.trailer())
        scratch = self._spot.folder
        built = own_commit.build(
            here.repository, git, scratch, standing.head, list(chosen.nets), text, who, chosen.settings
        )
        if isinstance(built, Stuck):
            raise SessionError(f"{built.why}.")
        if built is None:
            self._tell_left(run, chosen, is_all=True)
            return
        was = tree_entries(git, top, standing.head, built.entries)
        changed = {path: entry for path, entry in built.entries.items() if entry != was.get(path)}
        built = own_commit.Built(built.commit, built.parent, changed)
        kept = before.staged.intersection(changed)
        dirty = dirty_before(git, top, before.head, chosen, list(changed), self._checkpoints.content)
        self._land(run, here, built, sets, kept, text)
        self._tell_who(run, who)
        self._tell_dirty(run, dirty, kept)
        self._tell_left(run, chosen)

    def _land(
        self,
        run: _Run,
        here: _Here,
        built: own_commit.Built,
        sets: Sequence[ChangeSet],
        kept: frozenset[str],
        text: str,
    ) -> None:
        standing = here.standing
        ref = standing.ref
        is_given = bool(self._about.branch) and standing.branch == self._about.branch
        if not (is_given or wording.is_own_branch(standing.branch, self._about.session_id)):
            wanted = wording.branch_name(self._title, self._about.session_id)
            ref = own_commit.branch_for(here.repository, here.git, wanted, standing)
            if not ref:
                raise SessionError(f"no branch can be made that is called like {wanted}.")
        index = own_commit.index_before(here.repository, here.git, built, kept)
        noted = ledger.OwnCommit(
            commit=built.commit,
            parent=built.parent,
            branch=ref,
            started_from=standing.ref if ref != standing.ref else "",
            top=str(here.repository.top),
            transcript=str(self._about.transcript or ""),
            prompt=run.prompt,
            subject=wording.subject_of(text),
            when=round(time.time(), 3),
            sets=tuple(each.id for each in sets if each.source != "background"),
            paths=tuple(built.entries),
            index=index,
        )
        ledger.note(self._spot.folder, noted)
        put = {path: built.entries[path] for path in index}
        landing = own_commit.Landing(ref, built.commit, built.parent, put, index)
        if why := own_commit.land(here.repository, here.git, standing, landing):
            ledger.note_state(self._spot.folder, built.commit, "dropped")
            raise SessionError(f"{why}.")
        ledger.note_state(self._spot.folder, built.commit, "landed")
        branch, left = wording.shown_branch(ref), standing.branch if ref != standing.ref else ""
        told = wording.committed(len(built.entries), noted.short, branch, left)
        run.notices.append(Committed(commit=built.commit, branch=branch, files=len(built.entries), text=told))

    def _letters(self, here: _Here, chosen: Chosen) -> dict[str, str]:
        was = tree_entries(here.git, here.repository.top, here.standing.head, chosen.nets)
        there = {path for path in chosen.nets if own_commit.is_there(here.repository.top / path)}
        return {
            path: "M" if path in was and path in there else "A" if path in there else "D"
            for path in chosen.nets
            if path in there or path in was
        }

    @property
    def _title(self) -> str:
        return self._about.title() or self._first

    def _stuck(self, run: _Run, stuck: Stuck) -> None:
        if stuck is not NO_REPOSITORY or stuck.why not in self._told:
            run.notices.append(_warning(f"Not committed: {stuck.why}. {_STAY}"))
        self._told.add(stuck.why)

    def _tell_left(self, run: _Run, chosen: Chosen, *, is_all: bool = False) -> None:
        if chosen.left:
            what = "Nothing was committed, left out are" if is_all else "Left out of the commit:"
            run.notices.append(_warning(f"{what} {chosen.told}"))

    def _tell_dirty(self, run: _Run, dirty: Sequence[str], kept: frozenset[str]) -> None:
        if dirty:
            text = f"Changed before this run, not by it, and committed whole: {wording.named(dirty)}"
            run.notices.append(_warning(text))
        if kept:
            names = wording.named(sorted(kept))
            run.notices.append(_warning(f"Committed as on disk, and still staged as you had staged it: {names}"))

    def _tell_who(self, run: _Run, who: own_commit.Identity) -> None:
        if not who.is_known and "who" not in self._told:
            self._told.add("who")
            name, email = who.author
            text = f"git does not know who you are, so the commit is by {name} <{email}>. Tell it: "
            run.notices.append(_warning(f"{text}git config --global user.name NAME, and user.email"))


@dataclass(frozen=True, slots=True, eq=False)
class _Here:
    repository: Repository
    git: Git
    standing: Standing


def _warning(text: str) -> Notice:
    return Notice(level="warning", text=text)
