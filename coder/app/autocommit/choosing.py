"""Which of the paths that a run changed go into its commit, and why the others do not. Changes nothing.

Must not know how a commit is made, nor who is told.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import field
from pathlib import Path

from coder.app.autocommit.wording import named
from coder.checkpoints.changelog import ChangeSet
from coder.checkpoints.compose import Net, compose, history_of
from coder.checkpoints.entries import Entry as Seen
from coder.core.dataclass import dataclass
from coder.core.errors import CoderError
from coder.git.call import Git
from coder.git.entries import GITLINK, Entry, index_entries, tree_entries
from coder.git.repository import Repository, repository_of
from coder.git.secretive import looks_secret
from coder.git.unfit import foreign_filters, ignored

_ELSEWHERE = "outside this repository"
_OTHER = "in another repository"
_LARGE = "too large for checkpoints"
_SECRET = "looks like a secret by its name"  # words for people
_DENIED = "your rules deny reading it"
_HIDDEN = "git is told not to look at it"
_UNSURE = "changed while a command ran in the background, by that or by you"
_NO_FILE = "cannot be read as a file"
_MOST_ASKED = 50  # files of which git is asked whether they are the same


@dataclass(slots=True)
class Chosen:
    """`nets` are the changes of the paths that go in, by their names below the top; `left` the others by the reason.
    `settings` are for git when it takes them in."""

    nets: dict[str, Net] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def leave(self, path: str, why: str) -> None:
        self.left.setdefault(why, []).append(path)

    @property
    def told(self) -> str:
        """What is left out, for people; "" for nothing."""
        return "; ".join(f"{named(paths)} ({why})" for why, paths in self.left.items())


def choose(
    repository: Repository, git: Git, head: str, sets: Sequence[ChangeSet], is_denied: Callable[[Path], bool]
) -> Chosen | None:
    """None when git cannot tell. Blocks."""
    chosen = Chosen()
    sure = [change for each in sets if each.source != "background" for change in each.changes]
    for path, net in sorted(compose(sure).items()):
        if _is_about_a_file(net) and not history_of(path):
            _place(chosen, repository, path, net)
    _leave_unsure(chosen, repository, sets)
    for path in list(chosen.nets):
        if why := _why_not(repository.top / path, chosen.nets[path], is_denied):
            del chosen.nets[path]
            chosen.leave(path, why)
    return _as_git_says(chosen, repository, git, head)


def _as_git_says(chosen: Chosen, repository: Repository, git: Git, head: str) -> Chosen | None:
    top = repository.top
    above = {folder for path in chosen.nets for folder in (*_above(path), path)}
    links = {path for path, entry in tree_entries(git, top, head, above).items() if entry.mode == GITLINK}
    for path in list(chosen.nets):
        if links.intersection((*_above(path), path)):  # of these git would tell nothing at all
            del chosen.nets[path]
            chosen.leave(path, _OTHER)
    every = list(chosen.nets)
    skip = ignored(git, top, every)
    foreign = foreign_filters(git, top, every)
    if skip is None or foreign is None:
        return None
    chosen.settings = foreign.settings
    tracked = tree_entries(git, top, head, skip)
    hidden = {path for path, entry in index_entries(git, top, every).items() if entry.hidden}
    for path in every:
        why = ""
        if path in skip and path not in tracked:
            del chosen.nets[path]
            continue
        if path in foreign.paths:
            why = f"git would run the filter {foreign.paths[path]} of the repository's own settings"
        elif path in hidden:
            why = _HIDDEN
        if why:
            del chosen.nets[path]
            chosen.leave(path, why)
    # What is ignored is nothing to be told of either.
    unsure = chosen.left.get(_UNSURE, [])
    quiet = ignored(git, top, unsure) or frozenset()
    if unsure:
        chosen.left[_UNSURE] = [path for path in unsure if path not in quiet]
    chosen.left = {why: paths for why, paths in chosen.left.items() if paths}
    return chosen


def dirty_before(
    git: Git, top: Path, head: str, chosen: Chosen, paths: Collection[str], content: Callable[[str], bytes]
) -> list[str]:
    """The paths that were not as the commit `head` has them before the run changed them. Blocks."""
    known = tree_entries(git, top, head, paths)
    nets = {path: chosen.nets[path] for path in paths}
    found = [path for path, net in nets.items() if net.broken or not _is_same(net.first, known.get(path), content)]
    asked = [path for path in found if path in known and not nets[path].broken][:_MOST_ASKED]
    same = {
        path
        for path in asked
        if _is_same_to_git(git, top, path, nets[path].first, known[path], content, chosen.settings)
    }
    return [path for path in found if path not in same]


def _is_same_to_git(
    git: Git,
    top: Path,
    path: str,
    seen: Seen | None,
    entry: Entry,
    content: Callable[[str], bytes],
    settings: Collection[str],
) -> bool:
    """Whether git, with the filters that the person has set up, takes the content for the same."""
    if seen is None or seen.kind != "file":
        return False
    try:
        data = content(seen.content)
    except CoderError:
        return False
    hashed = git.answer(top, "hash-object", "--stdin", f"--path={path}", stdin=data, settings=settings)
    return hashed.ok and hashed.text.strip() == entry.blob


def _is_same(seen: Seen | None, entry: Entry | None, content: Callable[[str], bytes]) -> bool:
    if seen is None or seen.kind not in ("file", "link"):
        return entry is None or entry.mode == "040000"
    if entry is None:
        return False
    try:
        data = os.fsencode(seen.content) if seen.kind == "link" else content(seen.content)
    except CoderError:
        return False
    # git keeps LF where files have CRLF, if it is told to.
    return entry.blob in (_blob(data, entry.blob), _blob(data.replace(b"\r\n", b"\n"), entry.blob))


def _blob(data: bytes, like: str) -> str:
    made = hashlib.sha256() if len(like) == 64 else hashlib.sha1(usedforsecurity=False)
    made.update(b"blob %d\0" % len(data))
    made.update(data)
    return made.hexdigest()


def _place(chosen: Chosen, repository: Repository, path: str, net: Net) -> None:
    top = str(repository.top)
    if not path.startswith(f"{top.rstrip('/')}/"):
        chosen.leave(path, _ELSEWHERE)
        return
    below = path[len(top.rstrip("/")) + 1 :]
    found = repository_of(Path(path).parent)
    if found is None or found.folder != repository.folder:
        chosen.leave(below, _OTHER)
    else:
        chosen.nets[below] = net


def _leave_unsure(chosen: Chosen, repository: Repository, sets: Iterable[ChangeSet]) -> None:
    """What a command in the background changed, or the person meanwhile, and no call did."""
    doubtful = [change for each in sets if each.source == "background" for change in each.changes]
    inner = Chosen()
    for path, net in sorted(compose(doubtful).items()):
        if _is_about_a_file(net) and not history_of(path):
            _place(inner, repository, path, net)
    for path in inner.nets:
        if path not in chosen.nets:
            chosen.leave(path, _UNSURE)


def _why_not(path: Path, net: Net, is_denied: Callable[[Path], bool]) -> str:
    if looks_secret(path.name):
        return _SECRET
    if is_denied(path):
        return _DENIED
    if any(entry is not None and entry.kind == "file" and not entry.is_kept for entry in (net.first, net.last)):
        return _LARGE
    if any(entry is not None and entry.kind == "other" for entry in (net.first, net.last)):
        return _NO_FILE
    if path.is_file() and not path.is_symlink() and not os.access(path, os.R_OK):
        return _NO_FILE
    return ""


def _is_about_a_file(net: Net) -> bool:
    return not all(entry is None or entry.kind == "folder" for entry in (net.first, net.last))


def _above(path: str) -> Collection[str]:
    parts = path.split("/")
    return tuple("/".join(parts[:count]) for count in range(1, len(parts)))
