"""A commit of exactly some paths as they are on disk, made beside the person's index, and put onto a branch of ours.

Runs no hook and signs nothing. Every step leaves a repository that is whole: before the last one the commit is not on
the branch yet, and nothing on disk or staged is lost at any. Must not know sessions, or why it is committed.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git.call import Answer, Git
from coder.git.entries import Entry, index_entries, put_entries
from coder.git.repository import Repository
from coder.git.standing import BRANCHES, Standing, Stuck, commit_at

_LONG = 120.0  # seconds
_QUIET = ("core.safecrlf=warn", "core.splitIndex=false")  # nothing of the line ends stops it
_LOGGED = ("core.logAllRefUpdates=true",)
_TRIES = 9  # names that are tried for a branch
_IDENTITY = re.compile(r"(?P<name>.*) <(?P<email>[^<>]*)> \d+ [+-]\d{4}\n?\Z", re.DOTALL)
NOBODY = ("coder", "coder@localhost")


@dataclass(frozen=True, slots=True)
class Identity:
    """`is_known`: git knows who the person is."""

    author: tuple[str, str]
    committer: tuple[str, str]
    is_known: bool = True

    @property
    def env(self) -> dict[str, str]:
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
        return dict(zip(names, (*self.author, *self.committer), strict=True))


@dataclass(frozen=True, slots=True)
class Built:
    """A commit that is on no branch yet. `entries` is what it has at each of the paths, None for nothing."""

    commit: str
    parent: str
    entries: Mapping[str, Entry | None]


@dataclass(frozen=True, slots=True)
class Landing:
    """The branch `ref` goes from `was` to `to`, "" for none; `put` are the index entries that go with it, and `back`
    what the index has there now."""

    ref: str
    to: str
    was: str
    put: Mapping[str, Entry | None]
    back: Mapping[str, Entry | None]
    reason: str = "coder: auto-commit"


def identity_of(git: Git, top: Path, env: Mapping[str, str]) -> Identity:
    """Who the person is, by their variables and settings, as for a commit of their own. Blocks."""
    own = {name: value for name, value in env.items() if name.startswith(("GIT_AUTHOR_", "GIT_COMMITTER_"))}
    asked = (
        git.answer(top, "var", name, settings=("user.useConfigOnly=true",), env=own)
        for name in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT")
    )
    author, committer = (_IDENTITY.match(answer.text) if answer.ok else None for answer in asked)
    if author is None or committer is None:
        return Identity(NOBODY, NOBODY, is_known=False)
    return Identity((author["name"], author["email"]), (committer["name"], committer["email"]))


def build(
    repository: Repository,
    git: Git,
    scratch: Path,
    parent: str,
    paths: Collection[str],
    message: str,
    who: Identity,
    settings: Collection[str] = (),
) -> Built | Stuck | None:
    """A commit on top of `parent` ("" for none) in which these paths are as they are on disk. None when that changes
    nothing. `scratch` is a folder of ours for an index, `settings` are git's when it takes the files in. Blocks."""
    top = repository.top
    there = [path for path in paths if is_there(top / path)]
    gone: dict[str, Entry | None] = dict.fromkeys(set(paths).difference(there))
    with _scratch_index(scratch) as env:
        done = git.answer(top, "read-tree", parent or "--empty", seconds=_LONG, settings=_QUIET, env=env)
        done = put_entries(git, top, gone, env, _QUIET) if done.ok else done
        done = _take_in(git, top, there, env, settings) if done.ok else done
        if not done.ok:
            return Stuck(done.problem or "git could not take the files in")
        found = index_entries(git, top, paths, env)
        entries = {path: found[path].entry if path in found else None for path in paths}
        return _committed(git, top, env, parent, entries, message, who)


def build_from(
    repository: Repository,
    git: Git,
    scratch: Path,
    parent: str,
    entries: Mapping[str, Entry | None],
    message: str,
    who: Identity,
) -> Built | Stuck | None:
    """As `build`, with these entries instead of what is on disk."""
    with _scratch_index(scratch) as env:
        read = git.answer(repository.top, "read-tree", parent or "--empty", seconds=_LONG, settings=_QUIET, env=env)
        done = put_entries(git, repository.top, entries, env, _QUIET) if read.ok else read
        if not done.ok:
            return Stuck(done.problem or "git could not take the files in")
        return _committed(git, repository.top, env, parent, dict(entries), message, who)


def branch_for(repository: Repository, git: Git, wanted: str, standing: Standing) -> str:
    """The full name of a branch that may begin at HEAD: `wanted`, or the like where another has that name; "" for
    none. One that is there and stands at HEAD is taken as it is. Blocks."""
    names = [wanted, *(f"{wanted}-{number}" for number in range(2, _TRIES + 1))]
    for name in (*names, *(each.replace("/", "-") for each in names)):
        ref = BRANCHES + name
        at = commit_at(repository, git, ref)
        if at and at == standing.head:
            return ref
        if not at and (not standing.head or move(repository, git, ref, standing.head, "").ok):
            return ref
    return ""


