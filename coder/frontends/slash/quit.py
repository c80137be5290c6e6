"""`/quit`: leaves; the session is kept. Must not know what the front end does then."""

from __future__ import annotations

from coder.frontends.desk import Desk


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    desk.leave()
