"""`/compact`: makes room by a summary of the conversation. Must not know how one is made."""

from __future__ import annotations

from coder.frontends.commands import INTERRUPTED, compacted, has_shrunk
from coder.frontends.desk import Desk
from coder.frontends.slash.saying import done, shown, warned


async def run(desk: Desk, arguments: str) -> None:
    """`arguments` is what the summary should dwell on."""
    ended = await desk.session.compact(arguments)
    if ended is None:
        warned(desk.ui, INTERRUPTED)
    elif has_shrunk(ended):
        done(desk.ui, shown(compacted(ended), 400))
    else:
        warned(desk.ui, shown(compacted(ended), 400))