def switch(repository: Repository, git: Git, ref: str) -> Answer:
    """HEAD is this branch from now on; no file and no index is touched. Blocks."""
    reason = f"coder: HEAD goes to {ref.removeprefix(BRANCHES)}"
    return git.answer(repository.top, "symbolic-ref", "-m", reason, "HEAD", ref, settings=_LOGGED)


def move(repository: Repository, git: Git, ref: str, to: str, was: str, reason: str = "coder: branch") -> Answer:
    """The branch goes from `was` to `to`; "" for none. Fails when it is somewhere else by now. Blocks."""
    zero = "0" * len(to or was)
    if not to:
        return git.answer(repository.top, "update-ref", "-m", reason, "-d", ref, was, settings=_LOGGED)
    return git.answer(repository.top, "update-ref", "-m", reason, ref, to, was or zero, settings=_LOGGED)


def index_before(repository: Repository, git: Git, built: Built, kept: Collection[str]) -> dict[str, Entry | None]:
    """What the index has at the paths of the commit whose entries differ, but for those that are `kept`. Blocks."""
    wanted = [path for path in built.entries if path not in kept]
    found = index_entries(git, repository.top, wanted)
    before = {path: found[path].entry if path in found else None for path in wanted}
    return {path: entry for path, entry in before.items() if entry != built.entries[path]}


def land(repository: Repository, git: Git, standing: Standing, landing: Landing) -> str:
    """Moves a branch that HEAD is, or becomes, and the index entries with it. Returns why it failed; then all is as it
    was. First the index, then the branch: cut off in between, the difference is staged. Blocks."""
    is_elsewhere = landing.ref != standing.ref
    if is_elsewhere and not (done := switch(repository, git, landing.ref)).ok:
        return done.problem or "HEAD could not be switched"
    done = put_entries(git, repository.top, landing.put)
    if done.ok:
        done = move(repository, git, landing.ref, landing.to, landing.was, landing.reason)
        if done.ok:
            return ""
        put_entries(git, repository.top, {path: landing.back[path] for path in landing.put})
    if is_elsewhere:
        switch(repository, git, standing.ref)
    return done.problem or "git could not write it"


def leave(repository: Repository, git: Git, landing: Landing, to: str) -> str:
    """HEAD goes back to the branch `to`, which is where the commit before is, and our branch goes. Returns why it
    failed, as `land`. Blocks."""
    done = put_entries(git, repository.top, landing.put)
    if done.ok:
        done = switch(repository, git, to)
        if done.ok:
            done = move(repository, git, landing.ref, "", landing.was, landing.reason)
            return "" if done.ok else done.problem or "the branch could not be deleted"
        put_entries(git, repository.top, {path: landing.back[path] for path in landing.put})
    return done.problem or "HEAD could not be switched"


def is_published(repository: Repository, git: Git, commit: str) -> bool:
    """Whether a remote branch that is known here has the commit. Blocks."""
    found = git.answer(repository.top, "for-each-ref", "--count=1", f"--contains={commit}", "refs/remotes")
    return not found.ok or bool(found.out.strip())


def _take_in(git: Git, top: Path, paths: Collection[str], env: Mapping[str, str], settings: Collection[str]) -> Answer:
    stdin = b"".join(os.fsencode(path) + b"\0" for path in paths)
    asked = ("update-index", "--add", "--remove", "--replace", "-z", "--stdin")
    return git.answer(top, *asked, stdin=stdin, seconds=_LONG, settings=(*_QUIET, *settings), env=env)


def _committed(
    git: Git,
    top: Path,
    env: Mapping[str, str],
    parent: str,
    entries: Mapping[str, Entry | None],
    message: str,
    who: Identity,
) -> Built | Stuck | None:
    written = git.answer(top, "write-tree", seconds=_LONG, settings=_QUIET, env=env)
    if not written.ok:
        return Stuck(written.problem or "git could not write the tree")
    tree = written.text.strip()
    if parent and git.run(top, "rev-parse", "--verify", "-q", f"{parent}^{{tree}}") == written.out:
        return None
    if not parent and all(entry is None for entry in entries.values()):
        return None
    parents = ("-p", parent) if parent else ()
    utf8 = ("i18n.commitEncoding=UTF-8",)
    text = message.encode("utf-8", "replace")
    made = git.answer(top, "commit-tree", *parents, tree, stdin=text, settings=utf8, env=who.env, seconds=_LONG)
    if not made.ok:
        return Stuck(made.problem or "git could not write the commit")
    return Built(made.text.strip(), parent, entries)


@contextmanager
def _scratch_index(folder: Path) -> Iterator[dict[str, str]]:
    """An index of its own. What a process that was killed left of one goes."""
    with suppress(OSError):
        for each in [each for each in folder.iterdir() if each.name.startswith("index-")]:
            each.unlink(missing_ok=True)
    file = folder / f"index-{os.getpid()}"
    try:
        yield {"GIT_INDEX_FILE": str(file)}
    finally:
        for each in (file, file.with_name(f"{file.name}.lock")):
            with suppress(OSError):
                each.unlink(missing_ok=True)


def is_there(path: Path) -> bool:
    """Whether there is something that git keeps: a file or a link."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)
