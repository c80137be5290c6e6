"""The loop's two holes towards people. Must not know who implements them."""

from __future__ import annotations

from typing import Protocol

from coder.core.events import AnyEvent
from coder.core.requests import Reply, Request


class Frontend(Protocol):
    def emit(self, event: AnyEvent) -> None:
        """Never blocks, never raises. Deltas may be dropped, facts may not."""
        ...

    async def ask(self, request: Request) -> Reply:
        """Cancellable. A front end without a person answers `Deny(nobody=True)`."""
        ...
