"""What an interactive session begins with. Values; must not know what becomes of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.app.starting import Start
    from coder.core.config import Config
    from coder.core.frontend import Frontend
    from coder.frontends.repl.prompt import Prompt
    from coder.frontends.repl.talk import Talk
    from coder.frontends.repl.terminal import Terminal


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """`open` makes a session from settings; `reload` reads the settings again, with the offline demo model when that is
    asked for.

    `start` is None for a new session; `chooses`: it is to be picked. `prompt` is sent first. `is_still`: no animation.
    `play` is a tour: it drives the session, which then ends without a word about going on with it.
    """

    config: Config
    open: Callable[[Config, Frontend, Start | None], Awaitable[Session]]
    reload: Callable[[bool], Awaitable[Config]]
    version: str
    env: Mapping[str, str]
    home: Path
    start: Start | None = None
    chooses: bool = False
    prompt: str | None = None
    is_still: bool = False
    colour: str = "auto"
    play: Callable[[Terminal, Prompt, Talk], Awaitable[None]] | None = None

    def short(self, folder: Path) -> str:
        """A folder as a person would write it."""
        inside = folder.is_relative_to(self.home) and folder != self.home
        return f"~/{folder.relative_to(self.home)}" if inside else str(folder)
