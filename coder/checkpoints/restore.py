"""Carries a plan out: everything is laid ready first, then put in place, so that a crash leaves all of the old state
or, once it is completed, all of the new. Must not know where the plan comes from.

Every folder is entered without following a link. What shows neither its old nor its new state is left alone.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from coder.checkpoints.contents import CheckpointError, Contents
from coder.checkpoints.entries import Change, Entry
from coder.checkpoints.look import look, shows
from coder.checkpoints.plan import Plan, Step, folder_of
from coder.core.nofollow import Folders
from coder.core.visible import visible_line

_IN_THE_WAY = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENOENT, errno.EISDIR})
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Restore:
    """One plan on its way. `ready` is where each new file or link lies ready: temporary paths, by the path it is for.

    `plan_ready` first, then `lay_ready`, then `put_in_place`; after a crash `clear` before, `put_in_place` behind the
    moment at which the plan counts.
    """

    def __init__(self, plan: Plan, contents: Contents, id: str) -> None:
        self._plan = plan
        self._contents = contents
        self._id = id
        self.ready: dict[str, str] = {}

    def plan_ready(self) -> None:
        """Chooses the temporary paths: in the nearest folder that is there and stays."""
        for number, step in enumerate(_brought(self._plan.steps.values())):
            folder = step.folder
            while not self._stays(folder):
                folder = folder_of(folder)
            self.ready[step.path] = f"{folder.rstrip('/')}/.coder-{self._id}-{number}.tmp"

    def lay_ready(self) -> None:
        """Writes everything that is to be put in place. Raises CheckpointError with nothing changed and all cleared."""
        with Folders() as folders:
            try:
                self._open_doors(folders)
                for step in _brought(self._plan.steps.values()):
                    self._lay(step, folders)
            except OSError as error:
                self.clear(folders)
                what = error.strerror or str(error)
                raise CheckpointError(f"there is no going back just now: {what}. Nothing was changed.") from error
            except CheckpointError:
                self.clear(folders)
                raise

    def clear(self, folders: Folders | None = None) -> None:
        """Takes away what was laid ready, and closes the doors. Never raises."""
        if folders is None:
            with Folders() as opened:
                self.clear(opened)
            return
        for path in self.ready:
            self._clear_one(path, folders)
        with suppress(OSError):
            self._set_modes(folders, {})

    def _clear_one(self, path: str, folders: Folders) -> None:
        if path in self.ready:
            with suppress(OSError):
                folder, name = _entered(folders, self.ready[path])
                os.unlink(name, dir_fd=folder)

    def put_in_place(self) -> tuple[list[Change], list[str]]:
        """What was changed, and the paths that somebody changed in the last moment, which are left. May be repeated.

        Raises CheckpointError when the disk refuses; going on later completes it.
        """
        done: list[Change] = []
        passed: list[str] = []
        steps = self._plan.steps
        try:
            with Folders() as folders:
                self._open_doors(folders)
                good = {path: step for path, step in steps.items() if self._may(step, folders)}
                passed += [path for path in steps if path not in good]
                passed += _not_done(self._remove, [good[path] for path in sorted(good, reverse=True)], folders)
            with Folders() as folders:
                rest = [good[path] for path in sorted(good) if path not in passed]
                passed += _not_done(self._make_folder, rest, folders)
                passed += _not_done(self._place, [step for step in rest if step.path not in passed], folders)
                self._set_modes(folders, good)
                done = [Change(step.path, step.have, step.want) for step in good.values() if step.path not in passed]
                for path in passed:
                    self._clear_one(path, folders)
        except OSError as error:
            where = f" at {visible_line(str(error.filename))}" if error.filename else ""
            raise CheckpointError(
                f"going back stopped half way{where}: {error.strerror or error}. coder completes it at the next start."
            ) from error
        return done, passed

    def _stays(self, folder: str) -> bool:
        step = self._plan.steps.get(folder)
        if step is not None and (step.want is None or step.want.kind != "folder"):
            return False
        found = self._look(folder)
        return found is not None and found.kind == "folder"

    def _look(self, path: str, folders: Folders | None = None) -> Entry | None:
        if path in ("", "/"):
            return Entry("folder", 0o755)
        return look(path, self._contents, folders)

    def _lay(self, step: Step, folders: Folders) -> None:
        assert step.want is not None
        folder, name = _entered(folders, self.ready[step.path])
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        if step.want.kind == "link":
            os.symlink(step.want.content, name, dir_fd=folder)
            return
        data = self._contents.get(step.want.content)
        descriptor = os.open(name, _NEW, 0o600, dir_fd=folder)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            self._keep_owner(step, descriptor, folders)
            os.fchmod(descriptor, step.want.mode)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _keep_owner(self, step: Step, descriptor: int, folders: Folders) -> None:
        if step.have is None or step.have.kind != "file":
            return
        with suppress(OSError):
            old, new = folders.status(step.path.lstrip("/")), os.fstat(descriptor)
            if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
                os.fchown(descriptor, old.st_uid, old.st_gid)

    def _may(self, step: Step, folders: Folders) -> bool:
        """Whether the path shows its old state, its new one, or one on the way between them."""
        found = self._look(step.path, folders)
        if any(shows(found, each, self._contents) for each in (step.have, step.want)):
            return True
        if found is not None and found.kind == "folder":
            modes = {each.mode for each in (step.have, step.want) if each is not None and each.kind == "folder"}
            return found.mode == 0o700 or any(found.mode == mode | 0o700 for mode in modes)
        between = found is None and step.have is not None and step.want is not None
        return between and "folder" in {each.kind for each in (step.have, step.want) if each is not None}

    def _remove(self, step: Step, folders: Folders) -> bool:
        """Makes room, where the new state cannot take the place of the old one at one stroke; False when it cannot."""
        have, want = step.have, step.want
        if have is None or (want is not None and "folder" not in (want.kind, have.kind)):
            return True
        found = self._look(step.path, folders)
        if found is None or shows(found, want, self._contents):
            return True
        folder, name = _entered(folders, step.path)
        if found.kind != "folder":
            os.unlink(name, dir_fd=folder)
        elif want is None or want.kind != "folder":
            try:
                os.rmdir(name, dir_fd=folder)
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                    return False  # somebody put something there
                raise
        return True

    def _make_folder(self, step: Step, folders: Folders) -> bool:
        if step.want is not None and step.want.kind == "folder":
            folder, name = _entered(folders, step.path)
            with suppress(FileExistsError):
                os.mkdir(name, 0o700, dir_fd=folder)
        return True

    def _place(self, step: Step, folders: Folders) -> bool:
        """Puts a file or link in its place; False when something stands in the way."""
        if step.want is None or step.want.kind == "folder":
            return True
        found = self._look(step.path, folders)
        if shows(found, step.want, self._contents):
            return True
        if not (shows(found, step.have, self._contents) or found is None):
            return False
        if step.path not in self.ready:
            _set_mode(folders, step.path, step.want.mode)
            return True
        if self._look(self.ready[step.path], folders) is None:
            self._lay(step, folders)
        target, name = _entered(folders, self.ready[step.path])
        source = os.dup(target)
        try:
            folder, new = _entered(folders, step.path)
            os.rename(name, new, src_dir_fd=source, dst_dir_fd=folder)
        except IsADirectoryError:
            return False
        finally:
            os.close(source)
        return True

    def _open_doors(self, folders: Folders) -> None:
        for path in sorted(self._plan.doors):
            with suppress(OSError):
                mode = stat.S_IMODE(folders.status(path.lstrip("/")).st_mode)
                _set_mode(folders, path, mode | 0o700)

    def _set_modes(self, folders: Folders, good: dict[str, Step]) -> None:
        modes = dict(self._plan.doors)
        for step in good.values():
            if step.want is not None and step.want.kind == "folder":
                modes[step.path] = step.want.mode
            else:
                modes.pop(step.path, None)
        for path in sorted(modes, reverse=True):
            try:
                _set_mode(folders, path, modes[path])
            except OSError as error:
                if error.errno not in _IN_THE_WAY:
                    raise


def _not_done(do: Callable[[Step, Folders], bool], steps: Iterable[Step], folders: Folders) -> list[str]:
    """Does it for each step. Returns the paths where it could not, since somebody put something in the way. Raises
    OSError when the disk refuses."""
    left: list[str] = []
    for step in steps:
        try:
            done = do(step, folders)
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise
            done = False
        if not done:
            left.append(step.path)
    return left


def _brought(steps: Iterable[Step]) -> list[Step]:
    """The steps that bring a file or link, not only another mode."""
    return [
        step
        for step in steps
        if step.want is not None
        and step.want.kind != "folder"
        and not (
            step.have is not None
            and step.have.kind == "file" == step.want.kind
            and step.have.content == step.want.content
        )
    ]


def _entered(folders: Folders, path: str) -> tuple[int, str]:
    parent, _, name = path.lstrip("/").rpartition("/")
    return folders.enter(f"{parent}/" if parent else ""), name


def _set_mode(folders: Folders, path: str, mode: int) -> None:
    """The mode of a file or folder, and never of what a link there points to. Raises OSError."""
    folder, name = _entered(folders, path)
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode) or stat.S_IMODE(found.st_mode) == mode:
        return
    if sys.platform == "linux":  # which cannot change a mode without following, but by a descriptor that opens nothing
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            if not stat.S_ISLNK(os.fstat(descriptor).st_mode):
                Path(f"/proc/self/fd/{descriptor}").chmod(mode)
        finally:
            os.close(descriptor)
    else:
        os.chmod(name, mode, dir_fd=folder, follow_symlinks=False)
