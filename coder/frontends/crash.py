"""What is said of a bug of ours. Pure; must not know who says it."""

from __future__ import annotations

from coder.core.visible import visible_line

_MOST = 300  # characters


def report(error: BaseException) -> str:
    """One sentence, what was kept, and what to do. The details are for the log."""
    text = visible_line(str(error))[:_MOST]
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return (
        f"coder itself failed ({what}). The session is kept: go on with -c. "
        "Please report this with the log that CODER_DEBUG=1 writes."
    )
