"""Runs the hooks of a point, all at once, and puts together what they say. Must not know the session or the model."""

from __future__ import annotations

from coder.core.messages import Json
from coder.hooks.config import HookSet
from coder.hooks.outcome import Merged
from coder.hooks.surroundings import Links, Surroundings


class Engine:
    """`hooks` may be replaced at any time. Belongs to one event loop."""

    def __init__(self, hooks: HookSet, surroundings: Surroundings, links: Links) -> None:
        self.hooks = hooks
        self.surroundings = surroundings
        self._links = links

    def wants(self, event: str, subject: str = "") -> bool:
        """Whether any hook would run. Cheap: asked before every call."""
        raise NotImplementedError

    async def run(self, event: str, subject: str, payload: Json) -> Merged:
        """`payload` is the whole input (coder.hooks.inputs). Never raises but CancelledError, which ends the hooks."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Ends what runs in the background. Idempotent."""
        raise NotImplementedError
