"""One process per session: an advisory lock on the transcript, and a note of who holds it. Must not know entries."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from coder.core.errors import SessionError
from coder.core.locks import lock


def claim(fd: int, transcript: Path) -> None:
    """Locks an open transcript for as long as `fd` is open. Raises SessionError naming the process that holds it.

    A filesystem that knows no locks is taken as it is: the session goes on unlocked.
    """
    try:
        is_locked = lock(fd)
    except BlockingIOError as error:
        raise SessionError(
            f"Session {transcript.stem} is open in {_holder(transcript)}. Close it there, or go on in a copy: "
            f"coder -r {transcript.stem} --fork-session"
        ) from error
    if not is_locked:
        return
    with contextlib.suppress(OSError):
        note_of(transcript).unlink(missing_ok=True)
        note = os.open(note_of(transcript), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(note, str(os.getpid()).encode())
        finally:
            os.close(note)


@contextlib.contextmanager
def held(transcript: Path) -> Iterator[None]:
    """Keeps every session away from a transcript, without a note of who does. Raises SessionError naming the process
    that has it open, OSError when the file is not there."""
    fd = os.open(transcript, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise SessionError(f"Session {transcript.stem} is open in {_holder(transcript)}.") from error
    finally:
        os.close(fd)


def is_open(transcript: Path) -> bool:
    """Whether a process has the session open. Never raises."""
    try:
        with held(transcript):
            return False
    except OSError:
        return False
    except SessionError:
        return True


def release(fd: int, transcript: Path) -> None:
    """Forgets who holds the lock. Closing `fd` is what ends the lock itself."""
    with contextlib.suppress(OSError):
        note_of(transcript).unlink(missing_ok=True)
        fcntl.flock(fd, fcntl.LOCK_UN)


def note_of(transcript: Path) -> Path:
    """The file that says which process has a session."""
    return transcript.with_suffix(".pid")


def _holder(transcript: Path) -> str:
    try:
        return f"process {int(note_of(transcript).read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "another process"
