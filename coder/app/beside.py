"""What a session has besides its runs, as its front end needs it. Must not know front ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from coder.app.figures import Figures
from coder.app.shell_news import ShellNews
from coder.core.dataclass import dataclass
from coder.tools.shells import Shells

if TYPE_CHECKING:
    from coder.app.shell_line import ShellLine
    from coder.sessions.presence import Here


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """What a session has besides its runs. `line` is what runs the person's own commands, made when it is needed;
    `title` what somebody called the session; `meet` tells others that it is at work, and who else is in its place;
    `news` is of `shells`."""

    shells: Shells
    figures: Figures
    line: Callable[[], ShellLine]
    title: Callable[[], str]
    meet: Callable[[], Awaitable[tuple[Here, ...]]]
    news: ShellNews
