"""What commits and the index have at paths, and putting single entries into an index. Must not know who changes what.

Paths are relative to the top of the work tree, as `os.fsdecode` has them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.git.call import Answer, Git
from coder.git.filters import ARGUMENTS, filters

_AT_ONCE = 400  # paths in one argument list
_LONG = 60.0  # seconds, for what somebody waits for
GITLINK = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """`mode` as git writes it, `blob` the hash of the content."""

    mode: str
    blob: str


def tree_entries(git: Git, top: Path, commit: str, paths: Iterable[str]) -> dict[str, Entry]:
    """What a commit has at each of these paths, folders and submodules too. Nothing for a commit of "". Blocks."""
    found: dict[str, Entry] = {}
    for some in _chunks(paths) if commit else ():
        asked = ("ls-tree", "-z", "--full-tree", commit, "--", *some)
        for head, path in _rows(git.run(top, "--literal-pathspecs", *asked)):
            mode, _, blob = head.split(" ")[:3]
            found[path] = Entry(mode, blob)
    wanted = set(paths)
    return {path: entry for path, entry in found.items() if path in wanted}


@dataclass(frozen=True, slots=True)
class Indexed:
    """`hidden`: git was told not to look at the file on disk."""

    entry: Entry
    hidden: bool = False


def index_entries(
    git: Git, top: Path, paths: Iterable[str], env: Mapping[str, str] | None = None
) -> dict[str, Indexed]:
    """What the index has at each of these paths. Blocks."""
    found: dict[str, Indexed] = {}
    for some in _chunks(paths):
        asked = ("--literal-pathspecs", "ls-files", "-v", "--stage", "-z", "--", *some)
        for head, path in _rows(git.answer(top, *asked, seconds=_LONG, env=env).out):
            tag, mode, blob, stage = head.split(" ")[:4]
            if stage == "0":
                found[path] = Indexed(Entry(mode, blob), hidden=tag == "S" or tag.islower())
    wanted = set(paths)
    return {path: entry for path, entry in found.items() if path in wanted}


def staged_paths(git: Git, top: Path, head: str) -> frozenset[str] | None:
    """The paths where the index is not what the commit `head` has, "" for none; None when git cannot tell. Blocks."""
    if not head:
        listed = git.answer(top, "ls-files", "-z", seconds=_LONG)
        return frozenset(_names(listed.out)) if listed.ok else None
    asked = ("diff-index", "--cached", "--name-only", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty")
    listed = git.answer(top, *asked, "-z", head, seconds=_LONG)
    return frozenset(_names(listed.out)) if listed.ok else None


def put_entries(
    git: Git,
    top: Path,
    entries: Mapping[str, Entry | None],
    env: Mapping[str, str] | None = None,
    settings: Iterable[str] = (),
) -> Answer:
    """Makes these the index's entries, None for none; what else it holds stays. Blocks.

    Of an index that is no younger than a file git reads that file anew as it writes: through no filter of the
    repository's own settings."""
    if not entries:
        return Answer(0)
    quiet = filters(git.answer(top, *ARGUMENTS, seconds=_LONG))
    if quiet.problem:
        return Answer(None, err=os.fsencode(quiet.problem))
    zeros = b"0" * _hash_length(git, top)
    gone = [path for path, entry in entries.items() if entry is None]
    lines = [b"0 " + zeros + b"\t" + os.fsencode(path) for path in gone]
    lines += [
        f"{entry.mode} {entry.blob}\t".encode("ascii") + os.fsencode(path)
        for path, entry in entries.items()
        if entry is not None
    ]
    stdin = b"".join(line + b"\0" for line in lines)
    asked = ("update-index", "--replace", "-z", "--index-info")
    return git.answer(top, *asked, stdin=stdin, seconds=_LONG, settings=(*quiet.settings, *settings), env=env)


def _hash_length(git: Git, top: Path) -> int:
    return 64 if git.run(top, "rev-parse", "--show-object-format") == b"sha256\n" else 40


def _rows(listed: bytes | None) -> Iterator[tuple[str, str]]:
    for item in (listed or b"").split(b"\0"):
        head, tab, path = item.partition(b"\t")
        if tab:
            yield head.decode("ascii", "replace"), os.fsdecode(path)


def _names(listed: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listed.split(b"\0") if name]


def _chunks(paths: Iterable[str]) -> Iterator[Sequence[str]]:
    rest = iter(paths)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
