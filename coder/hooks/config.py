"""The hooks of all settings files, checked and in order. Must not know how a hook is run, or whether it is trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from coder.core.config import HookSource
from coder.hooks.handler import Handler


class HookSet:
    """Frozen: `with_more` makes another."""

    @classmethod
    def of(cls, sources: Sequence[HookSource]) -> tuple[HookSet, tuple[str, ...]]:
        """And a line for people for each piece that does not count."""
        raise NotImplementedError

    def with_more(
        self, events: Mapping[str, Any], origin: str, *, root: str = "", agent: bool = False
    ) -> tuple[HookSet, tuple[str, ...]]:
        """With the hooks of a skill's or an agent's head: `root` is its folder, an agent's Stop is SubagentStop."""
        raise NotImplementedError

    def wants(self, event: str, subject: str = "") -> bool:
        raise NotImplementedError

    def matching(self, event: str, subject: str = "") -> tuple[Handler, ...]:
        """Those that would run, each once, in the order of the settings."""
        raise NotImplementedError

    @property
    def all(self) -> tuple[Handler, ...]:
        raise NotImplementedError
