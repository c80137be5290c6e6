"""A row on a terminal while something takes its time, gone when it is there. Must not know what is waited for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def meanwhile(text: str) -> Iterator[None]:
    """On standard error, and only where a person sees both: what was asked for stands alone in a pipe or a file."""
    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        yield
        return
    stays = os.environ.get("TERM") == "dumb" or "ACCESSIBLE" in os.environ  # nothing is drawn over there
    print(text, end="\n" if stays else "", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if not stays:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
