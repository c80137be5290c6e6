"""Stops the job this process belongs to, as ctrl+z does in a shell. Must not know the terminal."""

from __future__ import annotations

import os
import signal


def stop() -> None:
    """Returns when the job is told to go on; at once where no shell could tell it. In the main thread only."""
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(0, signal.SIGTSTP)  # all of it: a shell waits for the process it started, which may be our parent
    signal.signal(signal.SIGTSTP, before)
