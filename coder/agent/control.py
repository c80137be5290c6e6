"""What a running session may change about itself: the permission mode and the model. Announces, never asks."""

from __future__ import annotations

from collections.abc import Callable

from coder.core.events import AnyEvent, StateChanged
from coder.core.tools import Mode


class Control:
    def __init__(self, mode: Mode, model: str, emit: Callable[[AnyEvent], None]) -> None:
        self._mode = mode
        self._model = model
        self._emit = emit

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def model(self) -> str:
        return self._model

    def set_mode(self, mode: Mode) -> None:
        if mode != self._mode:
            self._mode = mode
            self._emit(StateChanged(mode=mode, model=self._model))

    def set_model(self, model: str) -> None:
        if model != self._model:
            self._model = model
            self._emit(StateChanged(mode=self._mode, model=model))
