"""A terminal that lines are printed to and typed into, and nothing else: no cursor is moved, no key is read.

Must not know what is said, nor who waits for a line.
"""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TextIO

from coder.core.dataclass import dataclass
from coder.frontends.plain import printable

JOIN = 0.03  # seconds after which a line that could be the first of a pasted text is taken for itself
_CHUNK = 65_536


@dataclass(slots=True, eq=False)
class _Waiter:
    line: asyncio.Future[str | None]
    prompt: str
    since: float  # what is typed before is no answer
    joins: bool
    before: _Waiter | None = None  # who waited already, and does so again afterwards


class Terminal:
    """`stray` gets each text that nobody waits for, and None for the end of input; several lines that come at once,
    as from a paste, are one text. Used as a context manager, in a running loop.
    """

    def __init__(
        self, source: int | None = None, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = sys.stdin.fileno() if source is None else source
        self._out = out or sys.stdout
        self._clock = clock
        self._typed = b""
        self._lines: list[str] = []
        self._flush: asyncio.TimerHandle | None = None
        self._waiter: _Waiter | None = None
        self._is_open = False  # the cursor stands behind a prompt
        self._is_over = False
        self.stray: Callable[[str | None], None] = lambda _: None

    def __enter__(self) -> Terminal:
        asyncio.get_running_loop().add_reader(self._source, self._read)
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()
        self.wake()

    def say(self, *lines: str) -> None:
        """Prints whole lines. A prompt that is open is broken off and put again behind them."""
        self.end_line()
        self._write("".join(f"{printable(line)}\n" for line in lines))
        self._put()

    def bell(self) -> None:
        self._write("\a")

    def end_line(self) -> None:
        """Whatever stands on the line of the cursor, what comes next begins a new one."""
        if self._is_open:
            self._is_open = False
            self._write("\n")

    def interrupted(self) -> None:
        """After ctrl+c, which the terminal shows where the cursor is; what had been typed is gone."""
        self._is_open, self._typed, self._lines = True, b"", []
        self.end_line()

    async def line(self, prompt: str, *, grace: float = 0.0, joins: bool = False, secret: bool = False) -> str | None:
        """The next line that is completed more than `grace` seconds from now; None at the end of input, or when `wake`
        is called. `joins`: lines that come at once are one text. A secret is not shown. Who waited already waits
        on, and is asked again afterwards: a question that comes up while nothing is going on goes first."""
        if self._is_over:
            return None
        before = self._waiter
        waiter = _Waiter(asyncio.get_running_loop().create_future(), prompt, self._clock() + grace, joins, before)
        if before is not None:
            self.end_line()
        self._waiter = waiter
        self._put()
        try:
            with self._unseen() if secret else nullcontext():
                return await waiter.line
        finally:
            self._leave(waiter)
            if secret:  # not even the end of the line was shown
                self._is_open = True
                self.end_line()

    def wake(self) -> None:
        """Whoever waits for a line gets None."""
        for waiter in self._waiting():
            if not waiter.line.done():
                waiter.line.set_result(None)

    def _leave(self, waiter: _Waiter) -> None:
        """It waits no more: the one before it does, where there is one."""
        if self._waiter is not waiter:  # the one before was called off first
            for each in self._waiting():
                each.before = waiter.before if each.before is waiter else each.before
            return
        self._waiter = waiter.before
        if self._waiter is not None and not self._waiter.line.done():
            if self._is_over:
                self._waiter.line.set_result(None)
            else:
                asyncio.get_running_loop().call_soon(self._put_again)

    def _waiting(self) -> Iterator[_Waiter]:
        waiter = self._waiter
        while waiter is not None:
            yield waiter
            waiter = waiter.before

    def _put_again(self) -> None:
        if not self._is_open:
            self._put()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Another program reads from the terminal meanwhile."""
        asyncio.get_running_loop().remove_reader(self._source)
        try:
            yield
        finally:
            if not self._is_over:
                asyncio.get_running_loop().add_reader(self._source, self._read)

    def _put(self) -> None:
        if self._waiter is not None and not self._waiter.line.done():
            self._write(printable(self._waiter.prompt))
            self._is_open = bool(self._waiter.prompt)

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # whoever listened has left; a signal says so
            self._out.write(text)
            self._out.flush()

    def _read(self) -> None:
        """Takes what has been typed. In its usual mode a terminal gives whole lines, and nothing for ctrl+d."""
        try:
            data = os.read(self._source, _CHUNK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # the terminal is gone
            data = b""
            self._stop()
        if not data:
            if not os.isatty(self._source):
                self._stop()
            self._typed = b""
            self._take()
            self._deliver(None)
            return
        *whole, self._typed = (self._typed + data).split(b"\n")
        if whole:
            self._is_open = False
            self._lines += [line.decode("utf-8", "replace").removesuffix("\r") for line in whole]
            if self._flush is not None:
                self._flush.cancel()
            waits = 0.0 if self._waiter is not None and not self._waiter.joins else JOIN
            if waits and not self._lines[0].startswith(("/", "!")):
                self._flush = asyncio.get_running_loop().call_later(waits, self._take)
            else:
                self._take()

    def _take(self) -> None:
        """Gives the lines away: one to who waits for one, the others together."""
        self._flush = None
        lines, self._lines = self._lines, []
        waiter = self._waiter
        if lines and waiter is not None and not waiter.joins and self._answers(waiter):
            self._deliver(lines.pop(0))
        if lines:
            self._deliver("\n".join(lines))

    def _answers(self, waiter: _Waiter) -> bool:
        return not waiter.line.done() and self._clock() >= waiter.since

    def _deliver(self, text: str | None) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.line.done() and (text is None or self._answers(waiter)):
            waiter.line.set_result(text)
            return
        self.stray(text)
        if waiter is not None and not self._is_open:
            self._put()

    def _stop(self) -> None:
        if not self._is_over:
            self._is_over = True
            asyncio.get_running_loop().remove_reader(self._source)

    @contextmanager
    def _unseen(self) -> Iterator[None]:
        """What is typed is not shown; ctrl+c and the end of the line work as ever."""
        try:
            before = termios.tcgetattr(self._source)
        except termios.error:  # no terminal shows it
            yield
            return
        quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        termios.tcsetattr(self._source, termios.TCSADRAIN, quiet)
        try:
            yield
        finally:
            termios.tcsetattr(self._source, termios.TCSADRAIN, before)
