"""The desk of a session in lines: its settings, and changing to another session. Must not know how lines are read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from coder.app.session import Session
from coder.app.starting import Start
from coder.config.write import set_value
from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.frontend import Frontend
from coder.core.messages import Json
from coder.frontends.desk import Shown
from coder.frontends.reopening import again, changed, leaves
from coder.frontends.spoken.telling import Telling
from coder.frontends.spoken.ui import SpokenUi

Open: TypeAlias = Callable[[Frontend, Config, Start], Awaitable[Session]]


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
        self._earlier: list[float | None] = []  # what the sessions cost that were open before
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

    @property
    def cost(self) -> float | None:
        """Of this process, in dollars; None when a price is not known."""
        known = [each for each in (*self._earlier, self.session.spent.cost) if each is not None]
        return sum(known) if len(known) > len(self._earlier) else None

    def setting(self, key: str) -> object:
        found = self._config.interface
        given: dict[str, object] = {
            "theme": found.theme,
            "editorMode": "vim" if found.vim else "normal",
            "verbose": found.verbose,
            "screenReader": found.screen_reader,
            "reducedMotion": found.reduced_motion,
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
        self._session.points.begin()
        self._session.servers.begin_soon()
        return self._session

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        old = self.session
        config, wanted = changed(self._config, old, start, dict(changes))
        back = again(old)
        leaves(old, start)
        await old.aclose()
        self._earlier.append(old.spent.cost)
        try:
            self._session = await self._opens(self._frontend, config, wanted)
            self._config = config
            self._session.points.begin()
            self._session.servers.begin_soon()
        except CoderError:
            self._session = await self._opens(self._frontend, self._config, back)
            raise

    def send(self, prompt: str) -> None:
        self.sending.append(prompt)

    def leave(self) -> None:
        self.is_left = True

    async def aclose(self) -> None:
        """Ends the session, if there is one."""
        if self._session is not None:
            if self.is_left:
                self._session.points.leaving = "prompt_input_exit"
            await asyncio.shield(self._session.aclose())
