"""The signals that end a process with nobody in front. Must not know what is stopped by them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


if TYPE_CHECKING:
    from coder.workspace import descendants
else:  # for what does not end
    descendants = LazyModule("coder.workspace.descendants")

_SAME = 0.5  # seconds in which a signal is the one before once more


class Signals:
    """The first one stops what runs; another one after a moment ends the process at once. Often one is sent twice, to
    the group and to each of it."""

    def __init__(self, stop: Callable[[], None], last_words: Callable[[], None]) -> None:
        """`last_words` says what is to be said before the process ends at once."""
        self._stop, self._last_words = stop, last_words
        self.caught: signal.Signals | None = None
        self._since = 0.0

    def __enter__(self) -> Signals:
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            # An ignored signal stays ignored: nohup and background jobs of a shell rely on it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)
        return self

    def __exit__(self, *exc: object) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)

    def _on_signal(self, number: signal.Signals) -> None:
        now = time.monotonic()
        if self.caught is None:
            self.caught, self._since = number, now
            self._stop()
        elif now - self._since > _SAME:
            for each in _SIGNALS:
                asyncio.get_running_loop().remove_signal_handler(each)  # the next one ends it as any program
            descendants.end_descendants()
            try:
                self._last_words()
            finally:
                os._exit(128 + self.caught)
