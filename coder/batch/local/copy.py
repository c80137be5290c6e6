"""A copy of a folder as the place of an attempt, for what is in no repository, or is not to be one's work tree. What
was changed is told as a patch, by a repository of ours outside of it. Must not know tasks.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from coder.batch.local.place import Harvest, Left
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.git.call import Answer, Git

_SECONDS = 600.0
_LARGEST_PATCH = 64 << 20
_DIFF = ("diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")


@dataclass(frozen=True, slots=True)
class Copies:
    """They come to lie in `folder`. `prepare` (source, copy) brings trust along, `forget` takes it from one that is
    gone."""

    env: Mapping[str, str]
    folder: Path
    prepare: Callable[[Path, Path], None]
    forget: Callable[[Path], None]

    def make(self, name: str, cwd: Path) -> CopyPlace:
        """Blocks. Raises OSError, and CoderError where trust cannot be carried over."""
        made = self.folder / name / "files"
        made.parent.mkdir(parents=True, mode=0o700)
        ours = self._ours()

        def passed_over(at: str, names: list[str]) -> list[str]:
            return [each for each in names if _is_no_file(Path(at, each)) or os.path.realpath(Path(at, each)) in ours]

        try:
            shutil.copytree(cwd, made, symlinks=True, ignore=passed_over)
        except shutil.Error as error:
            first = error.args[0][0] if error.args and error.args[0] else (cwd, made, str(error))
            raise OSError(
                0, f"{visible_line(str(first[0]))} cannot be copied: {visible_line(str(first[2]))}"
            ) from error
        self.prepare(cwd, made)
        place = self.at(name)
        place.begin()
        return place

    def _ours(self) -> set[str]:
        """What is the batch's own, and lies in the folder at times: the results, what it goes on from, these copies."""
        beside = self.folder.parent
        results = beside.with_suffix("")
        every = (self.folder, beside, results, results.with_name(f"{results.name}.state"))
        return {os.path.realpath(each) for each in every}

    def at(self, name: str) -> CopyPlace:
        return CopyPlace(self, Git(self.env, (self.folder,)), self.folder / name)


class CopyPlace:
    def __init__(self, copies: Copies, git: Git, root: Path) -> None:
        self._copies, self._git, self._root = copies, git, root
        self._store = root / "git"
        self._changed = False
        self._problem = ""

    @property
    def folder(self) -> Path:
        return self._root / "files"

    @property
    def fds(self) -> tuple[int, ...]:
        return ()

    @property
    def is_there(self) -> bool:
        return self.folder.is_dir()

    def begin(self) -> None:
        """Remembers how it was."""
        made = self._git.answer(self._root, "init", "-q", "--bare", "--template=", str(self._store))
        tree = self._tree() if made.ok else made
        if not tree.ok or not self._call("update-ref", "refs/coder/base", tree.text.strip()).ok:
            self._problem = visible_line(tree.problem) or "git cannot take its files in"

    def harvest(self, branch: str, message: str) -> Harvest:
        base, tree = self._call("rev-parse", "-q", "--verify", "refs/coder/base"), self._tree()
        if self._problem or not (base.ok and tree.ok):
            self._problem = self._problem or visible_line(tree.problem) or "it is not known how it was"
            return Harvest(problem=self._problem)
        was, now = base.text.strip(), tree.text.strip()
        if was == now:
            return Harvest()
        self._changed = True
        patch = self._call(*_DIFF, was, now, "--")
        return Harvest(patch=patch.out if patch.ok else b"")

    def leave(self) -> Left:
        if self._problem or self._changed:
            return Left(str(self.folder), self._problem or "it was changed")
        try:
            shutil.rmtree(self._root)
        except OSError as error:
            return Left(str(self.folder), visible_line(str(error)))
        self._copies.forget(self.folder)
        return Left()

    def settle(self) -> None:
        pass

    def _tree(self) -> Answer:
        added = self._call("add", "-A", "--", ".")
        return self._call("write-tree") if added.ok else added

    def _call(self, *arguments: str) -> Answer:
        env = {"GIT_DIR": str(self._store), "GIT_WORK_TREE": str(self.folder)}
        # A bare repository of ours; what the copied folder says of filters is in a .git that is not looked at.
        settings = ("core.bare=false", "core.safecrlf=false", "core.autocrlf=false", "core.attributesFile=/dev/null")
        return self._git.answer(
            self.folder, *arguments, env=env, seconds=_SECONDS, most=_LARGEST_PATCH, settings=settings
        )


def _is_no_file(path: Path) -> bool:
    """Pipes, sockets and devices: copying one would wait for ever."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return True
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))
