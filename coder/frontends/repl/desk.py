"""The desk of the terminal session: what slash commands work with. Must not know any of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.frontends.desk import Shown, Ui
from coder.frontends.repl.printer import Printer
from coder.frontends.repl.settings import LiveSettings
from coder.frontends.repl.talk import Talk

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.starting import Start


@dataclass(frozen=True, slots=True)
class Doors:
    """What changes the whole session: `reopen` and `leave`, `send` for a prompt after the command."""

    reopen: Callable[[Start | None, dict[str, object]], Awaitable[None]]
    send: Callable[[str], None]
    leave: Callable[[], None]
    config: Callable[[], Config]


class TerminalDesk:
    """Implements `desk.Desk`."""

    def __init__(
        self, ui: Ui, talk: Talk, printer: Printer, settings: LiveSettings, env: Mapping[str, str], doors: Doors
    ) -> None:
        self.ui = ui
        self.env = env
        self._talk = talk
        self._printer = printer
        self._settings = settings
        self._doors = doors

    @property
    def session(self) -> Session:
        return self._talk.session

    @property
    def config(self) -> Config:
        return self._doors.config()

    @property
    def prompts(self) -> int:
        return self._talk.prompts

    @property
    def shown(self) -> tuple[Shown, ...]:
        return self._printer.shown

    @property
    def todos(self) -> tuple[Json, ...]:
        return self._printer.board.todos

    def setting(self, key: str) -> object:
        return self._settings.get(key)

    def set_setting(self, key: str, value: object) -> None:
        self._settings.set(key, value)

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        await self._doors.reopen(start, changes)

    def send(self, prompt: str) -> None:
        self._doors.send(prompt)

    def leave(self) -> None:
        self._doors.leave()
