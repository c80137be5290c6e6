"""The bytes to the terminal: what is drawn as one picture is written at once. Must not know what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from prompt_toolkit.data_structures import Size
from prompt_toolkit.output.color_depth import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import Attrs


class Output(Vt100_Output):
    modes = ("", "")  # what goes with the taking of pastes: to begin it, to end it
    has_colour = True  # else not even bold or dim
    _is_kept = False
    _size: Size | None = None
    _takes_pastes = False

    @classmethod
    def made(cls, stdout: TextIO, term: str | None) -> Output:
        made = cls.from_pty(stdout, term=term)
        assert isinstance(made, cls)
        made.enable_cpr = False  # asked for by nobody: answers could land in the prompt
        return made

    @contextmanager
    def kept(self) -> Iterator[None]:
        """What is drawn meanwhile is written with what comes next. Pastes stay pastes: one that arrives between two
        writes would be sent line by line."""
        before, self._is_kept = self._is_kept, True
        try:
            yield
        finally:
            self._is_kept = before

    @contextmanager
    def of_one_size(self) -> Iterator[None]:
        """Meanwhile the terminal is as wide as it is now: else what is erased, drawn and noted as drawn could be of
        different widths."""
        before, self._size = self._size, self.get_size()
        try:
            yield
        finally:
            self._size = before

    def get_size(self) -> Size:
        return self._size or super().get_size()

    def flush(self) -> None:
        if not self._is_kept:
            super().flush()

    def reset_attributes(self) -> None:
        if self.has_colour:
            super().reset_attributes()

    def set_attributes(self, attrs: Attrs, color_depth: ColorDepth) -> None:
        if self.has_colour:
            super().set_attributes(attrs, color_depth)

    def enable_bracketed_paste(self) -> None:
        if not self._takes_pastes:
            super().enable_bracketed_paste()
            self.write_raw(self.modes[0])
        self._takes_pastes = True

    def disable_bracketed_paste(self) -> None:
        if not self._is_kept:
            super().disable_bracketed_paste()
            self.write_raw(self.modes[1])
            self._takes_pastes = False
