"""`/doctor`: looks at everything coder needs. Asks the network only when told so. Must not know what there is."""

from __future__ import annotations

import asyncio
import locale

from coder.app.checks import Site, examined, reachable
from coder.frontends.desk import Desk
from coder.frontends.doctor import rows_of_check, summary
from coder.frontends.styled import row


async def run(desk: Desk, arguments: str) -> None:
    """`/doctor online` tries the key with one small request too."""
    ui, config = desk.ui, desk.config
    site = Site(desk.env, config.cwd, config.home, True, locale.getencoding(), ui.width, ui.height)
    # In a thread: typing and what is drawn must not wait for the disk.
    found = await asyncio.to_thread(lambda: list(examined(site)))
    if is_online := arguments.strip().lower() == "online":
        found.append(await reachable(config.model, desk.env))
    ui.say(line for check in found for line in rows_of_check(check))
    ui.say([row(""), summary(found)])
    if not is_online:
        ui.say([row(("The server was not asked. To try the key too: /doctor online", "dim"))])
