"""What a process of ours has made until its session is open stays: its garbage collector need not look through that.
Must not be called where a program embeds us: what that has made, and how it collects, is its own.
"""

from __future__ import annotations

import gc
from threading import Event

_OURS = Event()


def settle() -> None:
    """All that there is stays, and what comes from now on is collected. Of a later session nothing stays: all that the
    one before was made of would stay with it."""
    if not _OURS.is_set():
        _OURS.set()
        gc.freeze()
    gc.enable()


def settle_more() -> None:
    """As `settle`, for what was made later while nothing was collected; not in the process of somebody else."""
    if _OURS.is_set():  # not asked of gc: Python 3.12 begins with frozen objects, and others may freeze theirs
        gc.freeze()
    gc.enable()
