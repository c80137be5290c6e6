"""`/logout`: forgets the key that coder keeps. Must not know where."""

from __future__ import annotations

from coder.core.errors import CoderError
from coder.frontends.desk import Desk
from coder.frontends.first_run import log_out
from coder.frontends.styled import foreign, row


async def run(desk: Desk, arguments: str) -> None:
    """The running session keeps the key it has; the next one is asked for it."""
    try:
        desk.ui.say(log_out(desk.env, desk.config.home))
    except CoderError as error:
        desk.ui.say([row(("✗ ", "bad"), foreign(str(error)))])
        return
    desk.ui.say([row(("  This session goes on with the key it has until you leave.", "dim"))])
