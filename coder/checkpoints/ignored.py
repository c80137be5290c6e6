"""Which folders are left out of checkpoints: large ones that git ignores, and large repositories inside.

Must not know what is done with the others.
"""

from __future__ import annotations

import os
import select
import stat
import subprocess
from pathlib import Path

from coder.checkpoints.limits import MOST_IGNORED_BYTES, MOST_IGNORED_FILES
from coder.checkpoints.seeds import Seeds
from coder.git.call import SECONDS, Git
from coder.git.repository import repository_of

_FIELDS = 4  # source, line, pattern and path of an answer


class LeftOut:
    """Asked about each folder that was not there at the last look. `close` ends the git it talks with."""

    def __init__(self, root: Path, git: Git, seeds: Seeds | None) -> None:
        self._root = root
        self._git = git
        self._seeds = seeds
        self._asked: subprocess.Popen[bytes] | None = None
        self._may_ask = git.is_there and repository_of(root) is not None
        self._inside = "\0"  # the ignored folder that was found last, with its slash

    def why(self, parent: int, name: str, path: str) -> str:
        """Why the folder `name` of the open folder `parent` is left out, such as "2,001 files, ignored by git"; ""
        when it is not. `path` is from the root."""
        nested = name == ".git"
        if not nested and not self._is_ignored(path):
            return ""
        count, size = _measured(parent, name, 0, 0)
        if count <= MOST_IGNORED_FILES and size <= MOST_IGNORED_BYTES:
            return ""
        much = f"over {MOST_IGNORED_FILES:,} files" if count > MOST_IGNORED_FILES else f"over {size // 1_000_000} MB"
        return f"{much}, {'the history of a repository' if nested else 'ignored by git'}"

    def close(self) -> None:
        if self._asked is not None:
            self._git.end(self._asked)
            self._asked = None

    def _is_ignored(self, path: str) -> bool:
        if path.startswith(self._inside):
            return True
        if not self._may_ask or (self._seeds is not None and self._seeds.holds_tracked(path)):
            return False
        if self._answer(path):
            self._inside = f"{path}/"
            return True
        return False

    def _answer(self, path: str) -> bool:
        if self._asked is None:
            self._asked = self._git.start(
                self._root, "check-ignore", "--no-index", "--stdin", "-z", "--verbose", "--non-matching"
            )
        process = self._asked
        if process is None or process.stdin is None or process.stdout is None:
            self._may_ask = False
            return False
        answer = b""
        try:
            process.stdin.write(os.fsencode(path) + b"\0")
            process.stdin.flush()
            while answer.count(b"\0") < _FIELDS:
                ready, _, _ = select.select([process.stdout], [], [], SECONDS)
                part = os.read(process.stdout.fileno(), 65536) if ready else b""
                if not part:
                    self._give_up(slow=not ready)
                    return False
                answer += part
        except OSError:
            self._give_up(slow=False)
            return False
        pattern = answer.split(b"\0")[2]
        return bool(pattern) and not pattern.startswith(b"!")

    def _give_up(self, *, slow: bool) -> None:
        self._may_ask = False
        if self._asked is not None:
            self._git.end(self._asked, given_up=slow)
            self._asked = None


def _measured(parent: int, name: str, count: int, size: int, depth: int = 0) -> tuple[int, int]:
    """`count` and `size` with the files below added; counting ends once it is too much."""
    try:
        folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return count, size
    try:
        for each in os.listdir(folder):  # noqa: PTH208  # of a descriptor
            if count > MOST_IGNORED_FILES or size > MOST_IGNORED_BYTES or depth > 100:
                break
            try:
                found = os.stat(each, dir_fd=folder, follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(found.st_mode):
                count, size = _measured(folder, each, count, size, depth + 1)
            else:
                count, size = count + 1, size + found.st_size
    except OSError:
        return count, size
    finally:
        os.close(folder)
    return count, size
