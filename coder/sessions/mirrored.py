"""Who is told what was written to a transcript, in the words of whoever reads it. Must not know when something is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from coder.core.messages import Json
from coder.sessions.blobs import Blobs
from coder.sessions.lines import decode_line

Mirror: TypeAlias = Callable[[Path, Sequence[Json]], None]
"""Is told which entries were added to the transcript at a path, after they were written."""


class Mirrored:
    """`to` is who is told; None: nobody, and then nothing is kept for them."""

    def __init__(self, path: Path, blobs: Blobs) -> None:
        self._path = path
        self._blobs = blobs
        self.to: Mirror | None = None
        self._begun_with: list[bytes] = []  # the first lines of a fork, until they are told

    def beginning(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The first lines, kept on their way to the disk."""
        self._begun_with = []
        for piece in pieces:
            if self.to is not None:
                self._begun_with.append(piece)
            yield piece

    def tell(self, lines: Sequence[Json]) -> None:
        """With their pictures in them."""
        if self.to is None:
            return
        begun, self._begun_with = self._begun_with, []
        first = [self._blobs.restore(raw) for piece in begun if (raw := decode_line(piece.strip())) is not None]
        if first or lines:
            self.to(self._path, [*first, *lines])
