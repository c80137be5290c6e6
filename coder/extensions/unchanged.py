"""Whether what was unpacked is still what was consented to. Must not know what is in it, or who starts it.

Reading every byte at every start would be slow: the state of the folder (names, sizes, times, inodes) is compared, and
only where it differs are the files read. Whoever can forge that state could as well change us.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.extensions.errors import BundleError
from coder.extensions.record import Installed

if TYPE_CHECKING:
    from coder.extensions import content
else:  # loaded when a folder has to be read
    content = LazyModule("coder.extensions.content")

_MOST = 100_000  # entries


def print_of(folder: Path) -> str:
    """The state of the folder; "" for one that cannot be looked through, or holds what no bundle brings."""
    lines: list[str] = []
    todo = [""]
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            return ""  # a link could lead elsewhere tomorrow
        while todo:
            below = todo.pop()
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    path = f"{below}/{entry.name}" if below else entry.name
                    times = "" if stat.S_ISDIR(status.st_mode) else f"{status.st_size} {status.st_mtime_ns} "
                    lines.append(f"{path}\0{status.st_mode} {times}{status.st_ctime_ns} {status.st_ino}")
                    if stat.S_ISDIR(status.st_mode):
                        todo.append(path)
                    elif not stat.S_ISREG(status.st_mode):
                        return ""
            if len(lines) > _MOST:
                return ""
    except OSError:
        return ""
    return sha256("\0\0".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def is_same(version: Installed, folder: Path) -> tuple[bool, str]:
    """Whether it is as it was installed, and its state now."""
    now = print_of(folder)
    if now and now == version.print:
        return True, now
    try:
        return content.digest_of(folder) == version.content and bool(now), now
    except (BundleError, OSError):
        return False, now
