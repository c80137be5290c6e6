"""Pastes as they come from the terminal: nothing pasted is run line by line, and none keeps the keyboard for ever.

prompt_toolkit's parser waits without end for the end mark of a bracketed paste. The one here gives up after a second
without input. A terminal without bracketed paste sends a paste as keys, enter among them: many characters at once with
a line end between them were not typed, and count as a paste. Must not know what becomes of a paste.
"""

from __future__ import annotations

import re
from asyncio import TimerHandle, get_running_loop
from collections.abc import Callable
from time import monotonic
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.keys import Keys

PATIENCE = 1.0  # seconds without input after which a paste without an end mark has ended
_BURST = 64  # characters at once that nobody types
_TAIL = 0.1  # seconds in which the rest of such a paste follows
_UNTYPED = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*[\r\n][^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_PLAIN = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")

_NEWLINE = (Keys.Escape, Keys.ControlM)  # alt+enter
ANSI_SEQUENCES.update(
    {
        "\x1b[13;2u": _NEWLINE,  # shift+enter, where the terminal tells
        "\x1b[27;2;13~": _NEWLINE,
        "\x1b[13;3u": _NEWLINE,
        "\x1b[27;3;13~": _NEWLINE,
        "\x1b[201~": Keys.Ignore,  # the end mark of a paste that was given up
    }
)


class PasteParser(Vt100Parser):
    """`on_wait` is called when a bracketed paste has begun or goes on and its end is not there yet."""

    def __init__(self, feed_key_callback: Callable[[KeyPress], None], on_wait: Callable[[], None]) -> None:
        super().__init__(feed_key_callback)
        self._on_wait = on_wait
        self._pasted_at = 0.0

    @property
    def is_waiting(self) -> bool:
        return self._in_bracketed_paste

    def feed(self, data: str) -> None:
        if self._is_paste(data):
            self._pasted_at = monotonic()
            self.feed_key_callback(KeyPress(Keys.BracketedPaste, data))
            return
        super().feed(data)
        if self._in_bracketed_paste:
            self._on_wait()

    def give_up(self) -> None:
        """Ends a paste whose end mark did not come; what came of it counts."""
        if self._in_bracketed_paste:
            self.feed("\x1b[201~")

    def _is_paste(self, data: str) -> bool:
        if self._in_bracketed_paste:
            return False
        if monotonic() - self._pasted_at < _TAIL:
            return _PLAIN.fullmatch(data) is not None
        return len(data) >= _BURST and _UNTYPED.fullmatch(data) is not None


def watch_pastes(app: Application[Any]) -> None:
    """Has the app read its keys with a PasteParser. To be called before it runs."""
    source = app.input
    if not isinstance(source, Vt100Input):
        return
    timer: TimerHandle | None = None

    def wait() -> None:
        nonlocal timer
        if timer is not None:
            timer.cancel()
        timer = get_running_loop().call_later(PATIENCE, give_up)

    def give_up() -> None:
        parser.give_up()
        app.key_processor.feed_multiple(source.flush_keys())
        if app.is_running:
            app.key_processor.process_keys()

    # The callback of the parser it replaces: it puts keys where `read_keys` finds them.
    parser = PasteParser(source.vt100_parser.feed_key_callback, wait)
    source.vt100_parser = parser
