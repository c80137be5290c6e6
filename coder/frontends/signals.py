"""The signals that end a process with nobody in front. Must not know what is stopped by them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Self

from coder.frontends.last_words import SAME, SIGNALS, LastWords


class Signals:
    """The first one stops what runs; another one after a moment ends the process at once. Often one is sent twice, to
    the group and to each of it. May be entered again inside."""

    def __init__(
        self,
        stop: Callable[[], object],
        at_once: Callable[[signal.Signals], object],
        leaving: Callable[[], None] | None = None,
    ) -> None:
        """`at_once` ends the process, on the signal that it is given; `leaving` is what else must not stay behind when
        its last words are cut off."""
        self._stop, self._at_once, self._leaving = stop, at_once, leaving
        self.caught: signal.Signals | None = None
        self.leaves_with: int | None = None  # all is said and done
        self._since = 0.0
        self._depth = 0
        self._is_over = False  # others see to signals: what the loop still hears of them counts no more

    def delivering(self) -> LastWords:
        self._is_over = True
        return LastWords(self.caught, self._since, self._leaving)

    def __enter__(self) -> Self:
        self._depth += 1
        if self._depth == 1:
            loop = asyncio.get_running_loop()
            for number in SIGNALS:
                # An ignored signal stays ignored: nohup and background jobs of a shell rely on it.
                if signal.getsignal(number) is not signal.SIG_IGN:
                    loop.add_signal_handler(number, self._on_signal, number)
        return self

    def __exit__(self, *exc: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        loop, code = asyncio.get_running_loop(), self.leaves_with
        for number in SIGNALS:
            if loop.remove_signal_handler(number) and code is not None:
                signal.signal(number, lambda *_: os._exit(code))

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
            self._at_once(number)
