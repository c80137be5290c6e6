"""The signals that end a process with nobody in front. Must not know what is stopped by them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.frontends.last_words import SAME, SIGNALS, LastWords

if TYPE_CHECKING:
    from coder.workspace import descendants
else:  # for what does not end
    descendants = LazyModule("coder.workspace.descendants")


class Signals:
    """The first one stops what runs; another one after a moment ends the process at once. Often one is sent twice, to
    the group and to each of it."""

    def __init__(self, stop: Callable[[], None], last_words: Callable[[Signals], object]) -> None:
        """`last_words` says what is to be said before the process ends at once."""
        self._stop, self._last_words = stop, last_words
        self.caught: signal.Signals | None = None
        self._since = 0.0
        self._is_over = False  # others see to signals: what the loop still hears of them counts no more
        self.leaves_with: int | None = None  # all is said and done

    def __enter__(self) -> Signals:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            # An ignored signal stays ignored: nohup and background jobs of a shell rely on it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, self._on_signal, number)
        return self

    def __exit__(self, *exc: object) -> None:
        loop, code = asyncio.get_running_loop(), self.leaves_with
        for number in SIGNALS:
            if loop.remove_signal_handler(number) and code is not None:
                signal.signal(number, lambda *_: os._exit(code))

    def delivering(self) -> LastWords:
        self._is_over = True
        return LastWords(self.caught, self._since)

    def _on_signal(self, number: signal.Signals) -> None:
        now = time.monotonic()
        if self._is_over:
            return
        if self.caught is None:
            self.caught, self._since = number, now
            self._stop()
        elif now - self._since > SAME:
            for each in SIGNALS:
                asyncio.get_running_loop().remove_signal_handler(each)  # the next one ends it as any program
            descendants.end_descendants()
            try:
                self._last_words(self)
            finally:
                os._exit(128 + self.caught)
