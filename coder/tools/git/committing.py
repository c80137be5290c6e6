"""What a commit would be, seen before it is made: which files, where, by whose hooks and key. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.requests import Effect
from coder.core.visible import visible_line
from coder.git.porcelain import Change, Status
from coder.tools.git.ground import Ground, changed, counted

_SETTLED = ("rebase", "am", "cherry-pick", "revert")
_SHORT = 10


@dataclass(frozen=True, slots=True)
class Coming:
    """`changes` are what the commit holds; `status` is all there is, `head` the commit before ("" for none), `replaces`
    the one that goes, in words; `signs` who signs, "" for nobody."""

    ground: Ground
    status: Status
    changes: tuple[Change, ...]
    head: str
    replaces: str = ""
    signs: str = ""
    doing: str = ""

    @property
    def at(self) -> str:
        return f"on {visible_line(self.status.branch) or 'no branch'}"

    @property
    def where(self) -> str:
        if self.status.branch:
            return self.at if self.head else f"{self.at}, as its first commit"
        return f"{self.at} (at {self.head[:_SHORT]})"

    @property
    def effects(self) -> tuple[Effect, ...]:
        ground = self.ground
        paths = [change.path for change in self.changes]
        count, files = counted(len(paths)), ground.listed(paths)
        if self.replaces:
            said = [f"replaces the last commit {self.where}, {self.replaces}"]
            said.append(f"adds {count} to it: {files}" if paths else "changes its message alone")
        elif paths:
            said = [f"commits {count} {self.where}: {files}"]
        else:
            said = [f"makes a commit {self.where} in which no file is changed"]
        said += ground.said_earlier(self.changes)
        if self.doing:
            said.append(f"goes on with the {self.doing} that is under way")
        effects = [*map(changed, said), *ground.runs]
        if self.signs:
            effects.append(Effect("runs", self.signs))
        return tuple(effects)


async def coming(ground: Ground, paths: tuple[str, ...], *, amend: bool, has_message: bool) -> Coming:
    """Raises ToolError for a commit that cannot be made, with what to do first."""
    status = await ground.status(untracked="no")
    doing = ground.doing
    if status.conflicts:
        files = ground.listed(change.path for change in status.conflicts)
        raise ToolError(f"There are conflicts in {files}: settle them and add the files first.")
    if doing and (paths or amend):
        what = "`paths`" if paths else "`amend`"
        raise ToolError(f"A {doing} is under way, which a commit with {what} would break: commit all of it, without.")
    changes = tuple(_below(status.changes, paths, ground)) if paths else status.staged
    ground.check_submodules(changes if paths else ())
    head = await ground.head()
    if paths and not changes:
        raise ToolError(await _why_nothing(ground, paths))
    if amend and not head:
        raise ToolError("There is no commit yet that could be replaced. Commit without `amend`.")
    if not changes and not (amend and has_message) and doing not in ("merge", *_SETTLED):
        raise ToolError(_nothing_staged(ground, status))
    replaces = await _replaced(ground, head) if amend else ""
    signs = await _signer(ground)
    return Coming(ground, status, changes, head, replaces, signs, doing)


def _below(changes: Iterable[Change], paths: tuple[str, ...], ground: Ground) -> Iterable[Change]:
    named = [ground.below(path) for path in paths]
    for change in changes:
        if any(each in (".", change.path) or change.path.startswith(f"{each}/") for each in named):
            yield change


async def _why_nothing(ground: Ground, paths: tuple[str, ...]) -> str:
    known = await ground.looked("--literal-pathspecs", "ls-files", "-z", "--", *paths)
    files = ground.listed(ground.below(path) for path in paths)
    if known.ok and not known.out:
        return f"git does not know {files} yet: add it first."
    return f"Nothing to commit: {files} is as in the last commit."


def _nothing_staged(ground: Ground, status: Status) -> str:
    if unstaged := status.unstaged:
        files = ground.listed(change.path for change in unstaged)
        return f"Nothing is staged. Changed but not staged: {files}. Add the files that belong to the commit."
    return "Nothing to commit: nothing is staged, and no tracked file is changed. New files are to be added first."


async def _replaced(ground: Ground, head: str) -> str:
    """The last commit in words. Raises ToolError when somebody else may have it."""
    listed = await ground.looked(
        "for-each-ref", "--count=1", "--format=%(refname:short)", f"--contains={head}", "refs/remotes"
    )
    if not listed.ok:
        raise ToolError("It cannot be told whether the last commit was pushed, so it is not replaced. Make a new one.")
    if remote := visible_line(listed.text.strip()):
        raise ToolError(
            f"The last commit is already on {remote}, where others may build on it, so it is not replaced. Make a new "
            "commit that puts it right."
        )
    told = await ground.looked("log", "-1", "--no-show-signature", "--format=%h “%s” by %an", head)
    return visible_line(told.text.strip()) or head[:_SHORT]


async def _signer(ground: Ground) -> str:
    """Who signs, by the person's settings."""
    wanted = await ground.theirs.run(ground.cwd, "config", "--type=bool", "commit.gpgSign", seconds=10)
    if not wanted.ok or wanted.said != "true":
        return ""
    key = await ground.theirs.run(ground.cwd, "config", "user.signingKey", seconds=10)
    kind = await ground.theirs.run(ground.cwd, "config", "gpg.format", seconds=10)
    name = {"ssh": "ssh-keygen", "x509": "gpgsm"}.get(kind.said if kind.ok else "", "gpg")
    with_key = visible_line(Path(key.said).name) if key.ok and key.said else "your default key"
    return f"{name}, which signs it with {with_key}"
