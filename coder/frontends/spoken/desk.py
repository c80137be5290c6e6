"""The desk of a session in lines: its settings, and changing to another session. Must not know how lines are read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from coder.app.session import Session
from coder.app.starting import NEW, Start
from coder.config.write import set_value
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.frontend import Frontend
from coder.core.messages import Json
from coder.frontends.desk import Shown
from coder.frontends.spoken.telling import Telling
from coder.frontends.spoken.ui import SpokenUi

Open: TypeAlias = Callable[[Frontend, Config, Start], Awaitable[Session]]
_OF_MODEL = {"model_name": "name", "effort": "effort"}


class SpokenDesk:
    """Implements `coder.frontends.desk.Desk`. `sending` and `is_left` are what commands asked for."""

    def __init__(
        self, ui: SpokenUi, telling: Telling, frontend: Frontend, opens: Open, config: Config, env: Mapping[str, str]
    ) -> None:
        self._ui = ui
        self._telling = telling
        self._frontend = frontend
        self._opens = opens
        self._session: Session | None = None
        self._config = config
        self._env = env
        self._set: dict[str, object] = {}
        self.prompts = 0
        self.sending: list[str] = []
        self.is_left = False

    @property
    def ui(self) -> SpokenUi:
        return self._ui

    @property
    def session(self) -> Session:
        assert self._session is not None, "no session is open yet"
        return self._session

    @property
    def config(self) -> Config:
        return self._config

    @property
    def env(self) -> Mapping[str, str]:
        return self._env

    @property
    def shown(self) -> tuple[Shown, ...]:
        return self._telling.shown

    @property
    def todos(self) -> tuple[Json, ...]:
        return self._telling.todos

    @property
    def is_open(self) -> bool:
        return self._session is not None

    def setting(self, key: str) -> object:
        found = self._config.interface
        given: dict[str, object] = {
            "theme": found.theme,
            "editorMode": "vim" if found.vim else "normal",
            "verbose": found.verbose,
            "screenReader": found.screen_reader,
            "prefersReducedMotion": found.reduced_motion,
            "ambiguousWide": found.ambiguous_wide,
            "preferredNotifChannel": found.notifications,
        }
        return self._set.get(key, given.get(key))

    def set_setting(self, key: str, value: object) -> None:
        set_value(self._config.home / "settings.json", key, value, self._env)
        self._set[key] = value

    async def open(self, start: Start) -> Session:
        """The first session. Raises CoderError."""
        self._session = await self._opens(self._frontend, self._config, start)
        return self._session

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        old, config = self.session, _changed(self._config, changes)
        if start is not None:
            self._session = await self._opens(self._frontend, config, start)
            self._config = config
            await old.aclose()
            return
        again = _again(old)
        await old.aclose()
        try:
            self._session = await self._opens(self._frontend, config, again)
            self._config = config
        except CoderError:
            self._session = await self._opens(self._frontend, self._config, again)
            raise

    def send(self, prompt: str) -> None:
        self.sending.append(prompt)

    def leave(self) -> None:
        self.is_left = True

    async def aclose(self) -> None:
        """Ends the session, if there is one."""
        if self._session is not None:
            await asyncio.shield(self._session.aclose())


def _changed(config: Config, changes: Mapping[str, object]) -> Config:
    ours: dict[str, Any] = {key: value for key, value in changes.items() if key not in _OF_MODEL}
    model: dict[str, Any] = {_OF_MODEL[key]: value for key, value in changes.items() if key in _OF_MODEL}
    return replace(config, **ours, model=replace(config.model, **model)) if model else replace(config, **ours)


def _again(session: Session) -> Start:
    """How the same session is opened once more; one of which nothing is stored yet begins anew."""
    path: Path | None = session.facts.transcript
    if path is not None and path.exists():
        return Start(resume=session.facts.session_id)
    return replace(NEW, session_id=session.facts.session_id)
