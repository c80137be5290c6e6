"""`/rename`: gives the session that is open a name. Must not know how names are stored."""

from __future__ import annotations

from coder.app.threads import finished
from coder.core.errors import SessionError
from coder.frontends.desk import Desk
from coder.frontends.slash.saying import done
from coder.frontends.styled import foreign
from coder.sessions.glimpse import glimpse
from coder.sessions.rename import rename


async def run(desk: Desk, arguments: str) -> None:
    """Asks for the name when none is given. Raises SessionError."""
    path = desk.session.facts.transcript
    if path is None:
        raise SessionError("This session is not kept, so it can have no name.")
    if not path.exists():
        raise SessionError("This session has no message yet. Send one first, then name it.")
    name: str | None = arguments.strip()
    if not name:
        known = await finished(glimpse, path)
        name = await desk.ui.line("What should this session be called?", initial=foreign(known.name) if known else "")
    if name is None or not name.strip():
        return
    kept = await finished(rename, path, name)
    done(desk.ui, f'This session is called "{foreign(kept)}". coder -r finds it by that.')
