"""The repository of a session's folder as auto-commit works on it: one coder at a time. Must not know runs."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from coder.checkpoints.contents import private_folder
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.locks import lock
from coder.git.call import Git
from coder.git.repository import Repository, repository_of
from coder.git.standing import Standing, Stuck, standing_of

_PATIENCE = 10.0  # seconds, for another coder
_LOCKED = 1.0  # seconds, for a git that works for a moment
NO_REPOSITORY = Stuck("this folder is in no git repository. Make one: git init")


@dataclass(frozen=True, slots=True, eq=False)
class Spot:
    """`base` holds the checkpoints of all sessions, `folder` those of this one. `env` are the session's variables."""

    cwd: Path
    base: Path
    folder: Path
    env: Mapping[str, str]

    def git(self) -> Git:
        return Git(self.env, (self.cwd,))

    def repository(self) -> Repository | None:
        return repository_of(Path(os.path.realpath(self.cwd)))


def stands(repository: Repository | None, git: Git) -> Standing | Stuck:
    """Where HEAD is; a git that holds the index for a moment is waited for. Blocks."""
    if repository is None:
        return NO_REPOSITORY
    until = time.monotonic() + _LOCKED
    while os.path.lexists(repository.folder / "index.lock") and time.monotonic() < until:
        time.sleep(0.05)
    return standing_of(repository, git)


@contextmanager
def alone(base: Path, repository: Repository) -> Iterator[None]:
    """No other coder commits in this repository meanwhile. Raises SessionError when one does for long."""
    name = hashlib.sha256(os.fsencode(repository.shared)).hexdigest()[:24]
    try:
        private_folder(base)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(base / f"commit-{name}.lock", flags, 0o600)
    except OSError as error:
        raise SessionError(f"{base} cannot be written to: {error.strerror or error}.") from error
    try:
        _claim(descriptor)
        yield
    finally:
        os.close(descriptor)


def _claim(descriptor: int) -> None:
    try:
        lock(descriptor, _PATIENCE)
    except BlockingIOError as error:
        raise SessionError("another session commits in this repository. Try again when it is done.") from error
