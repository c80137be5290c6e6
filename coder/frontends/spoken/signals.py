"""What ctrl+c and the signals that end a process mean to a session with a person. Must not know the session."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

TWICE = 2.0  # seconds within which a second ctrl+c leaves
_ENDING = (signal.SIGTERM, signal.SIGHUP)


class Signals:
    """`interrupted` is called for ctrl+c; `ended` with an exit code for the second one within two seconds, and for the
    signals that end a process. Once it is ending, one more ends it at once.
    """

    def __init__(
        self,
        interrupted: Callable[[], object],
        ended: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interrupted = interrupted
        self._ended = ended
        self._clock = clock
        self._last = float("-inf")
        self._is_ending = False

    def __enter__(self) -> Signals:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._on_interrupt)
        for number in _ENDING:
            # An ignored signal stays ignored: nohup relies on it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_end, 128 + number)
        return self

    def __exit__(self, *exc: object) -> None:
        for number in (signal.SIGINT, *_ENDING):
            asyncio.get_running_loop().remove_signal_handler(number)

    def _on_interrupt(self) -> None:
        now = self._clock()
        is_second, self._last = now - self._last <= TWICE, now
        if is_second:
            self._on_end(128 + signal.SIGINT)
        else:
            self._interrupted()

    def _on_end(self, code: int) -> None:
        if self._is_ending:
            os._exit(code)
        self._is_ending = True
        self._ended(code)
