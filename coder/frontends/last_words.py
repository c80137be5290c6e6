"""The last words of a process on their way to whoever reads them, and the signals that come meanwhile. Must not know
what is said.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Self

from coder.core.lazy import LazyModule
from coder.frontends.exit_codes import FAILED
from coder.frontends.outbox import Outbox, hurry

if TYPE_CHECKING:
    from coder.workspace import descendants
else:  # for what does not end
    descendants = LazyModule("coder.workspace.descendants")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME = 0.5  # seconds in which a signal is the one before once more


class LastWords:
    """From when it is entered, signals are seen to here: the event loop stands still while somebody reads slowly.
    `caught` is the one that has come, at `since`. The first has a reader that reads nothing given up soon, another one
    after a moment ends the process at once, `leaving` being called before."""

    def __init__(self, caught: signal.Signals | None, since: float, leaving: Callable[[], None] | None = None) -> None:
        self._caught, self._since, self._leaving = caught, since, leaving

    def __enter__(self) -> Self:
        if self._caught is not None:
            hurry()
        for number in SIGNALS:
            # An ignored signal stays ignored: nohup and background jobs of a shell rely on it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *exc: object) -> None:
        """What comes now is still seen to: nothing but the end of the process follows."""

    def unsaid(self, code: int, error: OSError) -> int:
        """Says why, unless the reader has left. Returns the exit code of what would have had `code`."""
        if not isinstance(error, BrokenPipeError):
            said = Outbox(sys.stderr.fileno())  # which may be as little read
            why = error.strerror or str(error)
            said.put(f"coder: the answer could not be written: {why}. Read it with -c.\n".encode())
            said.close(1.0)
        return code or (FAILED if self._caught is None else 128 + self._caught)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self._caught is None:
            self._caught, self._since = signal.Signals(number), now
            hurry()
        elif now - self._since > SAME:
            descendants.end_descendants()
            if self._leaving is not None:
                self._leaving()
            os._exit(128 + self._caught)
