"""What the Git tool has to know of the session to change a repository: whose it is, and whom the person trusts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from coder.agent.ports import Watch
from coder.app.attribution import commit_trailer
from coder.config import trust
from coder.core.config import Config
from coder.core.requests import Effect
from coder.git.earlier import Earlier
from coder.git.repository import Repository, repository_of
from coder.git.stashes import is_of, stashes_of
from coder.tools.git.changer import Changer

_PUT_ASIDE = "changes put aside"  # as permissions.effects says it of git stash
_MOST = 1_000


class Shell(Protocol):
    """What commands of the session are given, and who ends them should coder be killed."""

    @property
    def cwd(self) -> Path: ...

    @property
    def environment(self) -> Mapping[str, str]: ...

    def mind(self, group: int, begins: bool) -> None: ...


def changer_of(
    config: Config, session_id: str, model: str, workspace: Shell, earlier: Callable[[], Earlier] = Earlier
) -> Changer:
    return Changer(
        session=session_id,
        environment=lambda: workspace.environment,
        trailer=lambda: commit_trailer(config, model),
        is_trusted=lambda repository: _is_trusted(config, repository),
        earlier=earlier,
        mind=workspace.mind,
    )


def _is_trusted(config: Config, repository: Repository) -> bool:
    """The yes of a person is about the repository that coder was started in, and its work trees; not about one inside."""
    judged = config.trust or trust.judge({}, config.home, config.cwd)
    here = repository_of(config.cwd)
    return bool(judged.is_trusted) and here is not None and here.shared == repository.shared


class Stashed:
    """Which stashes this session made: those that say so, and those that came while a command of it ran."""

    def __init__(self, session_id: str, cwd: Callable[[], Path]) -> None:
        self._session = session_id
        self._cwd = cwd
        self._made: dict[str, None] = {}

    def holds(self, commit: str, message: str) -> bool:
        return commit in self._made or is_of(message, self._session)

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
        found = repository_of(self._cwd())
        return {each.commit for each in stashes_of(found)} if found is not None else set()
