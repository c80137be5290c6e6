"""What of a repository the files do not show: branches, stash, what is staged. Saved before a command may drop it.

Reads the repository, never writes to it: bringing something back is left to commands that the person runs.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from coder.checkpoints.contents import private_folder
from coder.checkpoints.entries import path_from_json, path_to_json
from coder.checkpoints.limits import MOST_GIT_BYTES, MOST_GIT_STATES
from coder.core.dataclass import dataclass
from coder.git.call import Git
from coder.git.hashes import HASH
from coder.git.repository import Repository, repository_of

_MOST_REFS = 2_000


@dataclass(frozen=True, slots=True)
class GitState:
    """`branches` and `stashes` are (name or message, commit). `index` and `objects` are files of ours, None where
    there is nothing to keep, or too much."""

    top: Path
    head: str
    branches: tuple[tuple[str, str], ...]
    stashes: tuple[tuple[str, str], ...]
    index: Path | None
    objects: Path | None

    def commands(self) -> list[str]:
        """What brings each part back, for a shell. A branch that is checked out is moved too, as by `reset --soft`:
        `git branch -f` would refuse."""
        git = f"git -C {shlex.quote(str(self.top))}"
        found: list[str] = []
        if self.objects is not None:
            found.append(f"{git} unpack-objects -q < {shlex.quote(str(self.objects))}")
        found += [
            f"{git} update-ref -m rewind {shlex.quote(f'refs/heads/{name}')} {commit}" for name, commit in self.branches
        ]
        for message, commit in reversed(self.stashes):
            found.append(f"{git} stash store -m {shlex.quote(message)} {commit}")
        if self.index is not None:
            place = f'"$({git} rev-parse --absolute-git-dir)"/index'
            found.append(f"cp {shlex.quote(str(self.index))} {place}")
        return found


def repositories(folders: Iterable[Path]) -> list[Repository]:
    """The repositories of these folders, each once."""
    found = (repository_of(Path(os.path.realpath(folder))) for folder in folders)
    return list({each.folder: each for each in found if each is not None}.values())


def work_trees(repository: Repository, git: Git) -> list[Path]:
    """Every work tree of a repository. Blocks."""
    listed = git.run(repository.top, "worktree", "list", "--porcelain") or b""
    lines = (line for line in listed.split(b"\n") if line.startswith(b"worktree "))
    return [Path(os.fsdecode(line.removeprefix(b"worktree "))) for line in lines]


def save_state(repository: Repository, git: Git, folder: Path, id: str) -> GitState | None:
    """Saves the state below `folder` as one of `id`. None when git cannot tell it. Blocks; raises OSError."""
    top = repository.top
    listed = git.run(top, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads")
    if listed is None:
        return None
    pairs = [line.partition(" ") for line in listed.decode("utf-8", "surrogateescape").splitlines()]
    branches = tuple((name.removeprefix("refs/heads/"), commit) for commit, _, name in pairs if HASH.match(commit))
    stashes = _stashes(git, top)
    head = (git.run(top, "rev-parse", "-q", "--verify", "HEAD") or b"").decode("ascii", "replace").strip()
    place = folder / f"git-{id}-{len(list(folder.glob(f'git-{id}*')))}"
    private_folder(place)
    index = _copied(repository.index, place / "index")
    objects = _packed(git, top, head, branches, stashes, place / "objects.pack")
    state = GitState(top, head, branches[:_MOST_REFS], stashes, index, objects)
    _write(place / "state.json", json.dumps(_to_json(state)).encode("ascii"))
    _drop_oldest(folder)
    return state


def load_states(folder: Path, id: str) -> tuple[GitState, ...]:
    """The states that were saved as `id`, one for each repository. Never raises."""
    found = (_load(place) for place in sorted(folder.glob(f"git-{id}*")))
    return tuple(state for state in found if state is not None)


def _load(place: Path) -> GitState | None:
    try:
        raw = json.loads((place / "state.json").read_bytes())
        index, objects = (Path(path_from_json(raw[key])) if raw[key] else None for key in ("index", "objects"))
        branches, stashes = (
            tuple((path_from_json(name), str(commit)) for name, commit in raw[key]) for key in ("branches", "stashes")
        )
        return GitState(Path(path_from_json(raw["top"])), str(raw["head"]), branches, stashes, index, objects)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stashes(git: Git, top: Path) -> tuple[tuple[str, str], ...]:
    """The newest first, as git lists them."""
    listed = git.run(top, "stash", "list", "--format=%H %gs") or b""
    lines = (line.partition(" ") for line in listed.decode("utf-8", "surrogateescape").splitlines())
    return tuple((message, commit) for commit, _, message in lines if HASH.match(commit))


def _packed(
    git: Git,
    top: Path,
    head: str,
    branches: tuple[tuple[str, str], ...],
    stashes: tuple[tuple[str, str], ...],
    file: Path,
) -> Path | None:
    """What could become unreachable: commits that no remote and no tag holds, stashes and staged contents. When that
    is too much, only what no branch holds either."""
    staged = _staged(git, top, head)
    tips = [commit for _, commit in (*branches, *stashes)]
    own = [*tips, *([head] if HASH.match(head) else []), *staged]
    rare = [*(commit for _, commit in stashes), *staged]
    for wanted, elsewhere in ((own, ("refs/remotes", "refs/tags")), (rare, ("refs",))):
        held = git.run(top, "for-each-ref", "--format=^%(objectname)", *elsewhere)
        if not wanted or held is None:
            continue
        lines = held.decode("ascii", "replace").splitlines()
        without = [line for line in lines if line[1:] not in wanted]  # the newest stash is a ref too
        asked = "\n".join([*wanted, *without, ""]).encode("ascii")
        arguments = ("pack-objects", "--revs", "--stdout", "-q", "--threads=1")
        data = git.run(top, *arguments, stdin=asked, most=MOST_GIT_BYTES)
        if data is not None and len(data) > 32:  # more than the frame of an empty pack
            _write(file, data)
            return file
    return None


def _staged(git: Git, top: Path, head: str) -> list[str]:
    against = head if HASH.match(head) else "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the empty tree
    arguments = ("diff-index", "--cached", "--raw", "--no-abbrev", "--no-renames", "-z", against)
    listed = git.run(top, *arguments) or b""
    found: list[str] = []
    for item in listed.split(b"\0"):
        fields = item.split(b" ")
        blob = fields[3].decode("ascii", "replace") if item.startswith(b":") and len(fields) == 5 else ""
        if HASH.match(blob) and set(blob) != {"0"} and fields[1] != b"160000":
            found.append(blob)
    return found


def _copied(source: Path, target: Path) -> Path | None:
    try:
        if not 0 < source.stat().st_size <= MOST_GIT_BYTES:
            return None
        data = source.read_bytes()
    except OSError:
        return None
    _write(target, data)
    return target


def _write(file: Path, data: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)


def _drop_oldest(folder: Path) -> None:
    with suppress(OSError):
        kept = sorted(folder.glob("git-*"), key=lambda each: each.stat().st_mtime)
        for old in kept[:-MOST_GIT_STATES]:
            for file in old.iterdir():
                file.unlink()
            old.rmdir()


def _to_json(state: GitState) -> dict[str, object]:
    return {
        "top": path_to_json(str(state.top)),
        "head": state.head,
        "branches": [[path_to_json(name), commit] for name, commit in state.branches],
        "stashes": [[path_to_json(name), commit] for name, commit in state.stashes],
        "index": path_to_json(str(state.index)) if state.index else "",
        "objects": path_to_json(str(state.objects)) if state.objects else "",
    }
