"""`/resume`: go on with an earlier session. Must not know how a session is opened."""

from __future__ import annotations

from coder.app.starting import Start
from coder.app.threads import finished
from coder.config.paths import user_home
from coder.core.errors import SessionError, UnknownSession
from coder.frontends.desk import Desk
from coder.frontends.session_picker import Shelf, choose_session
from coder.frontends.styled import foreign, row
from coder.sessions.resolve import resolve


async def run(desk: Desk, arguments: str) -> None:
    """`arguments` is an id, the beginning of one, a title or words of it. Raises UnknownSession."""
    config, words = desk.config, arguments.strip()
    path = None
    if words:
        try:
            path = await finished(resolve, config.home, config.cwd, words)
        except UnknownSession as error:
            raise UnknownSession(f'No session is meant by "{foreign(words)}". /resume lists them all.') from error
        except SessionError:
            path = None  # several fit: they are shown
    if path is None:
        shelf = Shelf(config.home, config.cwd, user_home(desk.env), desk.session.facts.session_id)
        path = await choose_session(desk.ui, shelf, words)
    if path is None:
        return
    if path.stem == desk.session.facts.session_id:
        desk.ui.say([row("This session is open already.")])
        return
    await desk.reopen(Start(resume=path.stem, keeps_model=True))
