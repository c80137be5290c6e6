"""Who hears what the engine announces: those inside the session first, then its front end. Knows none of them."""

from __future__ import annotations

from typing import Protocol

from coder.core.events import AnyEvent
from coder.core.frontend import Frontend


class Listener(Protocol):
    def on(self, event: AnyEvent) -> None: ...


class Hearing:
    """Each event is told to the listeners in the order in which they were added, before the front end is told."""

    def __init__(self, frontend: Frontend) -> None:
        self._frontend = frontend
        self._listeners: list[Listener] = []

    def add(self, *listeners: Listener) -> None:
        self._listeners += listeners

    def emit(self, event: AnyEvent) -> None:
        for listener in self._listeners:
            listener.on(event)
        self._frontend.emit(event)
