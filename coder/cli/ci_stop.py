"""A job that is told to stop, as services do when a run is cancelled: what it started ends, what it made goes, and its
exit code names the signal. Must not know jobs.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

import typer

from coder.core.scratch import Scratch
from coder.workspace.descendants import end_descendants

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Inside, the first signal is a KeyboardInterrupt; others change nothing, for what is to go then is going. A
    session sees to signals itself: `listen` when it is over."""

    _caught = 0

    def __enter__(self) -> Self:
        self.listen()
        return self

    def listen(self) -> None:
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt) and self._caught:
            name = signal.Signals(self._caught).name
            sys.stderr.write(f"coder: the job was stopped by {name} before it was done. Run it again.\n")
            raise typer.Exit(128 + self._caught) from None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._caught:
            return
        self._caught = number
        end_descendants()  # before their folder goes: they could write into it
        raise KeyboardInterrupt


@contextmanager
def undivided() -> Iterator[None]:
    """What is done inside is done as a whole: a signal waits for its end."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def clear_away(made: Scratch) -> None:
    """Takes the folder and all in it away, also when a signal comes meanwhile. Never raises for what lies there."""
    try:
        made.leave()
    except KeyboardInterrupt:
        made.leave()
        raise
