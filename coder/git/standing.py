"""Where HEAD of a repository stands, and whether something may be committed there just now. Changes nothing."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git.call import Git
from coder.git.hashes import HASH
from coder.git.progress import progress
from coder.git.repository import Repository, pipe_in

BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Standing:
    """`ref` is the branch, whole; `head` its commit, "" when it has none yet."""

    ref: str
    head: str

    @property
    def branch(self) -> str:
        return self.ref.removeprefix(BRANCHES)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Nothing can be committed here; `why` goes on after a colon."""

    why: str


def standing_of(repository: Repository, git: Git) -> Standing | Stuck:
    """Blocks."""
    if not git.is_there:
        return Stuck("git is not installed")
    if pipe := pipe_in(repository):
        return Stuck(f"{pipe} is no ordinary file. Remove it")
    top = repository.top
    asked = git.answer(top, "rev-parse", "--is-bare-repository", "--show-toplevel")
    lines = os.fsdecode(asked.out).split("\n")
    if lines[0] == "true":
        return Stuck("the repository is bare, it has no files of its own")
    if not asked.ok:
        return Stuck(asked.problem or "git cannot read the repository")
    if os.path.realpath(lines[1]) != os.path.realpath(top):
        return Stuck("its settings say that its files lie elsewhere")
    if why := _in_the_way(repository.folder):
        return Stuck(why)
    ref = git.answer(top, "symbolic-ref", "-q", "HEAD")
    name = os.fsdecode(ref.out).removesuffix("\n")
    if not ref.ok or not name.startswith(BRANCHES):
        return Stuck("HEAD is on no branch. Switch to one: git switch -c NAME")
    if git.answer(top, "ls-files", "-u", "-z").out:
        return Stuck("the index holds conflicts that are not resolved. Resolve them and git add the files")
    return Standing(name, commit_at(repository, git, "HEAD"))


def commit_at(repository: Repository, git: Git, name: str) -> str:
    """The hash of the commit that a full ref name stands for; "" for none. Blocks."""
    found = git.run(repository.top, "rev-parse", "-q", "--verify", "--end-of-options", f"{name}^{{commit}}") or b""
    text = found.decode("ascii", "replace").strip()
    return text if HASH.match(text) else ""


def _in_the_way(folder: Path) -> str:
    if found := progress(folder):
        return f"{found[0].named} is under way. Finish it first, git status says how"
    if os.path.lexists(folder / "index.lock"):
        return f"another git works there, or has left {folder / 'index.lock'} behind"
    return ""
