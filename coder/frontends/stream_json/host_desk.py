"""Commands of coder's own for a host: what they print, with nobody to choose or to look. Must not know the wire."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from coder.app.session import Session
from coder.app.starting import Start
from coder.core.config import Config
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.frontends.desk import Shown
from coder.frontends.picker import Page, Picked, Picker
from coder.frontends.slash.registry import Command, find
from coder.frontends.styled import Row, plain

ALONE = ("context", "cost")
"""Those that only print, and need nobody."""

_WIDTH, _HEIGHT = 100, 10_000  # all of it on one page
_NOBODY = "that needs somebody in front: this is an interactive command"


def printing(name: str) -> Command | None:
    """The command of this name or alias, where it is one that only prints."""
    command = find(name)
    return command if command is not None and command.module in ALONE else None


async def printed(command: Command, arguments: str, session: Session, config: Config, env: Mapping[str, str]) -> str:
    """What the command prints. Raises CoderError."""
    ui = _Lines()
    await command.load()(_Desk(ui, session, config, env), arguments)
    return "\n".join(ui.lines).strip("\n")


class _Lines:
    """Implements `coder.frontends.desk.Ui`."""

    width, height = _WIDTH, _HEIGHT

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, rows: Iterable[Row]) -> None:
        self.lines += map(plain, rows)

    def markdown(self, text: str) -> None:
        self.lines.append(text)

    async def page(self, page: Page) -> str:
        self.say(page.rows)
        return "esc"

    async def pick(self, picker: Picker) -> Picked | None:
        return None

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        return None

    async def pager(self, text: str) -> None:
        self.lines.append(text)

    async def editor(self, text: str, name: str) -> str | None:
        return None

    async def open_editor(self, path: Path) -> bool:
        return False

    def set_draft(self, text: str) -> None:
        pass


class _Desk:
    """Implements `coder.frontends.desk.Desk`, as far as what only prints needs it."""

    def __init__(self, ui: _Lines, session: Session, config: Config, env: Mapping[str, str]) -> None:
        self.ui = ui
        self.session = session
        self.config = config
        self.env = env
        self.shown: tuple[Shown, ...] = ()
        self.todos: tuple[Json, ...] = ()

    @property
    def prompts(self) -> int:
        return sum(message.meta.kind == "prompt" for message in self.session.messages)

    def setting(self, key: str) -> object:
        return None

    def set_setting(self, key: str, value: object) -> None:
        raise ConfigError(_NOBODY)

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        raise ConfigError(_NOBODY)

    def send(self, prompt: str) -> None:
        raise ConfigError(_NOBODY)

    def leave(self) -> None:
        raise ConfigError(_NOBODY)
