"""What is said of a bug of ours. Pure; must not know who says it."""

from __future__ import annotations

from coder.core.visible import visible_line

_MOST = 300  # characters
_NO_THREAD = "can't start new thread"  # as Python says it, when there is no memory for one or no more may be


def report(error: BaseException) -> str:
    """One sentence, what was kept, and what to do. The details are for the log."""
    text = visible_line(str(error))[:_MOST]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, MemoryError) or text == _NO_THREAD:
        return (
            f"coder got no more memory or threads from the system ({what}). The session is kept: go on with -c, where "
            "the process may have more of both (ulimit -v, ulimit -u, the limits of its container)."
        )
    return (
        f"coder itself failed ({what}). The session is kept: go on with -c. "
        "Please report this with the log that CODER_DEBUG=1 writes."
    )
