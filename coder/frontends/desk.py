"""What a slash command works with: the session, the settings, and the hands of the front end. Ports.

Must not know which front end it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.frontends.picker import Page, Picked, Picker
from coder.frontends.styled import Row

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.core.events import ToolFinished
    from coder.core.messages import Json


class Ui(Protocol):
    """The hands of a front end. Nothing here raises for what a person does."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def say(self, rows: Iterable[Row]) -> None:
        """Prints rows for good; too wide ones are wrapped at words."""
        ...

    def markdown(self, text: str) -> None:
        """Prints a Markdown text for good."""
        ...

    async def page(self, page: Page) -> str:
        """Shows a page until it is closed. Returns the key: "esc", or one of `page.keys`."""
        ...

    async def pick(self, picker: Picker) -> Picked | None:
        """None when it was left with esc."""
        ...

    async def line(self, title: str, *, initial: str = "", secret: bool = False) -> str | None:
        """One line from the person; None when they left with esc. A secret is not shown."""
        ...

    async def pager(self, text: str) -> None:
        """The text in the person's pager; it may hold ANSI colours of ours."""
        ...

    async def editor(self, text: str, name: str) -> str | None:
        """The text as the person left it in their editor; `name` is the file's. None when the editor failed, which was
        said then."""
        ...

    async def open_editor(self, path: Path) -> bool:
        """Opens a file in the person's editor. False when that failed, which was said then."""
        ...

    def set_draft(self, text: str) -> None:
        """Puts a text into the prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """One call as it was printed, by its number: what `/show N` and the transcript view print whole."""

    number: int
    finished: ToolFinished


class Desk(Protocol):
    @property
    def ui(self) -> Ui: ...

    @property
    def session(self) -> Session: ...

    @property
    def config(self) -> Config: ...

    @property
    def env(self) -> Mapping[str, str]: ...

    @property
    def prompts(self) -> int:
        """How many messages the person sent in this process."""
        ...

    @property
    def shown(self) -> tuple[Shown, ...]: ...

    @property
    def todos(self) -> tuple[Json, ...]: ...

    def setting(self, key: str) -> object:
        """A setting of the interactive session as it is now: "theme", "editorMode", "verbose", …"""
        ...

    def set_setting(self, key: str, value: object) -> None:
        """Changes it for this session at once, and in the person's own settings file. Raises CoderError."""
        ...

    async def reopen(self, start: Start | None = None, **changes: object) -> None:
        """Goes on with another session, or with this one under changed settings (fields of Config, or `model_name` and
        `effort` of its ModelConfig). The session that was open is closed. Raises CoderError; then the old one is still
        the one that is open."""
        ...

    def send(self, prompt: str) -> None:
        """Sends a prompt as if the person had typed it, once the command has ended."""
        ...

    def leave(self) -> None:
        """Ends the interactive session once the command has ended."""
        ...
