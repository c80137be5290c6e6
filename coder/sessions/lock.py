"""One process per session: an advisory lock on the transcript, and a note of who holds it. Must not know entries."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from coder.core.errors import SessionError


def claim(fd: int, transcript: Path) -> None:
    """Locks an open transcript for as long as `fd` is open. Raises SessionError naming the process that holds it.

    A filesystem that knows no locks is taken as it is: the session goes on unlocked.
    """
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SessionError(
            f"Session {transcript.stem} is open in {_holder(transcript)}. Close it there, or start a new session."
        ) from error
    except OSError:
        return
    with contextlib.suppress(OSError):
        _note(transcript).unlink(missing_ok=True)
        note = os.open(_note(transcript), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(note, str(os.getpid()).encode())
        finally:
            os.close(note)


def release(fd: int, transcript: Path) -> None:
    """Forgets who holds the lock. Closing `fd` is what ends the lock itself."""
    with contextlib.suppress(OSError):
        _note(transcript).unlink(missing_ok=True)
        fcntl.flock(fd, fcntl.LOCK_UN)


def _note(transcript: Path) -> Path:
    return transcript.with_suffix(".pid")


def _holder(transcript: Path) -> str:
    try:
        return f"process {int(_note(transcript).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"
