"""Which entries of the stash are this session's. Must not know what is done with them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.ports import Watch
from coder.core.lazy import LazyModule
from coder.core.requests import Effect

if TYPE_CHECKING:
    from coder.git import repository as repositories
    from coder.git import stashes
else:  # once git puts something aside
    repositories, stashes = LazyModule("coder.git.repository"), LazyModule("coder.git.stashes")

_PUT_ASIDE = "changes put aside"  # as permissions.effects says it of git stash
_MOST = 1_000


class Stashed:
    """Which stashes this session made: those that say so, and those that came while a command of it ran."""

    def __init__(self, session_id: str, cwd: Callable[[], Path]) -> None:
        self._session = session_id
        self._cwd = cwd
        self._made: dict[str, None] = {}

    def holds(self, commit: str, message: str) -> bool:
        return commit in self._made or stashes.is_of(message, self._session)

    def watching(self, inner: Watch) -> Watch:
        @asynccontextmanager
        async def watch(effects: tuple[Effect, ...]) -> AsyncIterator[None]:
            puts = any(effect.kind == "changes git" and effect.what == _PUT_ASIDE for effect in effects)
            before = self._held() if puts else set()
            async with inner(effects):
                try:
                    yield
                finally:
                    if puts and len(self._made) < _MOST:
                        self._made |= dict.fromkeys(self._held() - before)

        return watch

    def _held(self) -> set[str]:
        found = repositories.repository_of(self._cwd())
        return {each.commit for each in stashes.stashes_of(found)} if found is not None else set()
