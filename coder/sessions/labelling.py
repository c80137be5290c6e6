"""The titles of a transcript, kept where those who list sessions look for them: near its end, behind what was written
since. Must not know entries, or who gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coder.core.messages import Json
from coder.sessions.asides import Labels, clean_name
from coder.sessions.codec import Entry, prompt_text
from coder.sessions.growing import GrowingFile
from coder.sessions.lines import encode_line
from coder.sessions.mirrored import Mirrored
from coder.sessions.titles import labels_in

_LONG_PROMPT = 32 * 1024  # bytes of an entry; readers look for the first prompt in the first 64 KB
_EVERY = 40 * 1024  # bytes; readers look for titles in the last 64 KB
_TAIL = 64 * 1024
_NEAR = 20 * 1024


class Labelling:
    """`has_prompt`: the first prompt is there already."""

    def __init__(self, file: GrowingFile, mirrored: Mirrored, session_id: str) -> None:
        self._file = file
        self._mirrored = mirrored
        self._session_id = session_id
        self._written_at = 0  # the size of the file when they were written last
        self._untold = False  # written before anybody wanted to know
        self.labels = Labels()
        self.has_prompt = False

    def found(self) -> None:
        """They stand in a file that is there, near enough to its end or not."""
        if labels_in(self._file.tail(_NEAR)):
            self._written_at = self._file.size

    def mirror(self) -> None:
        """Somebody wants to know of them from now on."""
        if self._untold:
            self._mirrored.tell(self.labels.lines(self._session_id))

    def name(self, *, custom: str | None, ai: str | None) -> None:
        """Written with the first message at the earliest."""
        self._absorb()
        given = {name: text for name, text in (("custom", custom), ("ai", ai)) if text is not None}
        self.labels = replace(self.labels, **given)
        if self._file.size:
            self._write()
        else:
            self._written_at = -_EVERY

    def keep_in_sight(self, lines: Sequence[Json], longest: int) -> None:
        """Writes them again where readers would no longer find them, and the beginning of a huge prompt. `lines` were
        written, the longest of so many bytes."""
        prompts = [line for line in lines if line["type"] == "user" and "isMeta" not in line]
        if prompts and not self.has_prompt:
            self.has_prompt = True
            if longest > _LONG_PROMPT:
                text = prompt_text(Entry("user", "", None, prompts[0]))
                self.labels = replace(self.labels, prompt=clean_name(text))
                self._written_at = -_EVERY
        if self._file.size - self._written_at > _EVERY:
            self._absorb()
            self._write()

    def _absorb(self) -> None:
        """Somebody else may have named the session in the meantime: the last word counts."""
        self.labels = replace(self.labels, **labels_in(self._file.tail(_TAIL)))

    def _write(self) -> None:
        lines = self.labels.lines(self._session_id)
        self._file.append(b"".join(map(encode_line, lines)))
        self._written_at = self._file.size
        self._untold = self._mirrored.to is None
        self._mirrored.tell(lines)
