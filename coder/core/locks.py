"""Locks by which processes keep one another out of a file or a folder. Must not know what stands in there.

A lock ends when what was opened is closed. A file system that knows no locks is taken as it is.
"""

from __future__ import annotations

import fcntl
import os
import time


def lock(fd: int, patience: float = 0.0) -> bool:
    """Waits so many seconds until nobody else has it. False where there are no locks. Blocks. Raises BlockingIOError
    when somebody still has it then."""
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.0005 + os.urandom(1)[0] / 60_000)  # up to 5 ms, so that no two keep step
        except OSError:
            return False


def is_locked(fd: int, *, alone: bool) -> bool:
    """Whether another process has it; `alone`: also where that one shares it. False where there are no locks."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
