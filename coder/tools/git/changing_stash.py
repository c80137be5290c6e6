"""Git stash and unstash: changes put aside under the session's name, and taken back by their hash."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable

from coder.core.errors import ToolError
from coder.core.requests import Effect
from coder.core.tools import Access, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.git.hooks import STASH
from coder.git.porcelain import Change, Status
from coder.git.repository import repository_of
from coder.git.stashes import Stash, message_of, stashes_of
from coder.tools.git.changer import Changer, command, paths_of
from coder.tools.git.ground import Ground, changed, check_stated, counted, failure, literal, said
from coder.tools.git.verb import GitParams

_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")
_POSITION = re.compile(r"(?:stash@\{)?(\d{1,6})\}?\Z")
_HASH = re.compile(r"[0-9a-f]{7,64}\Z")
_SHORT = 10
_SAID = 100


class PutAside:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        message = message_of(self._changer.session, params.message or "changes put aside")
        return command("stash", "push", "-m", message, *(("--", *params.paths) if params.paths else ()))

    def summary(self, params: GitParams) -> str:
        return " ".join(("stash", *params.paths))

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        ground, changes = await self._plan(params, workspace, asked=True)
        return _aside(ground, changes)

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        ground, changes = await self._plan(params, context.workspace, asked=bool(context.stated))
        check_stated(_aside(ground, changes), context.stated)
        before = stashes_of(ground.repository)
        message = message_of(self._changer.session, params.message or "changes put aside")
        paths = {change.path: None for change in changes} | {change.was: None for change in changes if change.was}
        new = ("--include-untracked",) if any(change.is_untracked for change in changes) else ()
        words = ("stash", "push", "--quiet", *new, "-m", message, *(_FROM_STDIN if params.paths else ()))
        done = await ground.do(*words, stdin=literal(paths) if params.paths else b"")
        held = stashes_of(ground.repository)
        made = next((each for each in held if each.message.endswith(message)), None)
        if not done.ok or made is None or made.commit in {each.commit for each in before}:
            raise failure(done, "git stash")
        lines = [
            f"Put {counted(len(changes))} aside as {made.commit[:_SHORT]}: "
            f"{ground.listed(change.path for change in changes)}",
            f"The files are as in the last commit now. unstash with rev {made.commit[:_SHORT]} brings it back.",
        ]
        if earlier := ground.was_earlier(changes):
            lines.append(f"Of these, changed before this session began: {ground.listed(earlier)}. Bring it back.")
        return ToolOutput("\n".join(lines), summary=f"{counted(len(changes))} put aside")

    async def _plan(self, params: GitParams, workspace: Workspace, *, asked: bool) -> tuple[Ground, tuple[Change, ...]]:
        ground = await self._changer.ground(workspace, STASH, asked=asked)
        if not await ground.head():
            raise ToolError("There is no commit yet, and git can put changes aside only on top of one.")
        named = paths_of(params.paths, workspace)
        status = await ground.status(named, untracked="all" if named else "no")
        if status.conflicts:
            files = ground.listed(change.path for change in status.conflicts)
            raise ToolError(f"There are conflicts in {files}, which cannot be put aside: settle them first.")
        changes = tuple(_chosen(status, {ground.below(path) for path in named}))
        if not changes:
            more = " A file that git does not know is taken only when it is named itself." if status.untracked else ""
            raise ToolError(f"Nothing to put aside: no tracked file is changed there.{more}")
        return ground, changes


class TakeBack:
    def __init__(self, changer: Changer) -> None:
        self._changer = changer

    def access(self, params: GitParams, workspace: Workspace) -> Access:
        """By position, as a shell would have to: what is there to see says whose it is."""
        repository = repository_of(workspace.cwd)
        meant = self._meant(params, stashes_of(repository) if repository else ())
        if meant is not None:
            return command("stash", "pop", f"stash@{{{meant.position}}}")
        return command("stash", "pop", *((params.rev,) if params.rev else ()))

    def summary(self, params: GitParams) -> str:
        return f"unstash {params.rev or ''}".strip()

    async def foresee(self, params: GitParams, workspace: Workspace) -> tuple[Effect, ...]:
        ground, stash = await self._plan(params, workspace, asked=True)
        return await self._effects(ground, stash)

    async def run(self, params: GitParams, context: ToolContext) -> ToolOutput:
        ground, stash = await self._plan(params, context.workspace, asked=bool(context.stated))
        check_stated(await self._effects(ground, stash), context.stated)
        files = await _files(ground, stash)
        done = await ground.do("stash", "apply", "--quiet", "--index", stash.commit)
        status = await ground.status(untracked="no")
        lost_index = ""
        if not done.ok and not status.conflicts:  # what was staged may no longer fit where the files do
            done = await ground.do("stash", "apply", "--quiet", stash.commit)
            status = await ground.status(untracked="no")
            lost_index = " What was staged in it is not staged now."
        if not done.ok:
            raise _not_back(ground, stash, status, said(done))
        text = f"Back from the stash, {counted(len(files))}: {ground.listed(files)}.{lost_index}"
        return ToolOutput(f"{text}\n{await _drop(ground, stash)}", summary=f"{counted(len(files))} back")

    async def _plan(self, params: GitParams, workspace: Workspace, *, asked: bool) -> tuple[Ground, Stash]:
        ground = await self._changer.ground(workspace, STASH, asked=asked)
        held = stashes_of(ground.repository)
        meant = self._meant(params, held)
        if meant is None:
            raise ToolError(self._why_not(params, held))
        return ground, meant

    def _meant(self, params: GitParams, held: tuple[Stash, ...]) -> Stash | None:
        rev = params.rev or ""
        if not rev:
            return next((each for each in held if each.is_of(self._changer.session)), None)
        if found := _POSITION.match(rev):
            at = int(found[1])
            if at < len(held):
                return held[at]
        found_by_hash = [each for each in held if _HASH.match(rev) and each.commit.startswith(rev)]
        return found_by_hash[0] if len({each.commit for each in found_by_hash}) == 1 else None

    def _why_not(self, params: GitParams, held: tuple[Stash, ...]) -> str:
        if not held:
            return "Nothing is put aside in this repository."
        shown = "; ".join(f"stash@{{{each.position}}} {self._named(each)}" for each in held[:5])
        if params.rev:
            return f"There is no stash {visible_line(params.rev)}. There are: {shown}."
        nothing = "This session has put nothing aside."
        return f"{nothing} What others have is taken only by name, when the person wants it: {shown}."

    def _named(self, stash: Stash) -> str:
        when = time.strftime("%d %b %H:%M", time.localtime(stash.when))
        text = visible_line(stash.message)[:_SAID]
        if stash.is_of(self._changer.session):
            return f"“{text}”, made by this session on {when}"
        who = f"another session of coder ({stash.session})" if stash.session else "hand, not by this session,"
        return f"“{text}”, made by {who} on {when}"

    async def _effects(self, ground: Ground, stash: Stash) -> tuple[Effect, ...]:
        files = await _files(ground, stash)
        return (
            changed(f"takes back {stash.commit[:_SHORT]} {self._named(stash)}"),
            changed(f"brings back {counted(len(files))}: {ground.listed(files)}"),
            *ground.runs,
        )


def _aside(ground: Ground, changes: tuple[Change, ...]) -> tuple[Effect, ...]:
    paths = [change.path for change in changes]
    are = "is" if len(paths) == 1 else "are"
    said = [f"puts {counted(len(paths))} aside, which {are} then as in the last commit: {ground.listed(paths)}"]
    return (*map(changed, (*said, *ground.said_earlier(changes))), *ground.runs)


def _chosen(status: Status, named: set[str]) -> Iterable[Change]:
    """Tracked files that are changed; a file that git does not know when it, or the new folder it is in, is named."""
    for change in status.changes:
        plain = change.path.rstrip("/")
        if change.is_ignored or (change.is_untracked and plain not in named):
            continue
        yield change


async def _files(ground: Ground, stash: Stash) -> tuple[str, ...]:
    """What a stash holds: changed files, and those that git did not know."""
    printed = await ground.seen(
        *("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv"),
        *("--ignore-submodules=dirty", f"{stash.commit}^1", stash.commit),
    )
    new = await ground.looked("ls-tree", "-r", "-z", "--name-only", "--full-tree", f"{stash.commit}^3")
    found = printed + (new.out if new.ok else b"")
    return tuple(os.fsdecode(path) for path in found.split(b"\0") if path)


def _not_back(ground: Ground, stash: Stash, status: Status, why: str) -> ToolError:
    kept = f"The stash {stash.commit[:_SHORT]} is kept."
    if status.conflicts:
        files = ground.listed(change.path for change in status.conflicts)
        return ToolError(f"It does not fit: there are conflicts in {files} now, to be settled and added. {kept}\n{why}")
    return ToolError(f"Nothing was brought back; files that differ stand in the way. {kept} git says:\n{why}")


async def _drop(ground: Ground, stash: Stash) -> str:
    """Drops it from where it is by now; one that moved in between is put back."""
    short = stash.commit[:_SHORT]
    at = next((each.position for each in stashes_of(ground.repository) if each.commit == stash.commit), None)
    if at is None:
        return f"The stash {short} was gone already."
    done = await ground.do("stash", "drop", f"stash@{{{at}}}")
    if not done.ok:
        return f"The stash {short} is still there: {said(done)}"
    left = {each.commit for each in stashes_of(ground.repository)}
    if stash.commit in left and (wrong := re.search(r"\(([0-9a-f]{40,64})\)", done.said)):
        await ground.do("stash", "store", "-m", "put back by coder", wrong[1])
        return f"The stash {short} is still there, for another was made meanwhile."
    return f"The stash {short} is dropped; `git stash store {short}` would bring it back for a while."
