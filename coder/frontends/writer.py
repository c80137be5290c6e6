"""Text on its way to a standard stream: a reader that is slow, or reads nothing, never holds up the run."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TextIO

from coder.frontends.outbox import PATIENCE, Outbox


class Writer:
    """Takes what it is given at once. A stream without a descriptor, as in a test, is written to as it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._outbox: Outbox | None = None
        with suppress(io.UnsupportedOperation, ValueError):
            self._outbox = Outbox(stream.fileno())

    def write(self, text: str) -> None:
        if self._outbox is None:
            self._stream.write(text)
            return
        # What the encoding has no character for, the stream itself knows how to spell.
        spelled = self._stream.errors
        self._outbox.put(text.encode(self._stream.encoding, "replace" if spelled in (None, "strict") else spelled))

    def deliver(self, patience: float = PATIENCE) -> None:
        """Returns when all of it is written. Raises OSError when it could not be."""
        if self._outbox is not None:
            self._outbox.deliver(patience)
