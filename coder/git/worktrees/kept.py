"""Saves what would be lost with a work tree, so that it can be had again: commits under `refs/coder/kept`, files in an
archive. Must not know who wants it removed.
"""

from __future__ import annotations

import os
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.private import made_private
from coder.core.visible import visible_line
from coder.git.call import Git
from coder.git.filters import ARGUMENTS, filters
from coder.git.worktrees.files import SECONDS, place_of
from coder.git.worktrees.state import State
from coder.git.worktrees.trees import Checkout, WorkTree

ROOT = "refs/coder/kept"
_ADMIN = "git-folder"
_LARGEST = 4 << 30
_AUTHOR = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "coder"), ("EMAIL", "coder@localhost"))
}


@dataclass(frozen=True, slots=True)
class Kept:
    """`refs` hold commits, `archive` the files (None: there were none to keep)."""

    refs: tuple[str, ...]
    archive: Path | None


def keep(git: Git, main: Checkout, tree: WorkTree, state: State, folder: Path) -> Kept:
    """Saves it all, the archive in `folder`. Blocks. Raises ConfigError; nothing is to be removed then."""
    label = f"{tree.name}-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.urandom(2).hex()}"
    refs: list[str] = []
    for number, oid in enumerate(state.commits.tips, 1):
        refs.append(_hold(git, main, f"{ROOT}/{label}/{number}", oid))
    if state.files.staged:
        refs.append(_hold(git, main, f"{ROOT}/{label}/index", _staged(git, main, tree)))
    names = state.files.at_stake
    if not (names or state.holds):
        return Kept(tuple(refs), None)
    return Kept(tuple(refs), _archive(tree, names, folder / f"{label}.tar"))


def _hold(git: Git, main: Checkout, ref: str, oid: str) -> str:
    answer = git.answer(main.top, "update-ref", ref, oid, "")
    if not answer.ok:
        raise ConfigError(f"{ref} cannot be written: {visible_line(answer.problem)}. Nothing was removed.")
    return ref


def _staged(git: Git, main: Checkout, tree: WorkTree) -> str:
    """A commit of what is staged; while there are conflicts, one that holds every version of every file by number."""
    folder = tree.path if tree.is_there else main.top
    env = {**place_of(tree), "GIT_WORK_TREE": str(folder), **_AUTHOR}
    quiet = filters(git.answer(folder, *ARGUMENTS, env=env))  # it writes the index too, and reads files anew for that
    if quiet.problem:
        raise ConfigError(f"what is staged in {tree.path} cannot be kept: {visible_line(quiet.problem)}. Commit it.")
    written = git.answer(folder, "write-tree", env=env, seconds=SECONDS, settings=quiet.settings)
    oid = written.text.strip() if written.ok else _by_number(git, folder, env)
    parent = git.answer(folder, "rev-parse", "-q", "--verify", "HEAD^{commit}", env=env)
    parents = ("-p", parent.text.strip()) if parent.ok else ()
    made = git.answer(folder, "commit-tree", *parents, "-m", f"staged in {tree.name}", oid, env=env)
    if not (oid and made.ok):
        raise ConfigError(f"what is staged in {tree.path} cannot be kept: {visible_line(made.problem)}. Commit it.")
    return made.text.strip()


def _by_number(git: Git, folder: Path, env: Mapping[str, str]) -> str:
    listed = git.answer(folder, "ls-files", "-s", "-z", env=env, seconds=SECONDS)
    rows = [row.partition(b"\t")[0].split(b" ") for row in listed.out.split(b"\0") if row]
    blobs = [row for row in rows if row[0] != b"160000"]
    given = b"".join(b"%s blob %s\t%d-%s\0" % (row[0], row[1], at, row[2]) for at, row in enumerate(blobs))
    return git.answer(folder, "mktree", "-z", stdin=given, env=env, seconds=SECONDS).text.strip()


def _archive(tree: WorkTree, names: tuple[str, ...], file: Path) -> Path:
    """The files, and git's own folder of the work tree (its index, its log, what was under way)."""
    try:
        if sum((tree.path / name).lstat().st_size for name in names) > _LARGEST:
            raise ConfigError(f"the files in {tree.path} are larger than 4 GiB: nothing was removed. Move them away.")
        made_private(file.parent)
        fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(fd, "wb") as stream:
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in names:
                    _add(archive, tree.path / name, name)
                archive.add(tree.admin, f".{_ADMIN}")
            stream.flush()
            os.fsync(fd)
        return file
    except OSError as error:
        file.unlink(missing_ok=True)
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}. Nothing was removed.") from error


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    if archive.gettarinfo(path, name) is None:
        raise ConfigError(f"{path} is a socket, which cannot be kept. End what made it, or remove it.")
    archive.add(path, name, recursive=False)
