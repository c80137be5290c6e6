"""What is at one path just now, its content stored if need be. Follows no link. Must not know why it is looked at."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from coder.checkpoints.contents import Contents
from coder.checkpoints.entries import Entry, kind_of
from coder.checkpoints.limits import MOST_FILE_BYTES
from coder.checkpoints.reading import read_file
from coder.checkpoints.seeds import git_content
from coder.core.nofollow import Folders


def look(path: str, contents: Contents, folders: Folders | None = None) -> Entry | None:
    """The entry at an absolute path; None when nothing is there, or a folder of it is none or is a link.

    `folders` (of the top of the disk) may be given to look at many. Raises OSError when it cannot be told.
    """
    if folders is None:
        with Folders() as opened:
            return look(path, contents, opened)
    parent, _, name = path.lstrip("/").rpartition("/")
    try:
        folder = folders.enter(f"{parent}/" if parent else "")
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    mode = stat.S_IMODE(status.st_mode)
    match kind_of(status.st_mode):
        case "folder":
            return Entry("folder", mode)
        case "link":
            return Entry("link", content=os.readlink(name, dir_fd=folder))
        case "file" if status.st_size <= MOST_FILE_BYTES:
            data, _ = read_file(folder, name, status.st_size)
            if data is not None:
                return Entry("file", mode, len(data), contents.put(data))
            return Entry("file", mode, status.st_size, "", status.st_mtime_ns)
        case "file":
            return Entry("file", mode, status.st_size, "", status.st_mtime_ns)
        case kind:
            return Entry(kind, mode)


def shows(found: Entry | None, wanted: Entry | None, contents: Contents) -> bool:
    """Whether what was found is what is meant, also where that is known by the id git gave it."""
    if found is None or wanted is None or not wanted.content.startswith("g:") or wanted.kind != "file":
        return found == wanted
    if (found.kind, found.mode, found.size) != (wanted.kind, wanted.mode, wanted.size) or not found.content:
        return False
    return git_content(contents.get(found.content), wanted.content) == wanted.content


def parents_missing(path: Path) -> list[str]:
    """The folders above a path that are not there yet, the highest first."""
    return [str(each) for each in reversed(path.parents) if not os.path.lexists(each)]
