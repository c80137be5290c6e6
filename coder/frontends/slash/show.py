"""`/show`: prints a call with all that it was given and all that it said. Must not know how it was shown before."""

from __future__ import annotations

from coder.config.paths import user_home
from coder.core.errors import SessionError
from coder.frontends.desk import Desk, Shown
from coder.frontends.render.whole import whole_rows
from coder.frontends.styled import foreign


async def run(desk: Desk, arguments: str) -> None:
    """`arguments` is a number; the latest call without one. Raises SessionError."""
    finished = _shown(desk.shown, arguments.strip()).finished
    desk.ui.say(whole_rows(finished, desk.ui.width, folder=desk.config.cwd, home=user_home(desk.env)))


def _shown(shown: tuple[Shown, ...], wanted: str) -> Shown:
    if not shown:
        raise SessionError("There is no call to show yet.")
    if not wanted:
        return shown[-1]
    for each in shown:
        if wanted == str(each.number):
            return each
    numbers = f"{shown[0].number} to {shown[-1].number}" if len(shown) > 1 else str(shown[0].number)
    raise SessionError(f"There is no call {foreign(wanted)}. Those of this session: /show {numbers}")
