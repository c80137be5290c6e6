"""Whatever a run leaves to nobody is left to the test, also what has emptied its environment. Knows /proc. Linux."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support import warm
from tests.support.processes import children, is_alive

_PR_SET_CHILD_SUBREAPER = 36
_BOUND = 20.0


@contextmanager
def adopting() -> Iterator[None]:
    """While it holds, the orphans below this process become its children, not those of the first process."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def until_none() -> None:
    """Waits until no orphan lives, and buries them. What was killed may be at it for a moment."""
    end = time.monotonic() + _BOUND
    while orphans := [pid for pid in children() if pid not in warm.nurseries()]:
        for pid in orphans:
            if not is_alive(pid):
                os.waitpid(pid, 0)
            else:
                assert time.monotonic() < end, f"left behind: {Path(f'/proc/{pid}/cmdline').read_bytes()!r}"
        time.sleep(0.01)
