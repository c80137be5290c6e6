"""`/uncompact`: takes the last summary back. Must not know where the original is kept."""

from __future__ import annotations

from coder.frontends.commands import uncompacted
from coder.frontends.desk import Desk
from coder.frontends.slash.saying import done, warned


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    taken = desk.session.uncompact()  # reads what is on this machine: no thread, the conversation must not move
    (done if taken else warned)(desk.ui, uncompacted(done=taken))
